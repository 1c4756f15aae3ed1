//! Writes under failing calls to DynamoDB.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "these are tests")]

use std::time::Duration;

use acme::{Account, Authorization, Order};
use aws::dynamodb::DynamoDbStore;
use aws_sdk_dynamodb::{Client, config::retry::RetryConfig};
use cloud::{Cloud, Fault, FaultKind, Service};
use serde_json::{Map, Value};
use store::{
    AccountStore, AcmeProfile, AuditRecord, AuditStore, AuthorizationStore, CertificateRecord, CertificateStore,
    Counted, CrlRecord, CrlStore, EnrolmentGrant, ExpiryWatch, ExternalAccountKey, ExternalAccountSecret,
    ExternalAccountStore, GrantStore, Incident, IncidentStore, IssuanceStore, IssuerRecord, IssuerStore, LimitStore,
    LimitWindow, NonceSecrets, NonceStore, OperationId, OrderStore, ProfileSet, ProfileStore, Redemption, Retention,
    StoreError, Versioned, WatchStore,
    contract::fixture::{
        account, account_in, at, audit_record, authorization, bound, certificate, changed, crl, dns, expiry_watch,
        external_account_key, external_account_secret, grant_to, incident, issued, issuer, issuer_id, key,
        limit_window, nonce, operation, order, processing, revoked, secrets, valid, valid_order,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn one_hundred_names_are_written_and_read_although_batches_stay_half_done() {
    let (cloud, store) = open(&Cloud::start(), patient());
    let writes = cloud.inject(Fault::new(FaultKind::Unprocessed).on(Service::DynamoDb, "BatchWriteItem").at(2));
    let reads = cloud.inject(Fault::new(FaultKind::Unprocessed).on(Service::DynamoDb, "BatchGetItem").at(1));
    let account = account();
    let all: Vec<_> = (0..100).map(|n| authorization(&account, dns(&format!("{n}.example.com")))).collect();
    let made = order(&account, &all);
    store.create_order(&made, &all).await.unwrap();
    assert_eq!(store.authorizations(account.id, &made.authorizations).await.unwrap(), all);
    assert_eq!((writes.struck(), reads.struck()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_never_done_leaves_no_order() {
    let (cloud, store) = open(&Cloud::start(), patient());
    cloud.inject(Fault::new(FaultKind::Unprocessed).on(Service::DynamoDb, "BatchWriteItem").always());
    let account = account();
    let names = [dns("a.example.com"), dns("b.example.com")].map(|name| authorization(&account, name));
    let made = order(&account, &names);
    let refused = store.create_order(&made, &names).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(store.order(account.id, made.id).await.unwrap(), None);
    assert_eq!(store.orders(account.id, None, 10).await.unwrap().orders, [], "nor is one listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_of_transactions_are_waited_out() {
    let (cloud, store) = open(&Cloud::start(), patient());
    let conflicts = cloud.inject(Fault::new(FaultKind::TransactionConflict).always());
    let made = account();
    let (creation, ()) = tokio::join!(store.create_account_if_absent(&made), async {
        while conflicts.struck() < 3 {
            tokio::task::yield_now().await;
        }
        cloud.heal();
    });
    creation.unwrap();
    assert_eq!(store.account(made.id).await.unwrap(), Some(made.clone()));
    let single = cloud.inject(Fault::new(FaultKind::TransactionConflict).on(Service::DynamoDb, "PutItem"));
    let next = changed(&made, |account| account.contact.clear());
    store.update_account(&made, &next).await.unwrap();
    assert_eq!(single.struck(), 1, "a single write meets transactions, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_is_unavailable_in_bounded_time() {
    for kind in [
        FaultKind::TransactionConflict,
        FaultKind::Throttled,
        FaultKind::Unavailable,
        FaultKind::Denied,
        FaultKind::Unreachable,
    ] {
        let (cloud, store) = open(&Cloud::start(), patient());
        cloud.inject(Fault::new(kind).always());
        let creation = tokio::time::timeout(Duration::from_secs(20), store.create_account_if_absent(&account())).await;
        assert!(matches!(creation.unwrap(), Err(StoreError::Unavailable(_))), "{kind:?}");
        assert!(cloud.calls().len() <= 12, "{kind:?}: {} calls", cloud.calls().len());
        assert_eq!(cloud.items("acme"), Vec::<Map<String, Value>>::new(), "{kind:?} changed nothing");
    }
}

/// Every kind of fault, at each call: repeating the write completes it, and in the end the table is
/// byte for byte the same as without the fault.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_is_lost_and_nothing_doubled() {
    let records = Records::new();
    let expected = records.written(no_fault(), RetryConfig::disabled(), 1).await.unwrap();
    for kind in FAULTS {
        for n in 1.. {
            let fault = Fault::new(kind).on_service(Service::DynamoDb).at(n);
            let Some(stored) = records.written(fault, RetryConfig::disabled(), 3).await else {
                assert!(n > VERBS as u64, "each verb calls at least once");
                break;
            };
            assert_eq!(stored, expected, "{kind:?} at call {n}");
        }
    }
}

/// The caller does not notice a single fault, because the client or the engine retries the call.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_fault_is_absorbed() {
    let records = Records::new();
    let expected = records.written(no_fault(), patient(), 1).await.unwrap();
    for kind in FAULTS {
        for n in 1.. {
            let fault = Fault::new(kind).on_service(Service::DynamoDb).at(n);
            let Some(stored) = records.written(fault, patient(), 1).await else {
                assert!(n > VERBS as u64, "each verb calls at least once");
                break;
            };
            assert_eq!(stored, expected, "{kind:?} at call {n}");
        }
    }
}

/// The index entry and the account are two items: a reader of both during a key replacement finds
/// no other account.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_never_leads_to_an_account_that_has_another() {
    let (_, store) = open(&Cloud::start(), patient());
    let first = account();
    store.create_account_if_absent(&first).await.unwrap();
    let rotations = async {
        let mut before = first.clone();
        for number in 1..=60 {
            let after = changed(&before, |account| account.key = key(number % 2));
            store.replace_account_key(&before, &after).await.unwrap();
            before = after;
        }
    };
    let thumbprint = first.key.thumbprint();
    let reads = async {
        loop {
            let found = store.account_by_key(&first.directory, &thumbprint).await.unwrap();
            assert!(found.is_none_or(|account| account.key.thumbprint() == thumbprint));
        }
    };
    tokio::select! {
        () = rotations => {}
        () = reads => {}
    }
}

/// A process that dies between two writes leaves no misleading state.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_within_a_new_order_leaves_no_order_without_authorizations_and_no_place_without_order() {
    for names in [1, 2, 60] {
        for n in 1.. {
            let (cloud, store) = open(&Cloud::start(), RetryConfig::disabled());
            let account = account();
            let new: Vec<_> = (0..names).map(|n| authorization(&account, dns(&format!("{n}.example.com")))).collect();
            let made = order(&account, &new);
            let crash = cloud.inject(Fault::new(FaultKind::Crash).at(n));
            let result = store.create_order(&made, &new).await;
            if !crash.is_reached() {
                break;
            }
            cloud.heal();
            let found = store.order(account.id, made.id).await.unwrap();
            let listed = store.orders(account.id, None, 10).await.unwrap().orders;
            assert!(
                found.is_some() || listed.is_empty(),
                "{names} names, crash at {n}: the list shows what is not there"
            );
            assert!(result.is_err() || listed == [made.id], "{names} names, crash at {n}: answered, so it is listed");
            if found.is_some() {
                let found = store.authorizations(account.id, &made.authorizations).await.unwrap();
                assert_eq!(found, new, "{names} names, crash at {n}");
            }
            store.create_order(&made, &new).await.unwrap();
            assert_eq!(store.orders(account.id, None, 10).await.unwrap().orders, [made.id], "again, after the crash");
        }
    }
}

/// A CRL of several items is read completely or not at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_within_a_large_crl_leaves_the_one_before() {
    let issuer = issuer_id();
    let [first, second] = [1, 2].map(|number| {
        let mut crl = crl(&issuer, number);
        crl.der = vec![number.to_le_bytes()[0]; 900_000];
        crl
    });
    for n in 1..=2 {
        let (cloud, store) = open(&Cloud::start(), RetryConfig::disabled());
        store.put_crl(&first).await.unwrap();
        cloud.inject(Fault::new(FaultKind::Crash).at(n));
        assert!(matches!(store.put_crl(&second).await, Err(StoreError::Unavailable(_))));
        cloud.heal();
        assert_eq!(store.crl(&issuer, 0).await.unwrap().as_ref(), Some(&first), "crash at {n}");
        store.put_crl(&second).await.unwrap();
        assert_eq!(store.crl(&issuer, 0).await.unwrap().as_ref(), Some(&second), "again, after the crash");
    }
}

/// One history of a store that uses every write.
struct Records {
    account: [Versioned<Account>; 3],
    authorizations: Vec<Versioned<Authorization>>,
    alone: Versioned<Authorization>,
    shown: Versioned<Authorization>,
    orders: [Versioned<Order>; 3],
    certificates: [Versioned<CertificateRecord>; 3],
    crl: CrlRecord,
    issuer: IssuerRecord,
    nonce: (String, OperationId),
    secrets: Versioned<NonceSecrets>,
    bound_account: Versioned<Account>,
    external_keys: [Versioned<ExternalAccountKey>; 2],
    external_secret: ExternalAccountSecret,
    audit_record: AuditRecord,
    grant: Versioned<EnrolmentGrant>,
    incident: Versioned<Incident>,
    watch: Versioned<ExpiryWatch>,
    count: (LimitWindow, [OperationId; 2]),
}

impl Records {
    fn new() -> Self {
        let first = account();
        let second = changed(&first, |account| account.contact.clear());
        let third = changed(&second, |account| account.key = key(1));
        let authorizations: Vec<_> = (0..3).map(|n| authorization(&first, dns(&format!("{n}.example.com")))).collect();
        let alone = authorization(&first, dns("alone.example.com"));
        let bound_account = account_in(&first.directory, key(3));
        let external_key = external_account_key();
        let intended = certificate();
        let signed = issued(&intended);
        let open = order(&first, &authorizations);
        let under_way = processing(&open, &intended);
        Self {
            crl: crl(&intended.issuer, 1),
            shown: valid(&alone),
            orders: [open, under_way.clone(), valid_order(&under_way)],
            certificates: [intended, signed.clone(), revoked(&signed)],
            account: [first, second, third],
            authorizations,
            alone,
            issuer: issuer(),
            nonce: (nonce(), operation()),
            secrets: secrets(),
            external_keys: [external_key.clone(), bound(&external_key, &bound_account)],
            external_secret: external_account_secret(),
            audit_record: audit_record(),
            grant: grant_to("web", "default"),
            incident: incident(),
            watch: expiry_watch(),
            count: (limit_window(), [operation(), operation()]),
            bound_account,
        }
    }

    /// The table after the whole history under that fault; `None` when the fault did not occur.
    async fn written(&self, fault: Fault, retries: RetryConfig, tries: usize) -> Option<Vec<String>> {
        let (cloud, store) = open(&Cloud::start(), retries);
        let injection = cloud.inject(fault.clone());
        for verb in 0..VERBS {
            let mut outcome = Ok(());
            for _ in 0..tries {
                outcome = self.write(&store, verb).await;
                if outcome.is_ok() {
                    break;
                }
            }
            outcome.unwrap_or_else(|error| panic!("verb {verb} under {fault:?}: {error:?}"));
        }
        let mut items: Vec<String> =
            cloud.items("acme").into_iter().map(|item| Value::Object(item).to_string()).collect();
        items.sort();
        injection.is_reached().then_some(items)
    }

    async fn write(&self, store: &DynamoDbStore, verb: usize) -> Result<(), StoreError> {
        let [first, second, third] = &self.account;
        let [open, under_way, done] = &self.orders;
        let [intended, signed, gone] = &self.certificates;
        match verb {
            0 => store.create_account_if_absent(first).await.map(drop),
            1 => store.update_account(first, second).await,
            2 => store.replace_account_key(second, third).await.map(drop),
            3 => store.create_authorization(&self.alone).await,
            4 => store.update_authorization(&self.alone, &self.shown).await,
            5 => store.create_order(open, &self.authorizations).await,
            6 => store.begin_issuance(intended, open, under_way).await,
            7 => store.complete_issuance(intended, signed, under_way, done).await,
            8 => store.update_certificate(signed, gone).await,
            9 => store.block_key(&key(2).thumbprint(), at(0)).await,
            10 => store.put_crl(&self.crl).await,
            11 => store.update_nonce_secrets(None, &self.secrets).await,
            12 => {
                let redemption = store.redeem_nonce(&self.nonce.0, at(300), self.nonce.1).await?;
                assert_eq!(redemption, Redemption::Redeemed, "it was this request that redeemed it");
                Ok(())
            }
            13 => store.create_issuer_if_absent(&self.issuer).await.map(drop),
            14 => store.apply_profiles(&profiles("old").changes_from(&ProfileSet::default())).await,
            15 => store.apply_profiles(&profiles("new").changes_from(&profiles("old"))).await,
            16 => store.create_external_account_key(&self.external_keys[0]).await,
            17 => {
                let [unused, used] = &self.external_keys;
                store.create_bound_account_if_absent(&self.bound_account, unused, used).await.map(drop)
            }
            18 => store.create_external_account_secret_if_absent(&self.external_secret).await,
            19 => store.append_audit(&self.audit_record).await,
            20 => store.put_incident(None, &self.incident).await,
            21 => {
                let retired = IssuerRecord { retired_at: Some(at(0)), ..self.issuer.clone() };
                store.update_issuer(&self.issuer, &retired).await
            }
            22 => {
                let (window, [counting, _]) = &self.count;
                let counted = store.count(window, 1, 5, *counting).await?;
                assert_eq!(counted, Counted::Within { used: 1 }, "a lost answer is no second count");
                Ok(())
            }
            23 => store.put_expiry_watch(None, &self.watch).await,
            24 => store.put_grant(None, &self.grant).await,
            _ => {
                let (window, [counting, taking_back]) = &self.count;
                store.take_back(window, 1, *counting, *taking_back).await
            }
        }
    }
}

/// One profile with that name, and one that always exists.
fn profiles(name: &str) -> ProfileSet {
    let acme_profile = [name, "kept"].map(|name| AcmeProfile::new(name.parse().unwrap())).into();
    ProfileSet { acme_profile, ..ProfileSet::default() }
}

fn open(cloud: &Cloud, retries: RetryConfig) -> (Cloud, DynamoDbStore) {
    cloud.create_table("acme");
    let config = cloud.sdk_config("faults").into_builder().retry_config(retries).build();
    (cloud.clone(), DynamoDbStore::new(Client::new(&config), "acme", Retention::default()))
}

/// A fault that does not occur in any write.
fn no_fault() -> Fault {
    Fault::new(FaultKind::Stale)
}

/// The retries of the client, without its long waits.
fn patient() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(2))
}

const VERBS: usize = 26;

/// The transient faults. Each is tried at each call.
const FAULTS: [FaultKind; 7] = [
    FaultKind::Throttled,
    FaultKind::TransactionConflict,
    FaultKind::Unprocessed,
    FaultKind::AnswerLost,
    FaultKind::AnswerLate,
    FaultKind::Unreachable,
    FaultKind::Unavailable,
];
