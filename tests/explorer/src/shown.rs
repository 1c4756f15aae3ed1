//! The records of an engine that cannot be looked into, read through the traits.

use acme::{AccountId, AuthorizationId, DirectoryId, ExternalAccountKeyId, Identifier};
use jose::Thumbprint;
use store::{CertificateEntry, IssuerId, Store, StoreError};

use crate::memory::Tables;

/// From where the records are found that operations can reach.
pub(crate) struct Roots<'a> {
    pub(crate) issuer: IssuerId,
    pub(crate) directory: &'a DirectoryId,
    /// The account that owns the orders.
    pub(crate) account: AccountId,
    /// The keys that accounts can have.
    pub(crate) keys: Vec<Thumbprint>,
    pub(crate) external_account_key: ExternalAccountKeyId,
}

/// The records that the operations can reach, and those that were there `before`: an account that
/// no key leads to any more is not forgotten.
///
/// # Panics
/// When a record cannot be read.
pub(crate) async fn tables(store: &dyn Store, roots: &Roots<'_>, before: &Tables) -> Tables {
    read(store, roots, before).await.expect("the engine shows its records")
}

async fn read(store: &dyn Store, roots: &Roots<'_>, before: &Tables) -> Result<Tables, StoreError> {
    let mut tables = Tables::default();
    accounts(store, roots, before, &mut tables).await?;
    orders(store, roots, &mut tables).await?;
    certificates(store, before, &mut tables).await?;
    if let Some(crl) = store.crl(&roots.issuer, 0).await? {
        tables.crls.insert(roots.issuer.to_string(), crl);
    }
    let external = store.external_account_key(roots.external_account_key).await?;
    tables.external_account_keys.extend(external.map(|key| (key.id.to_string(), key)));
    let blocked = store.blocked_keys(None, MANY).await?.items;
    tables.blocked_keys.extend(blocked.into_iter().map(|blocked| (blocked.key.to_string(), blocked.at)));
    tables.nonce_secrets.extend(store.nonce_secrets().await?.map(|secrets| (String::new(), secrets)));
    Ok(tables)
}

async fn accounts(
    store: &dyn Store,
    roots: &Roots<'_>,
    before: &Tables,
    tables: &mut Tables,
) -> Result<(), StoreError> {
    let mut ids: Vec<AccountId> = before.accounts.values().map(|account| account.id).collect();
    ids.push(roots.account);
    for key in &roots.keys {
        if let Some(account) = store.account_by_key(roots.directory, key).await? {
            tables.account_of_key.insert(key.to_string(), account.id);
            ids.push(account.id);
        }
    }
    for id in ids {
        tables.accounts.extend(store.account(id).await?.map(|account| (id.to_string(), account)));
    }
    Ok(())
}

async fn orders(store: &dyn Store, roots: &Roots<'_>, tables: &mut Tables) -> Result<(), StoreError> {
    for id in store.orders(roots.account, None, MANY).await?.orders {
        tables.orders.extend(store.order(roots.account, id).await?.map(|order| (id.to_string(), order)));
    }
    let ids = tables.orders.values().flat_map(|order| order.authorizations.clone());
    let ids: Vec<AuthorizationId> = ids.collect();
    let authorizations = store.authorizations(roots.account, &ids).await?;
    tables.authorizations.extend(authorizations.into_iter().map(|stored| (stored.id.to_string(), stored)));
    Ok(())
}

/// Those of the orders, those with their names, and those that were there before.
async fn certificates(store: &dyn Store, before: &Tables, tables: &mut Tables) -> Result<(), StoreError> {
    let mut ids: Vec<_> = before.certificates.values().map(|certificate| certificate.id.clone()).collect();
    ids.extend(
        tables.orders.values().filter_map(|order| order.issuance()).map(|issuance| issuance.certificate.clone()),
    );
    for name in NAMES {
        let name = Identifier::Dns(name.parse().expect("a name"));
        let found = store.certificates_by_name(&name, None, MANY).await?.items;
        ids.extend(found.into_iter().map(|CertificateEntry { id, .. }| id));
    }
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    let certificates = store.certificates(&ids).await?;
    tables.certificates.extend(certificates.into_iter().map(|stored| (stored.id.to_string(), stored)));
    Ok(())
}

/// The names that certificates are made for.
const NAMES: [&str; 3] = ["interrupted.example", "issued.example", "ready.example"];
/// More than there are.
const MANY: usize = 50;
