//! External account keys: each binds at most its maximum number of accounts.

use acme::ExternalAccountKeyId;

use super::{
    Tried, WORKS, assert_conflict, assert_one_winner,
    fixture::{account, account_in, at, bound, changed, external_account_key, external_account_secret, key, random},
    together,
};
use crate::{Creation, ExternalAccountKey, Page, StoreError, Versioned};

/// RFC 8555 §7.3.4: a key is identified by its id.
pub async fn an_external_account_key_reads_back(store: Tried) {
    let made = external_account_key();
    assert_eq!(store.external_account_key(made.id).await.expect(WORKS), None, "before it was made");
    for _ in 1..=2 {
        store.create_external_account_key(&made).await.expect(WORKS);
        assert_eq!(store.external_account_key(made.id).await.expect(WORKS).as_ref(), Some(&made));
    }
    let other = changed(&made, |key| key.revoked = true);
    assert_conflict(store.create_external_account_key(&other).await, "the id is taken");
}

/// An account and the key that binds it change together, and a repetition changes nothing.
pub async fn an_account_is_made_together_with_its_binding(store: Tried) {
    let (account, unbound) = (account(), external_account_key());
    let bound = bound(&unbound, &account);
    store.create_external_account_key(&unbound).await.expect(WORKS);
    for round in 1..=2 {
        let answer = store.create_bound_account_if_absent(&account, &unbound, &bound).await.expect(WORKS);
        assert_eq!(answer, Creation::Created, "round {round}");
        assert_eq!(store.account(account.id).await.expect(WORKS).as_ref(), Some(&account));
        assert_eq!(store.external_account_key(bound.id).await.expect(WORKS).as_ref(), Some(&bound));
    }
    let thumbprint = account.key.thumbprint();
    let found = store.account_by_key(&account.directory, &thumbprint).await.expect(WORKS);
    assert_eq!(found.as_ref(), Some(&account), "by its key");
}

/// A key that has bound an account or otherwise changed in between creates no account.
pub async fn a_binding_that_met_another_change_makes_no_account(store: Tried) {
    let (first, second, unbound) = (account(), account(), external_account_key());
    store.create_external_account_key(&unbound).await.expect(WORKS);
    store.create_bound_account_if_absent(&first, &unbound, &bound(&unbound, &first)).await.expect(WORKS);
    let late = store.create_bound_account_if_absent(&second, &unbound, &bound(&unbound, &second)).await;
    assert_conflict(late, "the key is bound");
    assert_eq!(store.account(second.id).await.expect(WORKS), None, "the account was not made");
    let by_key = store.account_by_key(&second.directory, &second.key.thumbprint()).await.expect(WORKS);
    assert_eq!(by_key, None, "its key is free");

    let unknown = external_account_key();
    let answer = store.create_bound_account_if_absent(&second, &unknown, &bound(&unknown, &second)).await;
    assert_conflict(answer, "there is no such key");
    assert_eq!(store.account(second.id).await.expect(WORKS), None);
}

/// RFC 8555 §7.3.1: an existing account is returned, and the external account key does not change.
pub async fn a_binding_for_a_known_account_leaves_the_key_unbound(store: Tried) {
    let (existing, unbound) = (account(), external_account_key());
    let again = account_in(&existing.directory, existing.key.clone());
    store.create_account_if_absent(&existing).await.expect(WORKS);
    store.create_external_account_key(&unbound).await.expect(WORKS);
    let answer = store.create_bound_account_if_absent(&again, &unbound, &bound(&unbound, &again)).await;
    assert_eq!(answer.expect(WORKS), Creation::Existing(existing));
    assert_eq!(store.external_account_key(unbound.id).await.expect(WORKS), Some(unbound), "it is unbound");
}

/// Threat 19: of many requests for accounts with one key, one creates an account.
pub async fn of_many_accounts_with_one_binding_one_is_made(store: Tried) {
    let unbound = external_account_key();
    store.create_external_account_key(&unbound).await.expect(WORKS);
    let directory = super::fixture::directory();
    let creations = (0..20).map(|number| {
        let (store, unbound, account) = (store.clone(), unbound.clone(), account_in(&directory, key(number)));
        async move {
            let bound = bound(&unbound, &account);
            store.create_bound_account_if_absent(&account, &unbound, &bound).await.map(|_| account)
        }
    });
    let results = together(creations).await;
    assert_one_winner(&results, "20 accounts with one key");
    let winner = results.into_iter().find_map(Result::ok).expect("there is a winner");
    let stored = store.external_account_key(unbound.id).await.expect(WORKS).expect("the key is there");
    assert_eq!((stored.accounts, &stored.bound), (1, &vec![winner.id]));
    assert_eq!(store.account(winner.id).await.expect(WORKS), Some(winner));
}

