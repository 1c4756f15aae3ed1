//! Look-ups for operators, in indexes that are derived from the records.

use acme::{Account, AccountId, Contact, DirectoryId, Identifier};
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;

use super::{
    EmbeddedStore,
    failure::Failure,
    key,
    record::{self, Malformed},
    snapshot::Snapshot,
    table::{self, TableName},
};
use crate::{
    BlockedKey, CertificateEntry, CertificateRecord, LookupStore, Page, StoreError, UnboundAccounts, Versioned,
};

#[async_trait]
impl LookupStore for EmbeddedStore {
    async fn certificates_by_name(
        &self,
        name: &Identifier,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError> {
        self.read(|snapshot| {
            let keys = key::certificates_by_name(name, before);
            entries(snapshot, snapshot.last_keys(table::NAMED, keys, limit.saturating_add(1))?, table::NAMED, limit)
        })
    }

    async fn certificates_by_key(
        &self,
        key: &Thumbprint,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError> {
        self.read(|snapshot| {
            let keys = key::certificates_by_key(key, before);
            entries(snapshot, snapshot.last_keys(table::KEYED, keys, limit.saturating_add(1))?, table::KEYED, limit)
        })
    }

    /// A migration has done it for the whole file.
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
        if from >= until {
            return Ok(Page::default());
        }
        self.read(|snapshot| {
            let keys = key::certificates_ending(from, until, after);
            entries(snapshot, snapshot.first_keys(table::ENDING, keys, limit.saturating_add(1))?, table::ENDING, limit)
        })
    }

    async fn accounts_by_contact(
        &self,
        contact: &Contact,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        self.read(|snapshot| {
            let keys = key::accounts_by_contact(contact, after);
            let keys = snapshot.first_keys(table::CONTACT, keys, limit.saturating_add(1))?;
            let page = Page::of(keys, limit);
            page.try_map(|key| account(snapshot, key::account_of_entry(&key), table::CONTACT))
        })
    }

    async fn accounts_by_key(
        &self,
        key: &Thumbprint,
        after: Option<&DirectoryId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        self.read(|snapshot| {
            let keys = key::directories_of_key(key, after);
            let keys = snapshot.first_keys(table::DIRECTORY_OF_KEY, keys, limit.saturating_add(1))?;
            Page::of(keys, limit).try_map(|row| {
                let id = match key::directory_of_key(&row) {
                    Some(directory) => snapshot.account_id(&key::account_by_key(&directory, key))?,
                    None => None,
                };
                account(snapshot, id.as_deref(), table::DIRECTORY_OF_KEY)
            })
        })
    }

    async fn accounts_by_former_key(
        &self,
        key: &Thumbprint,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        self.read(|snapshot| {
            let keys = key::accounts_by_former_key(key, after);
            let keys = snapshot.first_keys(table::FORMER_KEY, keys, limit.saturating_add(1))?;
            let page = Page::of(keys, limit);
            page.try_map(|key| account(snapshot, key::account_of_entry(&key), table::FORMER_KEY))
        })
    }

    /// Goes through all accounts: there is no index, because here a page takes milliseconds.
    async fn unbound_accounts(
        &self,
        directory: &DirectoryId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<UnboundAccounts, StoreError> {
        let after = after.map(|after| after.to_string());
        let accounts = self.read(|snapshot| {
            snapshot.rows(table::ACCOUNT, after.as_deref(), limit, |_, row| record::decode_versioned(row))
        })?;
        Ok(UnboundAccounts::among(accounts, directory))
    }

    async fn blocked_keys(&self, after: Option<&Thumbprint>, limit: usize) -> Result<Page<BlockedKey>, StoreError> {
        let after = after.map(Thumbprint::to_string);
        self.read(|snapshot| {
            snapshot.rows(table::BLOCKED_KEY, after.as_deref(), limit, |key, row| {
                let corrupt = |_| record::corrupt(table::BLOCKED_KEY, Malformed);
                let at = str::from_utf8(row).map_err(|error| record::corrupt(table::BLOCKED_KEY, error))?;
                Ok(BlockedKey {
                    key: key.parse().map_err(|error| record::corrupt(table::BLOCKED_KEY, error))?,
                    at: at.parse().map_err(corrupt)?,
                })
            })
        })
    }
}

pub(super) fn entries(
    snapshot: &Snapshot<'_>,
    keys: Vec<String>,
    table: TableName,
    limit: usize,
) -> Result<Page<CertificateEntry>, Failure> {
    let page = Page::of(keys, limit);
    snapshot.count_reads(page.items.len().max(1));
    page.try_map(|key| Ok(key::entry_of(&key).ok_or_else(|| record::corrupt(table, Malformed))?))
}

/// The account that an index row refers to; it exists as long as the row does.
fn account(snapshot: &Snapshot<'_>, id: Option<&str>, table: TableName) -> Result<Versioned<Account>, Failure> {
    let found = id.map(|id| snapshot.versioned(id)).transpose()?.flatten();
    Ok(found.ok_or_else(|| record::corrupt(table, Malformed))?)
}
