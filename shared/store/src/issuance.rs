//! The two changes of an issuance that belong together: the certificate's and its order's.

use acme::Order;
use async_trait::async_trait;

use crate::{CertificateRecord, CertificateStore, OrderStore, StoreError, Versioned};

/// What finalize writes. An engine that can makes both changes of a verb at once; the others make
/// them one after the other, the certificate's first: an order never points to a certificate that is
/// not there, and never is valid before its certificate is issued.
#[async_trait]
pub trait IssuanceStore: CertificateStore + OrderStore {
    /// Stores a certificate as intended, and puts the order `after`, which points to it, in the place
    /// of `before`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the order is no longer `before`, or the id of the certificate is
    /// taken. The order stays as it is then; the certificate may be stored, as intended for nobody.
    /// [`StoreError::Unavailable`].
    async fn begin_issuance(
        &self,
        intended: &Versioned<CertificateRecord>,
        before: &Versioned<Order>,
        after: &Versioned<Order>,
    ) -> Result<(), StoreError> {
        self.intend_certificate(intended).await?;
        self.update_order(before, after).await
    }

    /// Puts the certificate that is issued in the place of the intended one, and the order `after`,
    /// which is valid, in the place of `before`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one of them is no longer what it was; the certificate may be
    /// issued nevertheless. [`StoreError::Unavailable`].
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
