//! The items of the engine on DynamoDB, and the cost of its calls.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

use std::collections::{BTreeMap, BTreeSet};

use acme::{AccountId, Authorization, CertificateId};
use aws::dynamodb::DynamoDbStore;
use aws_sdk_dynamodb::Client;
use cloud::{Call, Cloud};
use jose::{PublicKey, base64url};
use serde_json::{Map, Value};
use store::{
    AccountStore, AuditStore, AuthorizationStore, CertificateRecord, CertificateState, CertificateStore, Creation,
    CrlStore, IncidentStore, IssuanceStore, IssuerStore, LimitStore, LookupStore, NonceStore, OrderStore, ProfileStore,
    Retention, StoreError, Versioned, WatchStore,
    contract::{
        everything::write_everything,
        fixture::{
            DAY, account, account_in, at, audit_record, authorization, certificate, changed, crl, dns, expiry_watch,
            external_account_key, issued_leaf, issuer_id, key, limit_window, nonce, operation, order, processing,
            random, revoked, valid, valid_order, validating,
        },
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn every_item_but_accounts_their_keys_grants_profiles_issuers_and_seals_ends() {
    let (cloud, store) = open();
    write_everything(&store).await;
    let mut nouns = BTreeSet::new();
    for item in cloud.items("acme") {
        let pk = item["pk"]["S"].as_str().unwrap();
        let noun = pk.split('#').next().unwrap();
        nouns.insert(noun.to_owned());
        match noun {
            "ACCOUNT" | "GRANT" | "KEY" | "PROFILE" | "ISSUER" | "SEAL" => {
                assert_eq!(item.get("expires"), None, "{pk} is for ever")
            }
            _ => {
                let expires: i64 = item["expires"]["N"].as_str().unwrap_or_else(|| panic!("{pk}")).parse().unwrap();
                assert!(expires > at(0).as_second(), "{pk} serves before it ends");
            }
        }
    }
    let all = [
        "ACCOUNT",
        "AUDIT",
        "AUTHORIZATION",
        "BLOCKED",
        "CERTIFICATE",
        "CRL",
        "EAB",
        "GRANT",
        "INCIDENT",
        "ISSUER",
        "KEY",
        "LIMIT",
        "NONCE",
        "ORDER",
        "ORDERS",
        "PROFILE",
        "PROOF",
        "SEAL",
        "SECRET",
        "WATCH",
    ];
    assert_eq!(nouns, all.map(str::to_owned).into(), "every kind was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_items_of_an_account_that_was_not_used_end_together_and_none_once_it_is_used() {
    let (cloud, store) = open();
    let unused = changed(&account(), |account| account.unused_until = Some(at(60)));
    let kept = changed(&unused, |account| account.unused_until = None);
    let expiries = || {
        let items = cloud.items("acme").into_iter().filter(|item| item["pk"]["S"] != "SCHEMA");
        items.map(|item| item.get("expires").map(|end| end["N"].clone())).collect::<Vec<_>>()
    };
    store.create_account_if_absent(&unused).await.unwrap();
    let end = Value::from(at(60).as_second().to_string());
    let all = [Some(end.clone()), Some(end.clone()), Some(end.clone()), Some(end)];
    assert_eq!(expiries(), all, "account, key, contact, and its place among those without a binding");
    cloud.clear();
    store.update_account(&unused, &kept).await.unwrap();
    assert_eq!(expiries(), [None, None, None, None]);
    // A transaction of two items is charged twice; the others are look-ups.
    assert_eq!(cloud.units().write, 6.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leads_to_an_account_by_a_former_key_ends_with_the_account_and_not_before() {
    let (cloud, store) = open();
    let unused = changed(&account(), |account| account.unused_until = Some(at(60)));
    let rolled = changed(&unused, |account| *account = account.with_key(key(1)));
    let kept = changed(&rolled, |account| account.unused_until = None);
    let end = || {
        let items = cloud.items("acme").into_iter();
        let entry = items.into_iter().find(|item| item["pk"]["S"].as_str().unwrap().starts_with("ACCOUNT#FORMER#"));
        entry.unwrap().get("expires").map(|end| end["N"].clone())
    };
    store.create_account_if_absent(&unused).await.unwrap();
    store.replace_account_key(&unused, &rolled).await.unwrap();
    assert_eq!(end(), Some(Value::from(at(60).as_second().to_string())));
    store.update_account(&rolled, &kept).await.unwrap();
    assert_eq!(end(), None, "it has ordered");
    let found = store.accounts_by_former_key(&unused.key.thumbprint(), None, 9).await.unwrap();
    assert_eq!(found.items, [kept]);
}

#[tokio::test(flavor = "multi_thread")]
async fn to_list_a_thousand_accounts_without_a_binding_costs_at_most_1030_read_units() {
    let (cloud, store) = open();
    let home = account().value.directory;
    let binding = external_account_key();
    for number in 0..1_010 {
        let made = account_in(&home, some_key());
        store.create_account_if_absent(&made).await.unwrap();
        if number % 2 == 1 {
            let bound = changed(&made, |account| account.external_account = Some(binding.id));
            store.update_account(&made, &bound).await.unwrap();
        }
    }
    let page = async |after, limit| {
        cloud.clear();
        let page = store.unbound_accounts(&home, after, limit).await.unwrap();
        let units = cloud.units();
        println!("{} of {limit} accounts: {units:?}", page.accounts.len());
        assert_eq!(units.write, 0.0);
        (page, units.read)
    };
    let (first, read) = page(None, 1_000).await;
    assert!(read <= 1_030.0, "{read} read units");
    let (rest, read) = page(first.next, 1_000).await;
    assert!(read <= 11.0, "{read} read units for the rest");
    assert_eq!((first.accounts.len() + rest.accounts.len(), rest.next), (505, None));
    // However long the list is, and however many were bound since, a page costs what it looks at.
    let (_, read) = page(None, 10).await;
    assert!(read <= 11.0, "{read} read units for ten");
}

/// Any key: about every second string of 32 bytes is a point of Ed25519.
fn some_key() -> PublicKey {
    loop {
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, base64url::encode(&random::<32>()));
        if let Ok(key) = PublicKey::from_jwk_str(&jwk) {
            return key;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_lapsed_is_gone_whichever_of_its_items_is_deleted_first() {
    for deleted in ["ACCOUNT#", "KEY#"] {
        let (cloud, store) = open();
        let unused = changed(&account(), |account| account.unused_until = Some(at(60)));
        store.create_account_if_absent(&unused).await.unwrap();
        let mut items = cloud.items("acme");
        items.retain(|item| {
            let pk = item["pk"]["S"].as_str().unwrap();
            !pk.starts_with(deleted) || pk.starts_with("ACCOUNT#CONTACT#")
        });
        let (left, store) = open();
        left.fill_table("acme", items);
        let key = unused.key.thumbprint();
        assert_eq!(store.account_by_key(&unused.directory, &key).await.unwrap(), None, "{deleted}");
        let kept = changed(&unused, |account| account.unused_until = None);
        let late = store.update_account(&unused, &kept).await;
        assert!(matches!(late, Err(StoreError::Conflict)), "{deleted}: {late:?}");
        let made = account_in(&unused.directory, unused.key.clone());
        let heir = changed(&made, |account| account.created_at = at(61));
        assert_eq!(store.create_account_if_absent(&heir).await.unwrap(), Creation::Created, "{deleted}");
        assert_eq!(store.account_by_key(&unused.directory, &key).await.unwrap(), Some(heir), "{deleted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_and_its_place_in_the_list_end_at_the_same_time() {
    let (cloud, store) = open();
    let open_order = order(&account(), &[]);
    let under_way = processing(&open_order, &certificate());
    let done = valid_order(&under_way);
    let expiries = || {
        let items = cloud.items("acme");
        let expires = |noun: &str| {
            let item = items.iter().find(|item| item["pk"]["S"].as_str().unwrap().starts_with(noun)).unwrap();
            item["expires"].clone()
        };
        (expires("ORDER#"), expires("ORDERS#"))
    };
    store.create_order(&open_order, &[]).await.unwrap();
    let (made, listed) = expiries();
    assert_eq!(made, listed, "while it is open");
    store.update_order(&open_order, &under_way).await.unwrap();
    store.update_order(&under_way, &done).await.unwrap();
    let (kept, listed) = expiries();
    assert_eq!(kept, listed, "with its certificate");
    assert_ne!(kept, made, "it is kept as long as that");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_profile_and_one_issuer_are_read_late() {
    let (cloud, store) = open();
    write_everything(&store).await;
    cloud.clear();
    let (account, names) = (account(), [dns("a.example.com"), dns("b.example.com")]);
    let made = names.clone().map(|name| authorization(&account, name));
    store.account(account.id).await.unwrap();
    store.account_by_key(&account.directory, &account.key.thumbprint()).await.unwrap();
    store.authorization(account.id, made[0].id).await.unwrap();
    store.authorizations(account.id, &made.each_ref().map(|made| made.id)).await.unwrap();
    store.proofs(account.id, &names).await.unwrap();
    store.certificate(&certificate().id).await.unwrap();
    store.is_key_blocked(&key(1).thumbprint()).await.unwrap();
    store.revoked_certificates(&issuer_id(), 0, at(0)).await.unwrap();
    store.crl(&issuer_id(), 0).await.unwrap();
    store.nonce_secrets().await.unwrap();
    store.order(account.id, order(&account, &[]).id).await.unwrap();
    store.orders(account.id, None, 10).await.unwrap();
    // A caller that reads all of them may just have created one.
    store.issuers().await.unwrap();
    store.profiles().await.unwrap();
    assert!(cloud.calls().iter().all(|call| call.consistent), "{:#?}", cloud.calls());
    cloud.clear();
    store.acme_profile(&"default".parse().unwrap()).await.unwrap();
    store.ra_profile(&"default".parse().unwrap()).await.unwrap();
    store.issuer(&issuer_id()).await.unwrap();
    assert!(cloud.calls().iter().all(|call| !call.consistent), "{:#?}", cloud.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crl_of_any_size_is_kept() {
    let (cloud, store) = open();
    let issuer = issuer_id();
    let of_size = |number: u64, size: usize| {
        let mut crl = crl(&issuer, number);
        crl.der = random::<64>().iter().copied().cycle().take(size).collect();
        crl
    };
    for (number, size) in [(1, 393_215), (2, 393_216), (3, 393_217), (4, 1_500_000), (5, 64)] {
        let (made, rival) = (of_size(number, size), of_size(number, size));
        for _ in 1..=2 {
            store.put_crl(&made).await.unwrap();
        }
        assert!(matches!(store.put_crl(&rival).await, Err(StoreError::Conflict)), "the number is taken");
        assert_eq!(store.crl(&issuer, 0).await.unwrap().as_ref(), Some(&made), "CRL of {size} bytes");
    }
    let largest = cloud.items("acme").iter().map(size_of).max().unwrap();
    assert!(largest <= 400 * 1024, "no item is larger than DynamoDB takes: {largest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crl_that_lost_a_part_is_not_taken_for_whole() {
    let (cloud, store) = open();
    let mut large = crl(&issuer_id(), 1);
    large.der = vec![7; 900_000];
    store.put_crl(&large).await.unwrap();
    let client = Client::new(&cloud.sdk_config("vandal"));
    let items = cloud.items("acme");
    let part = items.iter().find(|item| item["sk"]["S"] == "000001").unwrap();
    let text = |name: &str| aws_sdk_dynamodb::types::AttributeValue::S(part[name]["S"].as_str().unwrap().to_owned());
    let delete = client.delete_item().table_name("acme");
    delete.key("pk", text("pk")).key("sk", text("sk")).send().await.unwrap();
    assert!(matches!(store.crl(&large.issuer, 0).await, Err(StoreError::Corrupt { .. })));
}

/// The cost of each method for a certificate with one identifier, with ordinary records.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_costs_at_most_21_write_and_18_read_units() {
    let (cloud, store) = open();
    let bill = Bill::new(&cloud);
    let account = account();
    bill.of("create_account_if_absent, a contact", store.create_account_if_absent(&account)).await;
    bill.of("account", store.account(account.id)).await;
    bill.of("account_by_key", store.account_by_key(&account.directory, &account.key.thumbprint())).await;
    bill.of("redeem_nonce", store.redeem_nonce(&nonce(), at(300), operation())).await;
    let name = dns("www.example.com");
    bill.of("proofs, 1 name", store.proofs(account.id, std::slice::from_ref(&name))).await;
    let pending = authorization(&account, name.clone());
    let open_order = order(&account, std::slice::from_ref(&pending));
    bill.of("create_order, 1 name", store.create_order(&open_order, std::slice::from_ref(&pending))).await;
    bill.of("authorization", store.authorization(account.id, pending.id)).await;
    let under_way = validating(&pending);
    bill.of("update_authorization, begun", store.update_authorization(&pending, &under_way)).await;
    let shown = valid(&under_way);
    bill.of("update_authorization, valid", store.update_authorization(&under_way, &shown)).await;
    bill.of("order", store.order(account.id, open_order.id)).await;
    bill.of("authorizations, 1 name", store.authorizations(account.id, &[shown.id])).await;
    bill.of("is_key_blocked", store.is_key_blocked(&key(1).thumbprint())).await;
    let intended = intended(&account.id);
    let issuing = processing(&open_order, &intended);
    bill.of("begin_issuance", store.begin_issuance(&intended, &open_order, &issuing)).await;
    let issued = issued_leaf(&intended);
    let done = valid_order(&issuing);
    bill.of("complete_issuance", store.complete_issuance(&intended, &issued, &issuing, &done)).await;
    bill.of("certificate", store.certificate(&issued.id)).await;
    bill.of("orders, 1 order", store.orders(account.id, None, 100)).await;
    bill.of("update_certificate, revoked", store.update_certificate(&issued, &revoked(&issued))).await;
    bill.of("revoked_certificates, 1", store.revoked_certificates(&issued.issuer, 0, at(0))).await;
    let rolled = changed(&account, |account| account.key = key(2));
    bill.of("replace_account_key", store.replace_account_key(&account, &rolled)).await;
    let window = limit_window();
    bill.of("count", store.count(&window, 1, 1, operation())).await;
    bill.of("count, over", store.count(&window, 1, 1, operation())).await;
    let counted = operation();
    bill.of("count, of others", store.count(&window, 1, 2, counted)).await;
    bill.of("take_back", store.take_back(&window, 1, counted, operation())).await;
    bill.of("counted", store.counted(&[window])).await;
    bill.of("append_audit", store.append_audit(&audit_record())).await;
    bill.of("incidents", store.incidents()).await;
    bill.of("put_expiry_watch", store.put_expiry_watch(None, &expiry_watch())).await;
    bill.of("expiry_watch", store.expiry_watch()).await;
    bill.of("certificates_by_name", store.certificates_by_name(&issued.identifiers[0], None, 100)).await;
    bill.of("certificates_ending, 1 day", store.certificates_ending(at(90 * DAY), at(91 * DAY), None, 100)).await;
    bill.of("accounts_by_contact", store.accounts_by_contact(&account.contact[0], None, 100)).await;
    bill.of("accounts_by_former_key", store.accounts_by_former_key(&account.key.thumbprint(), None, 100)).await;
    bill.of("accounts_by_key", store.accounts_by_key(&rolled.key.thumbprint(), None, 100)).await;
    bill.of("block_key", store.block_key(&key(9).thumbprint(), at(0))).await;
    let hundred: Vec<Versioned<Authorization>> =
        (0..100).map(|n| authorization(&account, dns(&format!("{n}.example.com")))).collect();
    let large = order(&account, &hundred);
    bill.of("create_order, 100 names", store.create_order(&large, &hundred)).await;
    bill.of("authorizations, 100 names", store.authorizations(account.id, &large.authorizations)).await;
    for item in cloud.items("acme") {
        println!("{:5} bytes  {}", size_of(&item), item["pk"]["S"].as_str().unwrap());
    }

    // The seven requests of docs/data-model.md.
    let requests = 7.0;
    let writes = requests * bill.writes("redeem_nonce")
        + bill.writes("create_order, 1 name")
        + bill.writes("update_authorization, begun")
        + bill.writes("update_authorization, valid")
        + bill.writes("begin_issuance")
        + bill.writes("complete_issuance");
    let reads = requests * bill.reads("account")
        + bill.reads("proofs, 1 name")
        + 4.0 * bill.reads("authorization")
        + 3.0 * bill.reads("order")
        + bill.reads("authorizations, 1 name")
        + bill.reads("is_key_blocked")
        + bill.reads("certificate");
    println!("one certificate: {writes} write units, {reads} read units");
    assert!(writes <= 21.0, "{writes} write units");
    assert!(reads <= 18.0, "{reads} read units");
    assert!(bill.writes("create_account_if_absent, a contact") <= 6.0);
    assert!(bill.writes("replace_account_key") <= 8.0);
    assert!(bill.writes("count") <= 1.0 && bill.writes("count, over") <= 1.0);
}

/// The units of each method.
struct Bill<'a> {
    cloud: &'a Cloud,
    verbs: std::cell::RefCell<BTreeMap<&'static str, cloud::Units>>,
}

impl<'a> Bill<'a> {
    fn new(cloud: &'a Cloud) -> Self {
        Self { cloud, verbs: std::cell::RefCell::default() }
    }

    async fn of<T: std::fmt::Debug>(&self, verb: &'static str, call: impl Future<Output = Result<T, StoreError>>) {
        self.cloud.clear();
        call.await.unwrap();
        let units = self.cloud.units();
        let calls: Vec<String> = self.cloud.calls().into_iter().map(|Call { operation, .. }| operation).collect();
        println!("{verb:28} {:4} read {:5} write  {}", units.read, units.write, calls.join(", "));
        self.verbs.borrow_mut().insert(verb, units);
    }

    fn reads(&self, verb: &str) -> f64 {
        self.verbs.borrow()[verb].read
    }

    fn writes(&self, verb: &str) -> f64 {
        self.verbs.borrow()[verb].write
    }
}

/// An intended certificate for one identifier, as the RA stores it.
fn intended(account: &AccountId) -> Versioned<CertificateRecord> {
    changed(&certificate(), |record| {
        record.id = CertificateId::new(random::<20>().to_vec(), ca::new_serial(random()));
        record.issuer = "issuing".parse().unwrap();
        record.account = Some(*account);
        record.identifiers = vec![dns("warm.one.budget.test")];
        record.state = CertificateState::Intended { tbs: vec![0x30; TBS] };
    })
}

/// The size of an item in bytes, as DynamoDB counts it.
fn size_of(item: &Map<String, Value>) -> usize {
    let value = |value: &Value| match (&value["S"], &value["B"], &value["N"]) {
        (Value::String(text), ..) => text.len(),
        (_, Value::String(base64), _) => base64.trim_end_matches('=').len() * 3 / 4,
        (.., Value::String(digits)) => digits.len().div_ceil(2) + 1,
        _ => panic!("no such attribute is written: {value}"),
    };
    item.iter().map(|(name, attribute)| name.len() + value(attribute)).sum()
}

fn open() -> (Cloud, DynamoDbStore) {
    let cloud = Cloud::start();
    cloud.create_table("acme");
    let client = Client::new(&cloud.sdk_config("items"));
    (cloud, DynamoDbStore::new(client, "acme", Retention::default()))
}

/// The size of what is signed for [`leaf`](store::contract::fixture::leaf).
const TBS: usize = 530;
