//! What the engine of the one-process host does beyond the contract: it survives stops, has
//! exclusive access to its file, reports unfinished work, deletes expired records, and groups
//! concurrent writes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

use std::path::Path;

use acme::{ChallengeType, OrderState};
use store::{
    AccountStore, AuditStore, AuthorizationStore, CertificateStore, CrlStore, IncidentStore, LimitStore, LookupStore,
    NonceStore, OrderStore, Redemption, Retention, StoreError,
    contract::fixture::{
        self, DAY, account, at, audit_record, authorization, certificate, changed, dns, incident, issued, limit_window,
        nonce, operation, order, processing, revoked, secrets, valid, validating,
    },
    embedded::{EmbeddedStore, EngineOptions, OpenError, Unfinished},
};
use tempfile::TempDir;

fn open(folder: &TempDir) -> EmbeddedStore {
    EmbeddedStore::open(folder.path().join("store.redb"), EngineOptions::default()).unwrap()
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_store_was_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, kept_secrets, used) = (account(), secrets(), nonce());
    let store = open(&folder);
    assert!(!store.was_unclean(), "a new file was not left by a crash");
    store.create_account_if_absent(&kept).await.unwrap();
    store.update_nonce_secrets(None, &kept_secrets).await.unwrap();
    store.redeem_nonce(&used, at(300), operation()).await.unwrap();
    drop(store);

    let store = open(&folder);
    assert!(!store.was_unclean());
    assert_eq!(store.account(kept.id).await.unwrap(), Some(kept));
    assert_eq!(store.nonce_secrets().await.unwrap(), Some(kept_secrets), "a clean stop keeps the secrets");
    let again = store.redeem_nonce(&used, at(300), operation()).await.unwrap();
    assert_eq!(again, Redemption::AlreadyUsed, "a clean stop keeps redemptions");
}

#[tokio::test]
async fn a_closed_store_refuses_and_gives_the_file_back() {
    let folder = tempfile::tempdir().unwrap();
    let (used, late) = (nonce(), nonce());
    let store = open(&folder);
    store.redeem_nonce(&used, at(300), operation()).await.unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    let refused = |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::Unavailable(_))));
    refused(store.create_account_if_absent(&account()).await.map(drop));
    refused(store.redeem_nonce(&late, at(300), operation()).await.map(drop));
    refused(store.account(account().id).await.map(drop));

    let reopened = open(&folder);
    assert!(!reopened.was_unclean());
    for (nonce, answer) in [(&used, Redemption::AlreadyUsed), (&late, Redemption::Redeemed)] {
        assert_eq!(reopened.redeem_nonce(nonce, at(300), operation()).await.unwrap(), answer);
    }
}

#[test]
fn a_file_in_use_is_refused_and_only_its_owner_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let _store = open(&folder);
    let path = folder.path().join("store.redb");
    let second = EmbeddedStore::open(&path, EngineOptions::default());
    assert!(matches!(second, Err(OpenError::InUse { .. })), "{second:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_is_no_store_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| EmbeddedStore::open(path, EngineOptions::default());
    let text = folder.path().join("text");
    std::fs::write(&text, "This is a letter, not a store.\n".repeat(400)).unwrap();
    assert!(matches!(open(&text), Err(OpenError::Corrupt { .. })), "{:?}", open(&text));
    let nowhere = folder.path().join("no such folder").join("store.redb");
    assert!(matches!(open(&nowhere), Err(OpenError::Unusable { .. })), "{:?}", open(&nowhere));
}

