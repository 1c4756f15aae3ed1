//! Look-ups for operators: small index items that refer to certificates and accounts.
//!
//! Index items only say where to look: they are written before the record that they refer to, so
//! that no record is ever missing from an index, and they are not deleted with it. Entries that no
//! longer apply to an account are skipped.

use acme::{Account, AccountId, Contact, DirectoryId, Identifier};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use jose::Thumbprint;

use super::{
    DynamoDbStore,
    item::{Item, Record, malformed},
    key::{self, Key, Keys},
};
use store::{
    AccountStore, BlockedKey, CertificateEntry, CertificateRecord, Ground, LookupStore, Page, Receipt, Retention,
    StoreError, UnboundAccounts, Versioned,
};

#[async_trait]
impl LookupStore for DynamoDbStore {
    async fn certificates_by_name(
        &self,
        name: &Identifier,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError> {
        let items = self.query_last(key::certificates_by_name(name, before), limit.saturating_add(1)).await?;
        Page::of(items, limit).try_map(|item| entry(&item))
    }

    async fn certificates_by_key(
        &self,
        key: &Thumbprint,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError> {
        let items = self.query_last(key::certificates_by_key(key, before), limit.saturating_add(1)).await?;
        Page::of(items, limit).try_map(|item| entry(&item))
    }

    async fn index_keys(&self, certificates: &[Versioned<CertificateRecord>]) -> Result<(), StoreError> {
        self.put_each(certificates.iter().filter_map(|certificate| self.key_entry(None, certificate)).collect()).await
    }

    /// Day by day, the shards of a day together.
    async fn certificates_ending(
        &self,
        from: Timestamp,
        until: Timestamp,
        after: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, StoreError> {
        let most = limit.saturating_add(1);
        let mut found = Vec::new();
        let first = after.map_or(from, |after| after.not_after.max(from));
        let mut days = key::days(first, until).peekable();
        let mut at_a_time = 1;
        while days.peek().is_some() && found.len() < most {
            let some: Vec<String> = days.by_ref().take(at_a_time).collect();
            let shards = some.iter().flat_map(|day| (0..key::ENDING_SHARDS).map(move |shard| (day, shard)));
            let look = |(day, shard): (&String, u8)| {
                self.query_first(key::certificates_ending(day, shard, from, until, after), most)
            };
            let items = try_join_all(shards.map(look)).await?;
            let mut of_days = items.iter().flatten().map(entry).collect::<Result<Vec<_>, _>>()?;
            // Skips periods in which no certificate ends in large steps.
            at_a_time = if of_days.is_empty() { MAX_DAYS.min(at_a_time * 2) } else { 1 };
            of_days.sort();
            found.extend(of_days);
        }
        Ok(Page::of(found, limit))
    }

    async fn accounts_by_contact(
        &self,
        contact: &Contact,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        let has_it =
            |account: &Account| account.contact.iter().any(|its| its.as_str().eq_ignore_ascii_case(contact.as_str()));
        self.accounts_by_entries(|after| key::accounts_by_contact(contact, after), has_it, after, limit).await
    }

    async fn accounts_by_key(
        &self,
        key: &Thumbprint,
        after: Option<&DirectoryId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        let keys = key::accounts_by_key(key, after);
        let items = self.query_first(keys, limit.saturating_add(1)).await?;
        let Page { items, more } = Page::of(items, limit);
        let mut accounts = Vec::new();
        for item in items {
            // An account whose key has just been replaced no longer has it.
            let account = self.account(item.record()?).await?;
            accounts.extend(account.filter(|account| account.key.thumbprint() == *key));
        }
        Ok(Page { items: accounts, more })
    }

    async fn accounts_by_former_key(
        &self,
        key: &Thumbprint,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        let had_it = |account: &Account| account.former_keys.contains(key);
        self.accounts_by_entries(|after| key::accounts_by_former_key(key, after), had_it, after, limit).await
    }

    /// An account that was bound later keeps its entry, and is left out. So no function that binds
    /// accounts needs the right to delete.
    async fn unbound_accounts(
        &self,
        directory: &DirectoryId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<UnboundAccounts, StoreError> {
        let entries = self.query_first(key::unbound_accounts(directory, after), limit.saturating_add(1)).await?;
        let Page { items: ids, more } = Page::of(entries, limit).try_map(|entry| account_of(&entry))?;
        let items = self.get_all(ids.iter().map(|id| key::account(*id)).collect()).await?;
        let accounts = items.values().map(Item::versioned).collect::<Result<Vec<Versioned<Account>>, _>>()?;
        let unbound = UnboundAccounts::among(Page { items: accounts, more: false }, directory);
        // The last entry may lead to no account.
        Ok(UnboundAccounts { next: ids.last().copied().filter(|_| more), ..unbound })
    }

    async fn blocked_keys(&self, after: Option<&Thumbprint>, limit: usize) -> Result<Page<BlockedKey>, StoreError> {
        let page = self.page(key::blocked_keys(), after.map(Thumbprint::to_string), limit).await?;
        page.try_map(|item| item.record())
    }
}

impl DynamoDbStore {
    /// The index items of the certificate: one for each identifier, one for its key, and one for
    /// the end of its validity. The last one has the receipt, and that of each identifier its
    /// ground: an item costs a write unit, however little is in it, and the record of an ordinary
    /// certificate has no room left in its own.
    ///
    /// # Errors
    /// The receipt is not a record, which does not occur.
    pub(super) fn certificate_entries(&self, certificate: &CertificateRecord) -> Result<Vec<Item>, StoreError> {
        let entry = CertificateEntry { not_after: certificate.not_after, id: certificate.id.clone() };
        let end = self.retention.of_certificate(certificate);
        let ending = key::certificate_ending(&entry);
        let mut receipt = certificate.receipt.clone();
        let grounds = receipt.as_mut().map(|receipt| std::mem::take(&mut receipt.grounds)).unwrap_or_default();
        let ending = match &receipt {
            Some(receipt) => Item::of(ending, receipt, &self.retention)?.with_time(MADE, receipt.at),
            None => Item::new(ending),
        };
        let named = |name: &Identifier| {
            let key = key::certificate_by_name(name, &entry);
            match grounds.iter().find(|ground| ground.identifier == *name) {
                Some(ground) => Item::of(key, ground, &self.retention),
                None => Ok(Item::new(key)),
            }
        };
        let names = certificate.identifiers.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let names = names.into_iter();
        let entries = names.chain([ending]).map(|entry| entry.with_expiry(end));
        Ok(entries.chain(self.key_entry(None, certificate)).collect())
    }

    /// The index item of the certificate by its key, if the record had another key or none
    /// `before`.
    pub(super) fn key_entry(&self, before: Option<&Thumbprint>, certificate: &CertificateRecord) -> Option<Item> {
        let key = certificate.key.as_ref().filter(|key| before != Some(*key))?;
        let entry = CertificateEntry { not_after: certificate.not_after, id: certificate.id.clone() };
        Some(Item::new(key::certificate_by_key(key, &entry)).with_expiry(self.retention.of_certificate(certificate)))
    }

    /// The index items of the account: for contacts and former keys that `before` did not have, and
    /// for a new account without a binding; all of them if it was to end at another time. They end
    /// with the account.
    pub(super) fn account_entries(&self, before: Option<&Account>, after: &Account) -> Vec<Item> {
        let end = self.retention.of_account(after);
        let same = before.filter(|before| self.retention.of_account(before) == end);
        let contacts = same.map(|before| before.contact.as_slice()).unwrap_or_default();
        let contacts = after.contact.iter().filter(|contact| !contacts.contains(contact));
        let former = same.map(|before| before.former_keys.as_slice()).unwrap_or_default();
        let former = after.former_keys.iter().filter(|key| !former.contains(key));
        let by_contact = contacts.map(|contact| self.entry_of(after, key::account_by_contact(contact, after.id)));
        let unbound = (same.is_none() && after.external_account.is_none())
            .then(|| self.entry_of(after, key::unbound_account(&after.directory, after.id)));
        by_contact.chain(former.map(|former| self.former_key_entry(former, after))).chain(unbound).collect()
    }

    /// The index item of the account by a key that it had before, which ends with the account.
    pub(super) fn former_key_entry(&self, former: &Thumbprint, account: &Account) -> Item {
        self.entry_of(account, key::account_by_former_key(former, account.id))
    }

    fn entry_of(&self, account: &Account, key: Key) -> Item {
        let item = Item::new(key);
        match self.retention.of_account(account) {
            Some(end) => item.with_expiry(end),
            None => item,
        }
    }

    /// The accounts to which these index entries lead, if the entry still applies to them.
    async fn accounts_by_entries(
        &self,
        entries: impl Fn(Option<AccountId>) -> Keys + Send + Sync,
        applies: impl Fn(&Account) -> bool + Send + Sync,
        mut after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Versioned<Account>>, StoreError> {
        let most = limit.saturating_add(1);
        let mut found = Vec::new();
        loop {
            let items = self.query_first(entries(after), most).await?;
            let is_last = items.len() < most;
            for item in items {
                let id = account_of(&item)?;
                after = Some(id);
                found.extend(self.account(id).await?.filter(|account| applies(account)));
            }
            if is_last || found.len() >= most {
                return Ok(Page::of(found, limit));
            }
        }
    }
}

/// Without its grounds: each is with the entry of its name.
impl Record for Receipt {
    const NAME: &'static str = "receipt";

    /// It ends with the entry that has it.
    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}

impl Record for Ground {
    const NAME: &'static str = "ground of a receipt";

    /// It ends with the entry that has it.
    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}

/// The attribute with the time at which a receipt was written, of the entry that has it.
pub(super) const MADE: &str = "made";

/// The maximum number of days that are queried concurrently.
const MAX_DAYS: usize = 8;

fn account_of(entry: &Item) -> Result<AccountId, StoreError> {
    entry.sk().and_then(|id| id.parse().ok()).ok_or_else(|| malformed("way to an account"))
}

pub(super) fn entry(item: &Item) -> Result<CertificateEntry, StoreError> {
    item.sk().and_then(key::entry_of).ok_or_else(|| malformed("way to a certificate"))
}
