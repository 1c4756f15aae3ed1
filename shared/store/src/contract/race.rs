//! Races: of several writes that are based on the same version, one succeeds.

use acme::AccountStatus;

use super::{
    Tried, WORKS, assert_one_winner,
    fixture::{
        account, account_in, at, authorization, certificate, changed, dns, key, nonce, operation, order, processing,
        secrets, validating,
    },
    together,
};
use crate::{Creation, KeyReplacement, Redemption};

/// RFC 8555 §6.5, under load.
pub async fn one_hundred_redemptions_of_a_nonce_have_one_winner(store: Tried) {
    let nonce = nonce();
    let redemptions = (0..100).map(|_| {
        let (store, nonce) = (store.clone(), nonce.clone());
        async move { store.redeem_nonce(&nonce, at(300), operation()).await.expect(WORKS) }
    });
    let won = together(redemptions).await.into_iter().filter(|answer| *answer == Redemption::Redeemed).count();
    assert_eq!(won, 1, "exactly one of 100 may redeem the nonce");
}

/// Each request creates an account with the same key, like a client that repeats a request after a
/// lost answer.
pub async fn one_hundred_accounts_with_one_key_are_one_account(store: Tried) {
    let first = account();
    let (directory, thumbprint) = (first.directory.clone(), first.key.thumbprint());
    let creations = (0..100).map(|_| {
        let (store, account) = (store.clone(), account_in(&first.directory, first.key.clone()));
        async move { (account.id, store.create_account_if_absent(&account).await.expect(WORKS)) }
    });
    let answers = together(creations).await;
    let made: Vec<_> = answers.iter().filter(|(_, answer)| *answer == Creation::Created).map(|(id, _)| *id).collect();
    assert_eq!(made.len(), 1, "exactly one of 100 may make the account");
    for (_, answer) in &answers {
        if let Creation::Existing(existing) = answer {
            assert_eq!(Some(&existing.id), made.first(), "the others are shown the one that was made");
        }
    }
    let found = store.account_by_key(&directory, &thumbprint).await.expect(WORKS).map(|account| account.id);
    assert_eq!(found.as_ref(), made.first(), "the key leads to it");
}

/// Concurrent finalize requests start one issuance.
pub async fn of_many_changes_to_an_order_one_wins(store: Tried) {
    let account = account();
    let open = order(&account, &[]);
    store.create_order(&open, &[]).await.expect(WORKS);
    let changes = (0..50).map(|_| {
        let (store, open) = (store.clone(), open.clone());
        async move {
            let after = processing(&open, &certificate());
            store.update_order(&open, &after).await.map(|()| after)
        }
    });
    let results = together(changes).await;
    assert_one_winner(&results, "50 changes to one order");
    let stored = store.order(account.id, open.id).await.expect(WORKS);
    assert_eq!(stored, results.into_iter().find_map(Result::ok), "the order is as the winner wrote it");
}

/// Concurrent requests for a validation start one (threat 8).
pub async fn of_many_changes_to_an_authorization_one_wins(store: Tried) {
    let pending = authorization(&account(), dns("www.example.com"));
    store.create_authorization(&pending).await.expect(WORKS);
    let changes = (0..50).map(|_| {
        let (store, pending) = (store.clone(), pending.clone());
        async move { store.update_authorization(&pending, &validating(&pending)).await }
    });
    assert_one_winner(&together(changes).await, "50 changes to one authorization");
}

/// RFC 5280 §4.1.2.2, under load.
pub async fn of_many_certificates_with_one_id_one_is_intended(store: Tried) {
    let id = certificate().value.id;
    let intentions = (0..50).map(|_| {
        let (store, mut intended) = (store.clone(), certificate());
        intended.value.id = id.clone();
        async move { store.intend_certificate(&intended).await }
    });
    assert_one_winner(&together(intentions).await, "50 certificates with one id");
}

/// RFC 8555 §7.3.5, under load.
pub async fn two_accounts_cannot_take_the_same_new_key(store: Tried) {
    let first = account_in(&account().directory, key(1));
    let second = account_in(&first.directory, key(2));
    for account in [&first, &second] {
        store.create_account_if_absent(account).await.expect(WORKS);
    }
    let replacements = [first.clone(), second.clone()].map(|before| {
        let store = store.clone();
        let after = changed(&before, |account| account.key = key(3));
        async move { (after.id, store.replace_account_key(&before, &after).await.expect(WORKS)) }
    });
    let answers = together(replacements).await;
    let winners: Vec<_> = answers.iter().filter(|(_, answer)| *answer == KeyReplacement::Replaced).collect();
    let [(winner, _)] = winners[..] else { panic!("exactly one may take the key: {answers:?}") };
    assert!(answers.iter().any(|(_, answer)| *answer == KeyReplacement::KeyInUse(*winner)), "the other hears of it");
    let found = store.account_by_key(&first.directory, &key(3).thumbprint()).await.expect(WORKS);
    assert_eq!(found.map(|account| account.id), Some(*winner), "the key leads to the winner");
}

/// An engine that groups writes keeps them independent: next to many conflicting writes, every
/// write without a conflict succeeds.
pub async fn a_conflict_does_not_touch_the_writes_beside_it(store: Tried) {
    let contested = account();
    store.create_account_if_absent(&contested).await.expect(WORKS);
    let losers = (0..40).map(|number| {
        let (store, before) = (store.clone(), contested.clone());
        let after = changed(&before, |account| account.status = AccountStatus::Deactivated);
        let alone = order(&before, &[authorization(&before, dns(&format!("{number}.example.com")))]);
        async move {
            let (contested, alone_result) =
                tokio::join!(store.update_account(&before, &after), store.create_order(&alone, &[]));
            alone_result.expect("no other write changes this order");
            assert_eq!(store.order(before.id, alone.id).await.expect(WORKS), Some(alone));
            contested
        }
    });
    assert_one_winner(&together(losers).await, "40 changes to one account");
    let page = store.orders(contested.id, None, 100).await.expect(WORKS);
    assert_eq!(page.orders.len(), 40, "all of the others stand");
}

/// Two processes that start at the same time on a new store agree on the secrets.
pub async fn of_many_first_secrets_one_is_kept(store: Tried) {
    let changes = (0..20).map(|_| {
        let (store, first) = (store.clone(), secrets());
        async move { store.update_nonce_secrets(None, &first).await.map(|()| first) }
    });
    let results = together(changes).await;
    assert_one_winner(&results, "20 first secrets");
    let stored = store.nonce_secrets().await.expect(WORKS);
    assert_eq!(stored, results.into_iter().find_map(Result::ok), "the secrets are those of the winner");
}
