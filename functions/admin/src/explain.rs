//! Explanations: an order, a name, an account.

use acme::{AccountId, OrderId, ProfileName};
use ra::{Authority, Explanation};
use serde::{Deserialize, Serialize};

use crate::{AdminError, ProfileKind, certificate::identifier};

/// What is to be explained.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ExplainedSubject {
    /// An order.
    Order {
        /// The account that it is an order of.
        account: AccountId,
        /// The order.
        order: OrderId,
    },
    /// A name, whether or not anybody ever ordered it.
    Name {
        /// The name.
        name: String,
        /// The ACME Profile that is asked; every one when absent.
        #[serde(default)]
        profile: Option<ProfileName>,
    },
    /// An account.
    Account(AccountId),
}

pub(crate) async fn explain(authority: &Authority, subject: ExplainedSubject) -> Result<Explanation, AdminError> {
    match subject {
        ExplainedSubject::Order { account, order } => Ok(authority.explain_order(account, order).await?),
        ExplainedSubject::Account(account) => Ok(authority.explain_account(account).await?),
        ExplainedSubject::Name { name, profile } => {
            let name = identifier(&name)?;
            match (authority.explain_name(&name, profile.as_ref()).await, profile) {
                (Err(ra::Error::NotFound), Some(profile)) => {
                    Err(AdminError::NoProfile(ProfileKind::AcmeProfile, profile))
                }
                (explained, _) => Ok(explained?),
            }
        }
    }
}
