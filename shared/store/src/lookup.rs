//! Look-ups for operators that ACME does not offer to clients. Their cost does not grow with the
//! store.
//!
//! Finding a certificate by its serial number needs no look-up here: its id consists of the key
//! identifier of its issuer, and there are few issuers, and the serial number.

use std::cmp::Ordering;

use acme::{Account, AccountId, CertificateId, Contact, DirectoryId, Identifier, OrderId};
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;
use serde::{Deserialize, Serialize};

use crate::{CertificateRecord, CertificateStore, OrderStore, Page, StoreError, Versioned};

/// Look-ups by other members of the records than their ids.
#[async_trait]
pub trait LookupStore: CertificateStore + OrderStore {
    /// The certificates for exactly that identifier that come after `before`, ordered by the end of
    /// their validity, latest first, at most `limit`. An entry may refer to a certificate that was
    /// never stored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificates_by_name(
        &self,
        name: &Identifier,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError>;

    /// The certificates with exactly that key that come after `before`, ordered by the end of their
    /// validity, latest first, at most `limit`. An entry may refer to a certificate that was never
    /// stored. Certificates of versions that did not record the key may be missing until
    /// [`LookupStore::index_keys`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificates_by_key(
        &self,
        key: &Thumbprint,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError>;

    /// Makes these certificates findable by their keys, if a version that did not record the key
    /// wrote them. Repeating it is harmless.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn index_keys(&self, certificates: &[Versioned<CertificateRecord>]) -> Result<(), StoreError>;

    /// The certificates whose validity ends from `from` (inclusive) to `until` (exclusive) that
    /// come after `after`, ordered by that end, earliest first, at most `limit`. An entry may refer
    /// to a certificate that was never stored.
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

    /// The accounts of all directories with that contact after the id `after`, oldest first, at
    /// most `limit`. Case is ignored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn accounts_by_contact(
        &self,
        contact: &Contact,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError>;

    /// The accounts with that key, sorted by directory, after the directory `after`, at most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn accounts_by_key(
        &self,
        key: &Thumbprint,
        after: Option<&DirectoryId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError>;

    /// The accounts that had that key and have another one now, after the id `after`, oldest first,
    /// at most `limit`. An account knows its last thousand keys; accounts that changed their key
    /// before this was recorded may be missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn accounts_by_former_key(
        &self,
        key: &Thumbprint,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError>;

    /// The accounts of the directory that no external account binds, whatever their status, oldest
    /// first. Examines at most `limit` accounts after the id `after`, also of those that it leaves
    /// out, so a page may have fewer items than the next one. On DynamoDB, accounts of versions
    /// that did not record this may be missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn unbound_accounts(
        &self,
        directory: &DirectoryId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<UnboundAccounts, StoreError>;

    /// The blocked keys after `after`, sorted by thumbprint, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn blocked_keys(&self, after: Option<&Thumbprint>, limit: usize) -> Result<Page<BlockedKey>, StoreError>;

    /// The certificates of the account's orders, newest order first. Examines `limit` orders that
    /// are older than `before`.
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

/// A page of the accounts of a directory that no external account binds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnboundAccounts {
    /// The accounts among those that were examined.
    pub accounts: Vec<Versioned<Account>>,
    /// After which account the next page starts; `None` when all were examined.
    pub next: Option<AccountId>,
}

impl UnboundAccounts {
    /// Those of a page of accounts that are in the directory and unbound.
    pub fn among(page: Page<Versioned<Account>>, directory: &DirectoryId) -> Self {
        let next = page.items.last().filter(|_| page.more).map(|account| account.id);
        let mut accounts = page.items;
        accounts.retain(|account| account.directory == *directory && account.external_account.is_none());
        Self { accounts, next }
    }
}

/// A place in a list of certificates that is sorted by the end of their validity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateEntry {
    /// The end of the certificate's validity.
    pub not_after: Timestamp,
    /// The id of the certificate.
    pub id: CertificateId,
}

impl Ord for CertificateEntry {
    /// Ordered by the end of validity, then by the text of the id.
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

/// A page of an account's certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountCertificates {
    /// The certificates of the examined orders; an order has at most one.
    pub certificates: Vec<CertificateEntry>,
    /// Where the next page starts; `None` when all orders were examined.
    pub next: Option<OrderId>,
}

/// A key that accounts and certificates may not use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedKey {
    /// The JWK thumbprint of the key (RFC 7638).
    pub key: Thumbprint,
    /// When it was blocked.
    pub at: Timestamp,
}
