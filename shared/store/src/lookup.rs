//! Look-ups that no client of ACME has and every operator needs. None gets slower as the store grows.
//!
//! A certificate is found by its serial number without one: its id is made of the key identifier of its
//! issuer, of which there are few, and the serial.

use std::cmp::Ordering;

use acme::{Account, AccountId, CertificateId, Contact, DirectoryId, Identifier, OrderId};
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;
use serde::{Deserialize, Serialize};

use crate::{CertificateStore, OrderStore, Page, StoreError, Versioned};

/// The look-ups.
#[async_trait]
pub trait LookupStore: CertificateStore + OrderStore {
    /// The certificates for exactly that name, those that end last first: those before `before`, at most
    /// `limit`. An entry may lead to a certificate that was never made.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificates_by_name(
        &self,
        name: &Identifier,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError>;

    /// The certificates with exactly that key, those that end last first: those before `before`, at most
    /// `limit`. An entry may lead to a certificate that was never made. An engine may not know those of
    /// versions that did not keep their keys.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificates_by_key(
        &self,
        key: &Thumbprint,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError>;

    /// The certificates that end at `from` or later and before `until`, those that end first first: those
    /// behind `after`, at most `limit`. An entry may lead to a certificate that was never made.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificates_ending(
        &self,
        from: Timestamp,
        until: Timestamp,
        after: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError>;

    /// The accounts of all directories that have the contact, oldest first: those behind `after`, at most
    /// `limit`. Large and small letters are the same.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn accounts_by_contact(
        &self,
        contact: &Contact,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError>;

    /// The accounts that have the key, by directory: those behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn accounts_by_key(
        &self,
        key: &Thumbprint,
        after: Option<&DirectoryId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError>;

    /// The blocked keys by thumbprint: those behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn blocked_keys(&self, after: Option<&Thumbprint>, limit: usize) -> Result<Page<BlockedKey>, StoreError>;

    /// The certificates of the account's orders, newest order first: looks at `limit` orders that are
    /// older than `before`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificates_of_account(
        &self,
        account: AccountId,
        before: Option<OrderId>,
        limit: usize,
    ) -> Result<AccountCertificates, StoreError> {
        let page = self.orders(account, before, limit).await?;
        let next = if page.more { page.orders.last().copied() } else { None };
        let mut certificates = Vec::new();
        for id in page.orders {
            if let Some(order) = self.order(account, id).await?
                && let Some(issuance) = order.issuance()
            {
                certificates.push(CertificateEntry { not_after: issuance.not_after, id: issuance.certificate.clone() });
            }
        }
        Ok(AccountCertificates { certificates, next })
    }
}

/// Where a certificate is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateEntry {
    /// The end of its validity.
    pub not_after: Timestamp,
    /// Its id.
    pub id: CertificateId,
}

impl Ord for CertificateEntry {
    /// By end, then by the text of the id.
    fn cmp(&self, other: &Self) -> Ordering {
        let text = |entry: &Self| entry.id.to_string();
        self.not_after.cmp(&other.not_after).then_with(|| text(self).cmp(&text(other)))
    }
}

impl PartialOrd for CertificateEntry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Some of an account's certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountCertificates {
    /// The certificates of the orders that were looked at; an order has none or one.
    pub certificates: Vec<CertificateEntry>,
    /// Where to go on; `None` when all orders were looked at.
    pub next: Option<OrderId>,
}

/// A key that nobody may use again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedKey {
    /// Which one.
    pub key: Thumbprint,
    /// Since when.
    pub at: Timestamp,
}
