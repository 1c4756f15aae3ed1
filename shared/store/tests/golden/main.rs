//! Golden files. Stores of earlier versions: this version opens them, reads every record, tolerates
//! what a newer version adds, and writes nothing that an earlier version rejects.
//!
//! `golden/e70810c.redb` was written by the program of commit e70810c: the life of one certificate,
//! a set of profiles, an incident, an external account key, a blocked key. Its secrets belong
//! to a CA that no client trusts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "these are tests")]

mod present;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use acme::{Account, Authorization, Order};
use jiff::{SignedDuration, Timestamp};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde_json::{Value, json};
use store::{
    AccountStore, AcmeProfile, AuditRecord, AuditStore, AuthorizationStore, BlockedKey, CertificateRecord,
    CertificateStore, CrlRecord, CrlStore, ExternalAccountKey, ExternalAccountSecret, ExternalAccountStore, Incident,
    IncidentStore, IssuerRecord, IssuerStore, LookupStore, NonceSecrets, NonceStore, OrderStore, ProfileChanges,
    ProfileSet, ProfileStore, Proof, RevokedCertificate, Versioned,
    contract::fixture::{account_in, changed, key},
    embedded::{EmbeddedStore, EngineOptions},
};
use tempfile::TempDir;

#[tokio::test]
async fn a_store_of_e70810c_opens_and_all_of_it_reads() {
    let (path, _folder) = copy();
    let all = everything(&path).await;
    let certificate = all.certificates.iter().find(|certificate| certificate.order.is_some()).unwrap();
    assert!(certificate.revocation.is_some() && certificate.directory.is_none());
    assert_eq!(all.account.former_keys, []);
    assert_eq!(all.authorization.evidence, None);
    assert_eq!(all.profiles.acme_profile[0].description, "golden");
    assert_eq!(all.incidents[0].description, "golden");
    assert_eq!(all.keys[0].label, "golden");
    assert!(!all.audit.is_empty() && !all.blocked.is_empty() && !all.revoked.is_empty());
}

#[tokio::test]
async fn certificates_of_e70810c_are_found_by_their_keys() {
    let (path, _folder) = copy();
    for _ in 0..2 {
        let store = open(&path);
        let mut found = 0;
        for certificate in certificates(&store).await {
            let key = certificate.state.public_key().unwrap().thumbprint();
            assert_eq!(certificate.key, Some(key));
            let by_key = store.certificates_by_key(&key, None, 9).await.unwrap();
            found += by_key.items.iter().filter(|entry| entry.id == certificate.id).count();
        }
        assert_eq!(found, certificates(&store).await.len());
        store.close().await.unwrap();
        // An earlier version has the file open in between: it leaves no mark when it stops, and
        // drops the key.
        edit(&path, |table, key, _| {
            (table == "certificate by key" || (table, key) == ("meta", "running")).then_some(None)
        });
    }
}

/// The index is made from what the accounts keep, also after an earlier version had the file open.
#[tokio::test]
async fn accounts_are_found_by_the_keys_that_they_had_before_there_was_an_index() {
    let (path, _folder) = copy();
    let store = open(&path);
    let [before, stays] = [key(1), key(2)].map(|key| account_in(&"default".parse().unwrap(), key));
    let rolled = changed(&before, |account| *account = account.with_key(key(3)));
    for account in [&before, &stays] {
        store.create_account_if_absent(account).await.unwrap();
    }
    store.replace_account_key(&before, &rolled).await.unwrap();
    store.close().await.unwrap();
    let stale = format!("{}#{}", key(2).thumbprint(), stays.id);
    edit(&path, |table, key, _| {
        (table == "account by former key" || (table, key) == ("meta", "running")).then_some(None)
    });
    insert(&path, "account by former key", &stale);
    let store = open(&path);
    let found = store.accounts_by_former_key(&key(1).thumbprint(), None, 9).await.unwrap();
    assert_eq!(found.items, [rolled]);
    let none = store.accounts_by_former_key(&key(2).thumbprint(), None, 9).await.unwrap();
    assert_eq!(none.items, [], "what an account does not say is not in the index");
    store.close().await.unwrap();
}