#[tokio::test]
async fn unfinished_work_is_known_until_it_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let account = account();
    let pending = authorization(&account, dns("www.example.com"));
    let under_way = validating(&pending);
    let open_order = order(&account, std::slice::from_ref(&pending));
    let being_issued = processing(&open_order, &certificate());
    store.create_order(&open_order, std::slice::from_ref(&pending)).await.unwrap();
    assert_eq!(store.unfinished().await.unwrap(), Unfinished::default());

    store.update_authorization(&pending, &under_way).await.unwrap();
    store.update_order(&open_order, &being_issued).await.unwrap();
    drop(store);
    let store = open(&folder);
    let unfinished = Unfinished {
        validations: vec![(account.id, pending.id, ChallengeType::Http01)],
        issuances: vec![(account.id, open_order.id)],
    };
    assert_eq!(store.unfinished().await.unwrap(), unfinished);

    store.update_authorization(&under_way, &valid(&under_way)).await.unwrap();
    let done = changed(&being_issued, |order| {
        if let OrderState::Processing(issuance) = &order.state {
            order.state = OrderState::Valid(issuance.clone());
        }
    });
    store.update_order(&being_issued, &done).await.unwrap();
    assert_eq!(store.unfinished().await.unwrap(), Unfinished::default());
}

#[tokio::test]
async fn what_has_served_is_deleted_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let account = account();
    let name = dns("www.example.com");
    let pending = authorization(&account, name.clone());
    let shown = valid(&pending);
    let (forgotten, issuing) = (order(&account, &[]), order(&account, std::slice::from_ref(&shown)));
    let intended = certificate();
    let gone = revoked(&issued(&intended));
    store.create_account_if_absent(&account).await.unwrap();
    store.create_order(&forgotten, &[]).await.unwrap();
    store.create_order(&issuing, std::slice::from_ref(&pending)).await.unwrap();
    store.update_authorization(&pending, &shown).await.unwrap();
    store.update_order(&issuing, &processing(&issuing, &intended)).await.unwrap();
    store.intend_certificate(&intended).await.unwrap();
    store.update_certificate(&intended, &gone).await.unwrap();
    store.redeem_nonce(&nonce(), at(300), operation()).await.unwrap();

    let there = async |seconds| {
        while store.purge(at(seconds), 2).await.unwrap() == 2 {}
        (
            store.order(account.id, forgotten.id).await.unwrap().is_some(),
            store.authorization(account.id, shown.id).await.unwrap().is_some(),
            !store.proofs(account.id, std::slice::from_ref(&name)).await.unwrap().is_empty(),
            store.order(account.id, issuing.id).await.unwrap().is_some(),
            store.certificate(&intended.id).await.unwrap().is_some(),
            !store.revoked_certificates(&intended.issuer, 0, at(0)).await.unwrap().is_empty(),
        )
    };
    let hour = DAY / 24;
    // An open order ends after a day; what is unfinished is kept for seven more.
    assert_eq!(there(8 * DAY - hour).await, (true, true, true, true, true, true));
    assert_eq!(there(8 * DAY + hour).await, (false, true, true, true, true, true));
    // The authorization was extended to thirty days when it became valid.
    assert_eq!(there(37 * DAY - hour).await, (false, true, true, true, true, true));
    assert_eq!(there(37 * DAY + hour).await, (false, false, false, true, true, true));
    // Certificate and order are kept for one year after the ninety days.
    assert_eq!(there((90 + 365) * DAY - hour).await, (false, false, false, true, true, true));
    assert_eq!(there((90 + 365) * DAY + hour).await, (false, false, false, false, false, false));
    assert!(store.account(account.id).await.unwrap().is_some(), "accounts stay");
    assert_eq!(store.unfinished().await.unwrap(), Unfinished::default(), "nor is the deleted order unfinished");
    assert_eq!(store.purge(at(1_000 * DAY), 100).await.unwrap(), 0, "nothing is left to look at");
}

