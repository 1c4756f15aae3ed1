//! The story of an order: what an operator looks at when a client says that it does not work.

use acme::{Account, AccountId, AccountStatus, Authorization, Order, OrderId, OrderStatus, Problem};
use serde::Serialize;
use store::CertificateRecord;

use crate::{Authority, Error};

/// An order with everything that was decided about it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Who ordered.
    pub account: Account,
    /// The order.
    pub order: Order,
    /// How it stands.
    pub status: OrderStatus,
    /// Why it failed, if it did.
    pub error: Option<Problem>,
    /// Its authorizations with their challenges: each with its last attempt, the address and the reason,
    /// or with the rule by which nothing had to be shown.
    pub authorizations: Vec<Authorization>,
    /// Its certificate, intended or issued.
    pub certificate: Option<CertificateRecord>,
    /// What the client should do next.
    pub advice: &'static str,
}

impl Authority {
    /// Everything about one order.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn explain_order(&self, account: AccountId, id: OrderId) -> Result<Explanation, Error> {
        let account = self.find_account(account).await?;
        let order = self.owned_order(account.id, id).await?.value;
        let authorizations = self.authorizations_of(&order).await?;
        let certificate = match order.issuance() {
            Some(issuance) => self.store.certificate(&issuance.certificate).await?.map(|record| record.value),
            None => None,
        };
        let now = self.now();
        let status = order.status(&authorizations, now);
        let error = order.error(&authorizations, now);
        let advice = advice(&account, status);
        Ok(Explanation { account, order, status, error, authorizations, certificate, advice })
    }
}

fn advice(account: &Account, status: OrderStatus) -> &'static str {
    match (account.status, status) {
        (AccountStatus::Revoked, _) => "The account is disabled. Enable it, or use another account.",
        (AccountStatus::Deactivated, _) => "The client ended the account. Register a new one.",
        (_, OrderStatus::Pending) => "The client shows control of each name that is pending: one challenge of each.",
        (_, OrderStatus::Ready) => "The client finalizes the order with a certificate request for its names.",
        (_, OrderStatus::Processing) => "The client asks for the order again; issuing goes on by itself.",
        (_, OrderStatus::Valid) => "The client downloads the certificate.",
        (_, OrderStatus::Invalid) => "The client mends what the error names and makes a new order.",
    }
}
