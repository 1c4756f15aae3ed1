//! A lost answer is not a lost write: repeating the same write succeeds and changes nothing.

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{
        account, at, authorization, certificate, changed, crl, dns, issued, issuer_id, key, order, processing, revoked,
        secrets, valid,
    },
};
use crate::{Creation, KeyReplacement};

/// The second creation returns the outcome of the first.
pub async fn an_account_made_twice_is_made_once(store: Tried) {
    let first = account();
    let second = changed(&first, |account| account.contact.clear());
    for round in 1..=2 {
        let answer = store.create_account_if_absent(&first).await.expect(WORKS);
        assert_eq!(answer, Creation::Created, "round {round}: it is there, as given");
        assert_eq!(store.account(first.id).await.expect(WORKS).as_ref(), Some(&first));
    }
    for _ in 1..=2 {
        store.update_account(&first, &second).await.expect(WORKS);
        assert_eq!(store.account(first.id).await.expect(WORKS).as_ref(), Some(&second));
    }
}

/// The second key replacement returns the outcome of the first.
pub async fn a_key_replaced_twice_is_replaced_once(store: Tried) {
    let before = account();
    let after = changed(&before, |account| account.key = key(1));
    store.create_account_if_absent(&before).await.expect(WORKS);
    for round in 1..=2 {
        let answer = store.replace_account_key(&before, &after).await.expect(WORKS);
        assert_eq!(answer, KeyReplacement::Replaced, "round {round}");
        let found = store.account_by_key(&before.directory, &after.key.thumbprint()).await.expect(WORKS);
        assert_eq!(found.as_ref(), Some(&after));
    }
}

/// Orders together with their authorizations.
pub async fn an_order_made_and_changed_twice_is_so_once(store: Tried) {
    let account = account();
    let new = [authorization(&account, dns("a.example.com")), authorization(&account, dns("b.example.com"))];
    let open = order(&account, &new);
    let under_way = processing(&open, &certificate());
    for _ in 1..=2 {
        store.create_order(&open, &new).await.expect(WORKS);
        assert_eq!(store.order(account.id, open.id).await.expect(WORKS).as_ref(), Some(&open));
        assert_eq!(store.authorizations(account.id, &open.authorizations).await.expect(WORKS), new);
    }
    for _ in 1..=2 {
        store.update_order(&open, &under_way).await.expect(WORKS);
        assert_eq!(store.order(account.id, open.id).await.expect(WORKS).as_ref(), Some(&under_way));
    }
    let page = store.orders(account.id, None, 10).await.expect(WORKS);
    assert_eq!(page.orders, [open.id], "it is listed once");
}

/// Authorizations together with their proofs.
pub async fn an_authorization_changed_twice_is_changed_once(store: Tried) {
    let account = account();
    let name = dns("www.example.com");
    let pending = authorization(&account, name.clone());
    let shown = valid(&pending);
    for _ in 1..=2 {
        store.create_authorization(&pending).await.expect(WORKS);
    }
    for _ in 1..=2 {
        store.update_authorization(&pending, &shown).await.expect(WORKS);
        assert_eq!(store.authorization(account.id, shown.id).await.expect(WORKS).as_ref(), Some(&shown));
        assert_eq!(store.proofs(account.id, std::slice::from_ref(&name)).await.expect(WORKS).len(), 1);
    }
}

/// Certificates in every state.
pub async fn a_certificate_written_twice_is_written_once(store: Tried) {
    let intended = certificate();
    let signed = issued(&intended);
    let gone = revoked(&signed);
    for _ in 1..=2 {
        store.intend_certificate(&intended).await.expect(WORKS);
    }
    for _ in 1..=2 {
        store.update_certificate(&intended, &signed).await.expect(WORKS);
    }
    for _ in 1..=2 {
        store.update_certificate(&signed, &gone).await.expect(WORKS);
        let listed = store.revoked_certificates(&intended.issuer, 0, at(0)).await.expect(WORKS);
        assert_eq!(listed.len(), 1, "it is listed once");
    }
    assert_eq!(store.certificate(&intended.id).await.expect(WORKS), Some(gone));
}

/// CRLs and nonce secrets.
pub async fn a_crl_and_secrets_put_twice_are_put_once(store: Tried) {
    let first = crl(&issuer_id(), 1);
    for _ in 1..=2 {
        store.put_crl(&first).await.expect(WORKS);
    }
    assert_eq!(store.crl(&first.issuer, first.shard).await.expect(WORKS), Some(first));
    let (first, second) = (secrets(), secrets());
    for (before, after) in [(None, &first), (Some(first.version), &second)] {
        for _ in 1..=2 {
            store.update_nonce_secrets(before, after).await.expect(WORKS);
            assert_eq!(store.nonce_secrets().await.expect(WORKS).as_ref(), Some(after));
        }
    }
}

/// A repetition after a later write of another caller is a conflict.
pub async fn an_operation_does_not_come_back_over_a_later_one(store: Tried) {
    let first = account();
    let second = changed(&first, |account| account.contact.clear());
    let third = changed(&second, |account| account.key = key(1));
    store.create_account_if_absent(&first).await.expect(WORKS);
    store.update_account(&first, &second).await.expect(WORKS);
    store.replace_account_key(&second, &third).await.expect(WORKS);
    assert_conflict(store.update_account(&first, &second).await, "the account has moved on");
    assert_eq!(store.account(first.id).await.expect(WORKS), Some(third));
}