#[tokio::test]
async fn accounts_that_were_not_used_are_deleted_with_their_keys_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let until = |end: Option<i64>| changed(&account(), |account| account.unused_until = end.map(at));
    let [unused, used, ended, unlimited] = [until(Some(DAY)), until(Some(DAY)), until(Some(DAY)), until(None)];
    for account in [&unused, &used, &ended, &unlimited] {
        store.create_account_if_absent(account).await.unwrap();
    }
    let kept = changed(&used, |account| account.unused_until = None);
    store.update_account(&used, &kept).await.unwrap();
    let disabled = changed(&ended, |account| account.status = acme::AccountStatus::Revoked);
    store.update_account(&ended, &disabled).await.unwrap();
    let there = async |account: &acme::Account| {
        let by_key = store.account_by_key(&account.directory, &account.key.thumbprint()).await.unwrap();
        let by_contact = store.accounts_by_contact(&account.contact[0], None, 9).await.unwrap();
        let found = store.account(account.id).await.unwrap();
        assert_eq!(found.is_some(), by_key.is_some());
        assert_eq!(found.is_some(), by_contact.items.iter().any(|found| found.id == account.id));
        found.is_some()
    };
    let purged = async |seconds| while store.purge(at(seconds), 2).await.unwrap() == 2 {};
    purged(DAY - 1).await;
    assert!(there(&unused).await, "it may still be used");
    purged(DAY + 3_600).await;
    assert!(!there(&unused).await);
    purged(1_000 * DAY).await;
    assert!(there(&used).await && there(&ended).await && there(&unlimited).await);
}

#[tokio::test]
async fn what_leads_to_a_certificate_and_what_counts_go_when_they_have_served() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let (intended, window, ended) = (certificate(), limit_window(), incident());
    let ended = changed(&ended, |incident| incident.ended_at = Some(at(0)));
    store.intend_certificate(&intended).await.unwrap();
    let issued = issued(&intended);
    store.update_certificate(&intended, &issued).await.unwrap();
    store.count(&window, 1, 9, operation()).await.unwrap();
    store.append_audit(&audit_record()).await.unwrap();
    store.put_incident(None, &ended).await.unwrap();
    let there = async |seconds| {
        while store.purge(at(seconds), 2).await.unwrap() == 2 {}
        let named = store.certificates_by_name(&intended.identifiers[0], None, 9).await.unwrap();
        let ending = store.certificates_ending(at(0), at(100 * DAY), None, 9).await.unwrap();
        let key = issued.key.unwrap();
        let keyed = store.certificates_by_key(&key, None, 9).await.unwrap();
        (
            store.counted(std::slice::from_ref(&window)).await.unwrap()[0],
            named.items.len() + ending.items.len() + keyed.items.len(),
            store.incidents().await.unwrap().len(),
            store.audit(None, 9).await.unwrap().items.len(),
        )
    };
    let hour = DAY / 24;
    assert_eq!(there(2 * hour - 1).await, (1, 3, 1, 1), "the window after that of the counter goes on");
    assert_eq!(there(3 * hour).await, (0, 3, 1, 1));
    assert_eq!(there(366 * DAY + hour).await, (0, 3, 0, 1), "the incident ended a year ago");
    assert_eq!(there((90 + 365) * DAY + hour).await, (0, 0, 0, 1), "with the certificate goes what leads to it");
    assert_eq!(there(3660 * DAY + hour).await, (0, 0, 0, 0), "what operators did is known for ten years");
}

#[tokio::test]
async fn a_proof_outlives_the_older_authorization_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let account = account();
    let name = dns("www.example.com");
    let mut newest = None;
    for lifetime in [DAY, 60 * DAY] {
        let pending = authorization(&account, name.clone());
        let shown = changed(&valid(&pending), |authorization| authorization.expires_at = at(lifetime));
        store.create_authorization(&pending).await.unwrap();
        store.update_authorization(&pending, &shown).await.unwrap();
        newest = Some(shown.id);
    }
    store.purge(at(30 * DAY), 100).await.unwrap();
    let proofs = store.proofs(account.id, &[name]).await.unwrap();
    assert_eq!(proofs.first().map(|proof| proof.authorization), newest);
}