#[tokio::test]
async fn members_of_a_newer_version_are_passed_over_in_every_kind_of_record() {
    let (path, _folder) = copy();
    let before = everything(&path).await;
    let kinds = edit(&path, |_, _, row| Some(Some(with_novel_members(row)?)));
    let all = [
        "CRL",
        "ACME Profile",
        "RA Profile",
        "account",
        "audit",
        "authorization",
        "certificate",
        "external account key",
        "external account secret",
        "incident",
        "issuer",
        "nonce secrets",
        "order",
        "proof",
        "revoked certificate",
        "watch",
    ];
    assert_eq!(kinds, all.map(str::to_owned).into(), "every kind of record is there");
    let mut after = everything(&path).await;
    assert!(!after.account.unknown.is_empty() && !after.certificates[0].unknown.is_empty(), "they are kept");
    assert!(!after.incidents[0].unknown.is_empty() && !after.issuers[0].unknown.is_empty());
    after.account.value.unknown = before.account.unknown.clone();
    after.certificates.iter_mut().for_each(|certificate| certificate.value.unknown = Default::default());
    after.issuers.iter_mut().for_each(|issuer| issuer.unknown = Default::default());
    after.keys.iter_mut().for_each(|key| key.value.unknown = Default::default());
    after.incidents.iter_mut().for_each(|incident| {
        incident.value.unknown = Default::default();
        incident.value.affected.unknown = Default::default();
    });
    assert_eq!(after, before);
}

#[tokio::test]
async fn e70810c_reads_the_profiles_and_incidents_that_this_version_writes() {
    let (path, _folder) = copy();
    let known = strict_members(&path);
    let store = open(&path);
    let profiles = store.profiles().await.unwrap();
    let changed: Vec<AcmeProfile> =
        profiles.acme_profile.into_iter().map(|profile| AcmeProfile { enabled: false, ..profile }).collect();
    let changes = ProfileChanges { put_acme: changed, put_ra: profiles.ra_profile, ..ProfileChanges::default() };
    store.apply_profiles(&changes).await.unwrap();
    for incident in store.incidents().await.unwrap() {
        let mut ended = incident.clone();
        ended.value.ended_at = Some(Timestamp::UNIX_EPOCH);
        ended.version = store::OperationId::from_random([7; 16]);
        store.put_incident(Some(incident.version), &ended).await.unwrap();
    }
    store.close().await.unwrap();
    assert_eq!(strict_members(&path), known, "e70810c refuses members that it does not know");
    let mut schema = None;
    edit(&path, |table, key, row| {
        if (table, key) == ("meta", "schema") {
            schema = Some(row.to_vec());
        }
        None
    });
    assert_eq!(schema.as_deref(), Some(&b"1"[..]), "e70810c opens no other layout");
}

/// All records of the store.
#[derive(Debug, PartialEq)]
struct Everything {
    profiles: ProfileSet,
    issuers: Vec<IssuerRecord>,
    incidents: Vec<Versioned<Incident>>,
    audit: Vec<AuditRecord>,
    keys: Vec<Versioned<ExternalAccountKey>>,
    secret: Option<ExternalAccountSecret>,
    nonces: Option<Versioned<NonceSecrets>>,
    blocked: Vec<BlockedKey>,
    certificates: Vec<Versioned<CertificateRecord>>,
    account: Versioned<Account>,
    order: Versioned<Order>,
    authorization: Versioned<Authorization>,
    proofs: Vec<Proof>,
    revoked: Vec<RevokedCertificate>,
    crl: Option<CrlRecord>,
}

async fn everything(path: &Path) -> Everything {
    let store = open(path);
    let certificates = certificates(&store).await;
    let certificate = certificates.iter().find(|certificate| certificate.order.is_some()).unwrap();
    let (account, order) = (certificate.account.unwrap(), certificate.order.unwrap());
    let order = store.order(account, order).await.unwrap().unwrap();
    let all = Everything {
        profiles: store.profiles().await.unwrap(),
        issuers: store.issuers().await.unwrap(),
        incidents: store.incidents().await.unwrap(),
        audit: store.audit(None, 99).await.unwrap().items,
        keys: store.external_account_keys(None, 99).await.unwrap().items,
        secret: store.external_account_secret().await.unwrap(),
        nonces: store.nonce_secrets().await.unwrap(),
        blocked: store.blocked_keys(None, 99).await.unwrap().items,
        account: store.account(account).await.unwrap().unwrap(),
        authorization: store.authorization(account, order.authorizations[0]).await.unwrap().unwrap(),
        proofs: store.proofs(account, &order.identifiers).await.unwrap(),
        revoked: store.revoked_certificates(&certificate.issuer, 0, Timestamp::UNIX_EPOCH).await.unwrap(),
        crl: store.crl(&certificate.issuer, 0).await.unwrap(),
        order,
        certificates: certificates.clone(),
    };
    store.close().await.unwrap();
    all
}

