//! The download of certificates by their accounts (RFC 8555 §7.4.2).

use std::sync::Arc;

use acme::{AccountId, OrderId};
use authority::Failure;
use ca::Chain;
use issuing::Issuers;
use store::{CertificateStore, OrderStore};

use crate::{Error, Refusal};

/// Reads the certificates of orders.
pub struct Downloads {
    orders: Arc<dyn OrderStore>,
    certificates: Arc<dyn CertificateStore>,
    issuers: Arc<Issuers>,
}

impl Downloads {
    /// Reads the certificates of this store.
    pub fn new(orders: Arc<dyn OrderStore>, certificates: Arc<dyn CertificateStore>, issuers: Arc<Issuers>) -> Self {
        Self { orders, certificates, issuers }
    }

    /// The certificate of one of the account's orders (RFC 8555 §7.4.2).
    ///
    /// # Errors
    /// [`Refusal::NotFound`] while there is none.
    pub async fn chain(&self, account: AccountId, order: OrderId) -> Result<Chain, Error> {
        let order = self.orders.order(account, order).await?.ok_or(Refusal::NotFound)?;
        let issuance = order.issuance().ok_or(Refusal::NotFound)?;
        let record = self.certificates.certificate(&issuance.certificate).await?;
        let record = record.ok_or(Failure::RecordLost("certificate"))?;
        self.issuers.chain(&record).await?.ok_or(Refusal::NotFound.into())
    }
}
