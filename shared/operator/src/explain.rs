//! Explanations: what an operator looks at when a client says that it does not work. What happened, what
//! policy says now, how full the limits are, and what to do; of an order, a name, or an account.

mod account;
mod advice;
mod name;
mod order;
mod timeline;
mod verdict;

use std::sync::Arc;

use acme::{Account, AccountId, Authorization, Order, OrderId, OrderStatus, Problem};
use authority::{AuditTrail, Clock};
use issuing::Issuers;
use jiff::Timestamp;
use ra::{Directories, LimitState, Limits, NamePolicies};
use serde::{Deserialize, Serialize};
use store::{
    AccountStore, AuthorizationStore, CertificateRecord, ExternalAccountKey, ExternalAccountStore, LookupStore,
    OrderStore, ProfileStore,
};

use crate::{Error, Refusal};

pub use verdict::NameVerdict;

/// Explains orders, names and accounts.
pub struct Explanations {
    accounts: Arc<dyn AccountStore>,
    authorizations: Arc<dyn AuthorizationStore>,
    external_accounts: Arc<dyn ExternalAccountStore>,
    orders: Arc<dyn OrderStore>,
    lookup: Arc<dyn LookupStore>,
    profiles: Arc<dyn ProfileStore>,
    audit: Arc<AuditTrail>,
    directories: Arc<Directories>,
    limits: Arc<Limits>,
    policies: Arc<NamePolicies>,
    issuers: Arc<Issuers>,
    clock: Arc<dyn Clock>,
}

impl Explanations {
    /// By the records of this store, and by what policy says now.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        authorizations: Arc<dyn AuthorizationStore>,
        external_accounts: Arc<dyn ExternalAccountStore>,
        orders: Arc<dyn OrderStore>,
        lookup: Arc<dyn LookupStore>,
        profiles: Arc<dyn ProfileStore>,
        audit: Arc<AuditTrail>,
        directories: Arc<Directories>,
        limits: Arc<Limits>,
        policies: Arc<NamePolicies>,
        issuers: Arc<Issuers>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            accounts,
            authorizations,
            external_accounts,
            orders,
            lookup,
            profiles,
            audit,
            directories,
            limits,
            policies,
            issuers,
            clock,
        }
    }

    async fn find_account(&self, id: AccountId) -> Result<Account, Error> {
        Ok(self.accounts.account(id).await?.ok_or(Refusal::NotFound)?.value)
    }
}

/// Everything about an order, a name or an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What is explained, and how it stands: a sentence.
    pub summary: String,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// What to do next, one sentence for each thing.
    pub advice: Vec<String>,
    /// What happened, as far as it is remembered, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// What policy says of each name now.
    pub names: Vec<NameVerdict>,
    /// The limits that it counts for, the narrowest first.
    pub limits: Vec<LimitState>,
    /// The orders concerned, newest first.
    pub orders: Vec<ExplainedOrder>,
    /// The records behind all this, as they are stored.
    pub records: Records,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What: a sentence without its full stop.
    pub what: String,
}

/// An order in a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedOrder {
    /// The order.
    pub order: OrderId,
    /// Whose it is.
    pub account: AccountId,
    /// When it was made.
    pub made_at: Timestamp,
    /// How it stands.
    pub status: OrderStatus,
    /// For which names.
    pub names: Vec<String>,
    /// Why it failed, if it did, and for which name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Records as they are stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Records {
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// The key that bound the account to one elsewhere; it holds no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_account_key: Option<ExternalAccountKey>,
    /// The order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// Its authorizations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorizations: Vec<Authorization>,
    /// Its certificate, intended or issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateRecord>,
}

/// A text out of names.
fn listed(items: impl IntoIterator<Item = impl ToString>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
