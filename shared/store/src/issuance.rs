//! Issuance: the changes of a certificate and of its order that belong together.

use acme::Order;
use async_trait::async_trait;

use crate::{CertificateRecord, CertificateStore, OrderStore, StoreError, Versioned};

/// The writes of finalize. Engines with transactions apply both changes of a method at once. Others
/// apply the change of the certificate first, so that an order never refers to a certificate that
/// does not exist and never becomes valid before its certificate is issued.
#[async_trait]
pub trait IssuanceStore: CertificateStore + OrderStore {
    /// Stores a certificate as intended, and replaces the order `before` with `after`, which refers
    /// to the certificate.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored order is not `before`, or the id of the certificate
    /// is taken. The order is unchanged then; the certificate may have been stored as intended,
    /// without an order that refers to it. [`StoreError::Unavailable`].
    async fn begin_issuance(
        &self,
        intended: &Versioned<CertificateRecord>,
        before: &Versioned<Order>,
        after: &Versioned<Order>,
    ) -> Result<(), StoreError> {
        self.intend_certificate(intended).await?;
        self.update_order(before, after).await
    }

    /// Replaces the intended certificate with the issued one, and the order `before` with `after`,
    /// which is valid.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one of them has changed; the certificate may have been stored
    /// as issued nevertheless. [`StoreError::Unavailable`].
    async fn complete_issuance(
        &self,
        intended: &Versioned<CertificateRecord>,
        issued: &Versioned<CertificateRecord>,
        before: &Versioned<Order>,
        after: &Versioned<Order>,
    ) -> Result<(), StoreError> {
        self.update_certificate(intended, issued).await?;
        self.update_order(before, after).await
    }
}
