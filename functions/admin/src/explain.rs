//! Explanations, for operators whose clients report a problem with an order, an identifier or an
//! account: what happened, what the policy says now, how full the limits are, and what to do.
//! `operator` has the facts; their words are here.

mod account;
mod advice;
mod name;
mod order;
mod timeline;
mod verdict;

use acme::{Account, AccountId, Authorization, Order, OrderId, OrderStatus, Problem, ProfileName};
use jiff::Timestamp;
use operator::{Parts, Refusal};
use ra::LimitState;
use serde::{Deserialize, Serialize};
use store::{CertificateRecord, ExternalAccountKey, ProfileKind};

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
            ExplainedSubject::Order { account, order } => {
                Ok(order::explanation(parts.explanations.order(account, order).await?))
            }
            ExplainedSubject::Account(account) => Ok(account::explanation(parts.explanations.account(account).await?)),
            ExplainedSubject::Name { name, profile } => {
                let name = identifier(&name)?;
                match (parts.explanations.name(&name, profile.as_ref()).await, profile) {
                    (Err(operator::Error::Refused(Refusal::NotFound)), Some(profile)) => {
                        Err(AdminError::NoProfile(ProfileKind::Acme, profile))
                    }
                    (explained, _) => Ok(name::explanation(&name, explained?)),
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

/// Everything about an order, an identifier or an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What is explained, and its state, as a sentence.
    pub summary: String,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// What to do next, with one sentence for each step.
    pub advice: Vec<String>,
    /// What happened, as far as it is recorded, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// The current policy for each identifier.
    pub names: Vec<NameLine>,
    /// The limits that count for it, the narrowest first.
    pub limits: Vec<LimitState>,
    /// The orders concerned, newest first.
    pub orders: Vec<OrderLine>,
    /// The stored records behind the explanation.
    pub records: Records,
}

/// One entry of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// When it happened.
    pub at: Timestamp,
    /// What happened, as a sentence without a full stop.
    pub what: String,
}

/// What an ACME Profile says about an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NameLine {
    /// The DNS name or IP address.
    pub name: String,
    /// The name of the ACME Profile.
    pub profile: ProfileName,
    /// Whether a new order for the identifier would be accepted.
    pub allowed: bool,
    /// The rule that decided, and its consequence.
    pub because: String,
}

/// A summary of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// The id of the order.
    pub order: OrderId,
    /// The account that placed it.
    pub account: AccountId,
    /// When it was created.
    pub made_at: Timestamp,
    /// Its status at the time of the explanation.
    pub status: OrderStatus,
    /// The identifiers in it.
    pub names: Vec<String>,
    /// Why it failed, if it did, and for which identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What is stored of the account, order, identifier or certificate that was asked about.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Records {
    /// The account that was asked about, or that placed the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// The external account key that bound the account; it contains no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_account_key: Option<ExternalAccountKey>,
    /// The order that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// The authorizations of the order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorizations: Vec<Authorization>,
    /// The certificate of the order, intended or issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateRecord>,
}

/// The items as text: `a, b, c`.
fn listed(items: impl IntoIterator<Item = impl ToString>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
