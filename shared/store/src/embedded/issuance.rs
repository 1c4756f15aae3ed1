//! Issuances: both changes in one transaction, so that a finalize waits for two commits, one before
//! the signature and one after it.

use acme::Order;
use async_trait::async_trait;

use super::EmbeddedStore;
use crate::{CertificateRecord, IssuanceStore, StoreError, Versioned};

#[async_trait]
impl IssuanceStore for EmbeddedStore {
    async fn begin_issuance(
        &self,
        intended: &Versioned<CertificateRecord>,
        before: &Versioned<Order>,
        after: &Versioned<Order>,
    ) -> Result<(), StoreError> {
        let certificate = self.certificate_change(None, intended)?;
        let order = self.order_change(Some(before), after)?;
        self.apply(vec![certificate, order]).await
    }

    async fn complete_issuance(
        &self,
        intended: &Versioned<CertificateRecord>,
        issued: &Versioned<CertificateRecord>,
        before: &Versioned<Order>,
        after: &Versioned<Order>,
    ) -> Result<(), StoreError> {
        let certificate = self.certificate_change(Some(intended), issued)?;
        let order = self.order_change(Some(before), after)?;
        self.apply_from_reserve(vec![certificate, order]).await
    }
}
