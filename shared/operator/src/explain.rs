//! Explanations, for operators whose clients report a problem with an order, an identifier or an
//! account: what happened, what the policy says now, how full the limits are, and what to do.

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
    pub names: Vec<NameVerdict>,
    /// The limits that count for it, the narrowest first.
    pub limits: Vec<LimitState>,
    /// The orders concerned, newest first.
    pub orders: Vec<ExplainedOrder>,
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

/// A summary of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedOrder {
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

/// The items as text: `a, b and c`.
fn listed(items: impl IntoIterator<Item = impl ToString>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
