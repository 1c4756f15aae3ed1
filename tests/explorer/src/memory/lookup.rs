//! Look-ups for operators: every record is looked at.

use acme::{Account, AccountId, Contact, DirectoryId, Identifier};
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;
use store::{
    BlockedKey, CertificateEntry, CertificateRecord, LookupStore, Page, StoreError, UnboundAccounts, Versioned,
};

use super::MemoryStore;

#[async_trait]
impl LookupStore for MemoryStore {
    async fn certificates_by_name(
        &self,
        name: &Identifier,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError> {
        Ok(self.last_ending_first(|certificate| certificate.identifiers.contains(name), before, limit))
    }

    async fn certificates_by_key(
        &self,
        key: &Thumbprint,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError> {
        Ok(self.last_ending_first(|certificate| certificate.key.as_ref() == Some(key), before, limit))
    }

    /// The key of each record is looked at.
    async fn index_keys(&self, _: &[Versioned<CertificateRecord>]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn certificates_ending(
        &self,
        from: Timestamp,
        until: Timestamp,
        after: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError> {
        let mut found = self.entries(|certificate| (from..until).contains(&certificate.not_after));
        found.retain(|entry| after.is_none_or(|after| entry > after));
        Ok(Page::of(found, limit))
    }

    async fn accounts_by_contact(
        &self,
        contact: &Contact,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        let tables = self.lock();
        let later = tables
            .accounts
            .values()
            .filter(|account| after.is_none_or(|after| account.id.to_string() > after.to_string()));
        Ok(Page::of(
            later
                .filter(|account| account.contact.iter().any(|of_account| is_same(of_account, contact)))
                .cloned()
                .collect(),
            limit,
        ))
    }

    async fn accounts_by_key(
        &self,
        key: &Thumbprint,
        after: Option<&DirectoryId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        let tables = self.lock();
        let with_key = tables.accounts.values().filter(|account| account.key.thumbprint() == *key);
        let place = |directory: &DirectoryId| directory.to_string();
        let later = with_key.filter(|account| after.is_none_or(|after| place(&account.directory) > place(after)));
        let mut found: Vec<_> = later.cloned().collect();
        found.sort_by_key(|account| place(&account.directory));
        Ok(Page::of(found, limit))
    }

    async fn accounts_by_former_key(
        &self,
        key: &Thumbprint,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        let tables = self.lock();
        let had_it = tables.accounts.values().filter(|account| account.former_keys.contains(key));
        let later = had_it.filter(|account| after.is_none_or(|after| account.id.to_string() > after.to_string()));
        Ok(Page::of(later.cloned().collect(), limit))
    }

    async fn unbound_accounts(
        &self,
        directory: &DirectoryId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<UnboundAccounts, StoreError> {
        let tables = self.lock();
        let all = tables.accounts.values();
        let later = all.filter(|account| after.is_none_or(|after| account.id.to_string() > after.to_string()));
        Ok(UnboundAccounts::among(Page::of(later.cloned().collect(), limit), directory))
    }

    async fn blocked_keys(&self, after: Option<&Thumbprint>, limit: usize) -> Result<Page<BlockedKey>, StoreError> {
        let (tables, after) = (self.lock(), after.map(Thumbprint::to_string));
        let later = tables.blocked_keys.iter().filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
        let blocked = later.filter_map(|(key, at)| Some(BlockedKey { key: key.parse().ok()?, at: *at }));
        Ok(Page::of(blocked.collect(), limit))
    }
}

impl MemoryStore {
    fn last_ending_first(
        &self,
        meant: impl Fn(&CertificateRecord) -> bool,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Page<CertificateEntry> {
        let mut found = self.entries(meant);
        found.retain(|entry| before.is_none_or(|before| entry < before));
        found.reverse();
        Page::of(found, limit)
    }

    /// Where those certificates stand, by their end.
    fn entries(&self, meant: impl Fn(&CertificateRecord) -> bool) -> Vec<CertificateEntry> {
        let tables = self.lock();
        let meant = tables.certificates.values().filter(|certificate| meant(certificate));
        let mut found: Vec<_> =
            meant.map(|row| CertificateEntry { not_after: row.not_after, id: row.id.clone() }).collect();
        found.sort();
        found
    }
}

/// Operators find a contact in whatever case its client wrote it.
fn is_same(a: &Contact, b: &Contact) -> bool {
    a.as_str().eq_ignore_ascii_case(b.as_str())
}
