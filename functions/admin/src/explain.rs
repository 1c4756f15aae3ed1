//! Explanations of an order, an identifier or an account.

use acme::{AccountId, OrderId, ProfileName};
use operator::{Explanation, Parts, Refusal};
use serde::{Deserialize, Serialize};
use store::ProfileKind;

use crate::{Action, AdminError, certificate::identifier};

/// Explains what happened to an order, an identifier or an account, what the policy says about it,
/// and what to do.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Explain {
    /// The order, identifier or account to explain.
    pub subject: ExplainedSubject,
}

impl Action for Explain {
    type Answer = Explanation;

    const NAME: &str = "explain";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Explanation, AdminError> {
        match self.subject {
            ExplainedSubject::Order { account, order } => Ok(parts.explanations.order(account, order).await?),
            ExplainedSubject::Account(account) => Ok(parts.explanations.account(account).await?),
            ExplainedSubject::Name { name, profile } => {
                let name = identifier(&name)?;
                match (parts.explanations.name(&name, profile.as_ref()).await, profile) {
                    (Err(operator::Error::Refused(Refusal::NotFound)), Some(profile)) => {
                        Err(AdminError::NoProfile(ProfileKind::Acme, profile))
                    }
                    (explained, _) => Ok(explained?),
                }
            }
        }
    }
}

/// The subject of an explanation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ExplainedSubject {
    /// An order of an account.
    Order {
        /// The account that placed the order.
        account: AccountId,
        /// The order to explain; it must be one of that account.
        order: OrderId,
    },
    /// An identifier, whether or not it was ever ordered.
    Name {
        /// The identifier as a client would order it, such as `*.example.org`.
        name: String,
        /// The ACME Profile to be asked; all when absent.
        #[serde(default)]
        profile: Option<ProfileName>,
    },
    /// An account, with its orders and limits.
    Account(AccountId),
}
