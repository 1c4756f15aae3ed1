//! The facts about an order, an identifier or an account whose client reports a problem: what is
//! stored, what the policy says now, and how full the limits are. What to say about them is decided
//! by the one who asks.

mod account;
mod name;
mod order;
mod verdict;

use std::sync::Arc;

use acme::{Account, AccountId};
use authority::{AuditTrail, Clock};
use issuing::Issuers;
use ra::{Directories, Limits, NamePolicies};
use store::{AccountStore, AuthorizationStore, ExternalAccountStore, LookupStore, OrderStore, ProfileStore};

use crate::{Error, Refusal};

pub use account::ExplainedAccount;
pub use name::ExplainedName;
pub use order::{ExplainedOrder, OrderSummary};
pub use verdict::{IssuerObstacle, NameObstacle, NamePermit, NameVerdict, Proof};

/// Collects the facts about orders, names and accounts.
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