/// The certificates of the first year of the file.
async fn certificates(store: &EmbeddedStore) -> Vec<Versioned<CertificateRecord>> {
    let from = Timestamp::from_second(1_700_000_000).unwrap();
    let until = from + SignedDuration::from_hours(20 * 366 * 24);
    let entries = store.certificates_ending(from, until, None, 99).await.unwrap().items;
    let ids: Vec<_> = entries.into_iter().map(|entry| entry.id).collect();
    store.certificates(&ids).await.unwrap()
}

fn open(path: &Path) -> EmbeddedStore {
    EmbeddedStore::open(path, EngineOptions::default()).unwrap()
}

/// A copy of the file of e70810c.
fn copy() -> (PathBuf, TempDir) {
    copy_of(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/e70810c.redb")))
}

fn copy_of(file: &Path) -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    std::fs::copy(file, &path).unwrap();
    (path, folder)
}

/// Passes every row to `edit`, and puts or deletes the row as `edit` decides. Returns the tables
/// that changed.
fn edit(path: &Path, mut edit: impl FnMut(&str, &str, &[u8]) -> Option<Option<Vec<u8>>>) -> BTreeSet<String> {
    use redb::TableHandle;
    let database = Database::open(path).unwrap();
    let tables: Vec<String> =
        database.begin_read().unwrap().list_tables().unwrap().map(|table| table.name().to_owned()).collect();
    let mut changed = BTreeSet::new();
    let transaction = database.begin_write().unwrap();
    for name in tables {
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(&name)).unwrap();
        let rows: Vec<(String, Vec<u8>)> = table
            .iter()
            .unwrap()
            .map(|row| row.map(|(key, row)| (key.value().to_owned(), row.value().to_vec())).unwrap())
            .collect();
        for (key, row) in rows {
            let Some(edited) = edit(&name, &key, &row) else { continue };
            match edited {
                Some(row) => drop(table.insert(key.as_str(), row.as_slice()).unwrap()),
                None => drop(table.remove(key.as_str()).unwrap()),
            }
            changed.insert(name.clone());
        }
    }
    transaction.commit().unwrap();
    changed
}

/// Adds an index entry to the file.
fn insert(path: &Path, table: &str, key: &str) {
    let transaction = Database::open(path).unwrap().begin_write().unwrap();
    transaction.open_table(TableDefinition::<&str, &[u8]>::new(table)).unwrap().insert(key, &[][..]).unwrap();
    transaction.commit().unwrap();
}

/// The row with an unknown member in each of its objects; `None` when the row is not a record in
/// JSON.
fn with_novel_members(row: &[u8]) -> Option<Vec<u8>> {
    let (version, mut json) = record(row)?;
    add_novel_members(&mut json, "");
    Some([version, serde_json::to_vec(&json).unwrap()].concat())
}

/// The version and the JSON of a row.
fn record(row: &[u8]) -> Option<(Vec<u8>, Value)> {
    [0, 16].into_iter().filter_map(|at| row.split_at_checked(at)).find_map(|(version, json)| {
        let json: Value = serde_json::from_slice(json).ok()?;
        json.is_object().then(|| (version.to_vec(), json))
    })
}

fn add_novel_members(json: &mut Value, name: &str) {
    match json {
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, member)| add_novel_members(member, name));
            // Maps whose keys are data, and enumerations, which are an object of one member.
            if !["labels", "detail", "profiles", "state"].contains(&name) {
                members.insert("novel".to_owned(), json!({ "of": ["a", "newer", 1] }));
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| add_novel_members(element, name)),
        _ => {}
    }
}

/// The member names that e70810c accepts in objects in which it rejects all others, by the path of
/// the object.
fn strict_members(path: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut members = BTreeMap::new();
    edit(path, |table, _, row| {
        if ["ACME Profile", "RA Profile"].contains(&table) {
            names(&record(row)?.1, table, &mut members);
        } else if table == "incident" {
            names(&record(row)?.1["affected"], "incident.affected", &mut members);
        }
        None
    });
    members
}

fn names(json: &Value, path: &str, found: &mut BTreeMap<String, BTreeSet<String>>) {
    match json {
        Value::Object(members) => {
            found.entry(path.to_owned()).or_default().extend(members.keys().cloned());
            members.iter().for_each(|(name, member)| names(member, &format!("{path}.{name}"), found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| names(element, path, found)),
        _ => {}
    }
}
