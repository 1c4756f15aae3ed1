//! The facts about an order.

use acme::{Account, AccountId, Authorization, Identifier, Order, OrderId, OrderStatus, Problem};
use jiff::Timestamp;
use ra::{Directory, LimitState, authorizations_of};
use store::{CertificateRecord, ExternalAccountKey};

use super::{NameVerdict, verdict::verdict};
use crate::{Error, Explanations, Refusal};

/// An order, with everything that is stored about it.
#[derive(Debug)]
pub struct ExplainedOrder {
    /// The time at which these are the facts.
    pub at: Timestamp,
    /// The account that placed the order.
    pub account: Account,
    /// The external account key that bound the account, as long as it is stored.
    pub external_account_key: Option<ExternalAccountKey>,
    /// The order that was asked about.
    pub order: Order,
    /// Its status at that time, which time alone can change.
    pub status: OrderStatus,
    /// Why it failed, if it did.
    pub error: Option<Problem>,
    /// Its authorizations, in the order of its identifiers.
    pub authorizations: Vec<Authorization>,
    /// Its certificate, intended or issued.
    pub certificate: Option<CertificateRecord>,
    /// What the directory would say about the same identifiers now.
    pub verdicts: Vec<NameVerdict>,
    /// The limits that count for the order, the narrowest first.
    pub limits: Vec<LimitState>,
}

/// An order, as one of a list.
#[derive(Debug)]
pub struct OrderSummary {
    /// The id of the order.
    pub order: OrderId,
    /// The account that placed it.
    pub account: AccountId,
    /// When it was created.
    pub made_at: Timestamp,
    /// Its status now.
    pub status: OrderStatus,
    /// The identifiers in it.
    pub identifiers: Vec<Identifier>,
    /// Why it failed, if it did.
    pub error: Option<Problem>,
}

/// An order with its authorizations and its certificate.
struct Known {
    order: Order,
    authorizations: Vec<Authorization>,
    certificate: Option<CertificateRecord>,
}

impl Explanations {
    /// The facts about an order.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn order(&self, account: AccountId, id: OrderId) -> Result<ExplainedOrder, Error> {
        let account = self.find_account(account).await?;
        let known = self.known(self.orders.order(account.id, id).await?.ok_or(Refusal::NotFound)?.value).await?;
        let Known { order, authorizations, certificate } = known;
        let (verdicts, limits) = self.policy_of(&account, &order).await?;
        let at = self.clock.now();
        Ok(ExplainedOrder {
            at,
            external_account_key: self.binding_of(&account).await?,
            account,
            status: order.status(&authorizations, at),
            error: order.error(&authorizations, at),
            order,
            authorizations,
            certificate,
            verdicts,
            limits,
        })
    }

    /// A summary of each order; orders that no longer exist are left out.
    pub(super) async fn summaries(&self, orders: Vec<(AccountId, OrderId)>) -> Result<Vec<OrderSummary>, Error> {
        let mut summaries = Vec::new();
        for (account, id) in orders {
            let Some(order) = self.orders.order(account, id).await? else { continue };
            let Known { order, authorizations, .. } = self.known(order.value).await?;
            let now = self.clock.now();
            summaries.push(OrderSummary {
                order: id,
                account,
                made_at: order.created_at,
                status: order.status(&authorizations, now),
                error: order.error(&authorizations, now),
                identifiers: order.identifiers,
            });
        }
        Ok(summaries)
    }

    async fn known(&self, order: Order) -> Result<Known, Error> {
        let authorizations = authorizations_of(self.authorizations.as_ref(), &order).await?;
        let certificate = match order.issuance() {
            Some(issuance) => self.lookup.certificate(&issuance.certificate).await?.map(|record| record.value),
            None => None,
        };
        Ok(Known { order, authorizations, certificate })
    }

    /// Whether the same order would be accepted now.
    async fn policy_of(&self, account: &Account, order: &Order) -> Result<(Vec<NameVerdict>, Vec<LimitState>), Error> {
        // The profile was deleted, so there is no policy.
        let Some(serving) = self.directories.find(&order.directory).await? else { return Ok((Vec::new(), Vec::new())) };
        let Directory { acme, ra, .. } = serving.as_ref();
        let signing = self.signing(ra).await?;
        let policy = signing.policy(self.policies.of(&serving, account).await?);
        let verdicts =
            order.identifiers.iter().map(|name| verdict(acme, Some(&signing), &policy, true, name)).collect();
        let limits = self.limits.states_for_order(&serving, account, &order.identifiers).await?;
        Ok((verdicts, limits))
    }
}