/// A key for several accounts counts each of them once: a request that conflicts with another
/// repeats its decision.
pub async fn a_key_for_several_accounts_counts_each_of_them(store: Tried) {
    let unbound = changed(&external_account_key(), |key| key.max_accounts = Some(20));
    store.create_external_account_key(&unbound).await.expect(WORKS);
    let directory = super::fixture::directory();
    let creations = (0..30).map(|number| {
        let (store, id, account) = (store.clone(), unbound.id, account_in(&directory, key(number)));
        async move {
            loop {
                let before = store.external_account_key(id).await.expect(WORKS).expect("the key is there");
                if !before.is_usable(at(0)) {
                    return None;
                }
                let after = bound(&before, &account);
                match store.create_bound_account_if_absent(&account, &before, &after).await {
                    Err(StoreError::Conflict) => {}
                    made => return Some(made.map(|_| account.id).expect(WORKS)),
                }
            }
        }
    });
    let made: Vec<_> = together(creations).await.into_iter().flatten().collect();
    assert_eq!(made.len(), 20, "as many as it may bind");
    let stored = store.external_account_key(unbound.id).await.expect(WORKS).expect("the key is there");
    assert_eq!((stored.accounts, stored.bound.len()), (20, 16), "each is counted, some are listed");
    for account in &made {
        assert!(store.account(*account).await.expect(WORKS).is_some(), "{account} was made");
    }
}

/// A change of the operator applies to every later request with the key, and a concurrent binding
/// does not undo it.
pub async fn an_external_account_key_changes_only_from_its_present_version(store: Tried) {
    let (account, before) = (account(), external_account_key());
    let revoked = changed(&before, |key| key.revoked = true);
    assert_conflict(store.update_external_account_key(&before, &revoked).await, "there is no such key");
    store.create_external_account_key(&before).await.expect(WORKS);
    for _ in 1..=2 {
        store.update_external_account_key(&before, &revoked).await.expect(WORKS);
        assert_eq!(store.external_account_key(before.id).await.expect(WORKS).as_ref(), Some(&revoked));
    }
    let late = store.create_bound_account_if_absent(&account, &before, &bound(&before, &account)).await;
    assert_conflict(late, "the key was taken back");
    assert_eq!(store.account(account.id).await.expect(WORKS), None);
    let relabelled = changed(&before, |key| key.label = "late".to_owned());
    assert_conflict(store.update_external_account_key(&before, &relabelled).await, "it is no longer what it was");
}

/// Pages list the oldest keys first.
pub async fn external_account_keys_are_listed_in_pages(store: Tried) {
    let mut made = Vec::new();
    for second in 0..7 {
        let mut key = external_account_key();
        key.value.id = ExternalAccountKeyId::new(at(second), random());
        store.create_external_account_key(&key).await.expect(WORKS);
        made.push(key);
    }
    let mut found = Vec::new();
    for more in [true, true, false] {
        let after = found.last().map(|key: &Versioned<ExternalAccountKey>| key.id);
        let page = store.external_account_keys(after, 3).await.expect(WORKS);
        assert_eq!(page.more, more, "behind {after:?}");
        found.extend(page.items);
    }
    assert_eq!(found, made);
    let none = store.external_account_keys(found.last().map(|key| key.id), 3).await.expect(WORKS);
    assert_eq!(none, Page::default(), "nothing follows the last");
}

/// The first secret stays.
pub async fn the_secret_of_external_accounts_is_never_replaced(store: Tried) {
    assert_eq!(store.external_account_secret().await.expect(WORKS), None, "before it was made");
    let (first, second) = (external_account_secret(), external_account_secret());
    assert!(first.made_at == at(0) && first != second);
    for secret in [&first, &second, &first] {
        store.create_external_account_secret_if_absent(secret).await.expect(WORKS);
        assert_eq!(store.external_account_secret().await.expect(WORKS).as_ref(), Some(&first));
    }
}