#[tokio::test]
async fn a_record_is_asked_before_it_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let made = order(&account(), &[]);
    {
        let hasty = Retention { unfinished: jiff::SignedDuration::ZERO, ..Retention::default() };
        let store = EmbeddedStore::open(&path, EngineOptions { retention: hasty, ..EngineOptions::default() }).unwrap();
        store.create_order(&made, &[]).await.unwrap();
    }
    let store = EmbeddedStore::open(&path, EngineOptions::default()).unwrap();
    assert_eq!(store.purge(at(2 * DAY), 100).await.unwrap(), 1, "the old rule led to it");
    assert!(store.order(made.account, made.id).await.unwrap().is_some(), "the present rule keeps it");
    store.purge(at(9 * DAY), 100).await.unwrap();
    assert_eq!(store.order(made.account, made.id).await.unwrap(), None, "until its time has come");
}

#[tokio::test]
async fn a_nonce_is_forgotten_after_its_life_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let nonce = nonce();
    let redeem = async || store.redeem_nonce(&nonce, at(300), operation()).await.unwrap();
    assert_eq!(redeem().await, Redemption::Redeemed);
    store.purge(at(299), 100).await.unwrap();
    assert_eq!(redeem().await, Redemption::AlreadyUsed);
    store.purge(at(300), 100).await.unwrap();
    assert_eq!(redeem().await, Redemption::Redeemed, "nothing of it is kept in memory");
    drop(store);
    let store = open(&folder);
    store.purge(at(300), 100).await.unwrap();
    drop(store);
    let again = open(&folder).redeem_nonce(&nonce, at(300), operation()).await.unwrap();
    assert_eq!(again, Redemption::Redeemed, "nothing of it is kept in the file");
}

#[tokio::test]
async fn records_are_counted_as_they_are_asked_for_and_put() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let account = account();
    let pending = authorization(&account, dns("www.example.com"));
    let made = order(&account, std::slice::from_ref(&pending));
    let certificate = certificate();
    let mut before = store.counts();
    let mut took = |reads, writes, what| {
        let after = store.counts();
        assert_eq!((after.reads - before.reads, after.writes - before.writes), (reads, writes), "{what}");
        before = after;
    };
    store.create_account_if_absent(&account).await.unwrap();
    took(0, 4, "the account, its key, its contact and its missing binding");
    store.account_by_key(&account.directory, &account.key.thumbprint()).await.unwrap();
    took(2, 0, "the key and its account");
    store.create_order(&made, std::slice::from_ref(&pending)).await.unwrap();
    took(0, 4, "the order, its place in the list, the authorization and the proof");
    store.authorizations(account.id, &[pending.id]).await.unwrap();
    took(1, 0, "the authorization");
    store.update_authorization(&pending, &valid(&pending)).await.unwrap();
    took(0, 1, "the authorization");
    store.update_order(&made, &processing(&made, &certificate)).await.unwrap();
    took(0, 1, "the order; that it is unfinished is no record");
    store.update_order(&made, &processing(&made, &certificate)).await.unwrap_err();
    took(0, 0, "a conflict writes nothing");
    store.intend_certificate(&certificate).await.unwrap();
    store.update_certificate(&certificate, &revoked(&certificate)).await.unwrap();
    took(0, 6, "the certificate twice, its two names and its end, and its place among the revoked");
    let certificate = changed(&certificate, |certificate| certificate.id = fixture::certificate().id.clone());
    store.intend_certificate(&certificate).await.unwrap();
    store.update_certificate(&certificate, &issued(&certificate)).await.unwrap();
    took(0, 6, "the certificate twice, its two names and its end, and its key once it is issued");
    store.redeem_nonce(&nonce(), at(300), operation()).await.unwrap();
    store.block_key(&account.key.thumbprint(), at(0)).await.unwrap();
    took(0, 2, "the blocked key, and the nonce that is put at the end");
}
