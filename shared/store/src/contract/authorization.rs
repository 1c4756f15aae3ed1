//! Authorizations and proofs.

use acme::{AccountId, AuthorizationId, AuthorizationState};

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{account, at, authorization, dns, ip, order, random, valid, validating},
};
use crate::Proof;

/// RFC 8555 §7.4.1: an authorization without an order.
pub async fn a_new_authorization_reads_back(store: Tried) {
    let made = authorization(&account(), dns("www.example.com"));
    assert_eq!(store.authorization(made.account, made.id).await.expect(WORKS), None, "before it was made");
    store.create_authorization(&made).await.expect(WORKS);
    assert_eq!(store.authorization(made.account, made.id).await.expect(WORKS).as_ref(), Some(&made));
    let mut other = authorization(&account(), dns("other.example.com"));
    (other.value.id, other.value.account) = (made.id, made.account);
    assert_conflict(store.create_authorization(&other).await, "the id is taken");
    assert_eq!(store.authorization(made.account, made.id).await.expect(WORKS), Some(made), "nothing changed");
}

/// The answer has the order of the request; unknown ids are left out.
pub async fn several_authorizations_come_in_the_order_asked_for(store: Tried) {
    let account = account();
    let made: Vec<_> = (0..5).map(|n| authorization(&account, dns(&format!("{n}.example.com")))).collect();
    for authorization in &made {
        store.create_authorization(authorization).await.expect(WORKS);
    }
    let unknown = AuthorizationId::new(at(0), random());
    let asked: Vec<_> = made.iter().rev().map(|authorization| authorization.id).chain([unknown]).collect();
    let found = store.authorizations(account.id, &asked).await.expect(WORKS);
    let expected: Vec<_> = made.into_iter().rev().collect();
    assert_eq!(found, expected);
    assert_eq!(store.authorizations(account.id, &[]).await.expect(WORKS), [], "nothing was asked for");
}

/// A proof appears with the authorization and stays while that is validated; a wildcard name is an
/// identifier of its own.
pub async fn a_new_authorization_is_the_proof_of_its_name(store: Tried) {
    let account = account();
    let names = [dns("*.example.com"), dns("example.com"), ip("192.0.2.1"), dns("never.example.com")];
    for name in &names[..3] {
        let pending = authorization(&account, name.clone());
        let under_way = validating(&pending);
        let shown = valid(&under_way);
        let early = store.proofs(account.id, std::slice::from_ref(name)).await.expect(WORKS);
        assert_eq!(early, [], "{name} has no authorization yet");
        store.create_authorization(&pending).await.expect(WORKS);
        let proof = Proof { identifier: name.clone(), authorization: pending.id, expires_at: pending.expires_at };
        store.update_authorization(&pending, &under_way).await.expect(WORKS);
        store.update_authorization(&under_way, &shown).await.expect(WORKS);
        let found = store.proofs(account.id, std::slice::from_ref(name)).await.expect(WORKS);
        assert_eq!(found, [proof], "{name}");
        let stored = store.authorization(account.id, shown.id).await.expect(WORKS);
        assert_eq!(stored.as_ref(), Some(&shown), "the authorization is valid");
        assert_conflict(store.update_authorization(&under_way, &valid(&under_way)).await, "it is no longer under way");
    }
    let mut found: Vec<_> = store.proofs(account.id, &names).await.expect(WORKS);
    found.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    let mut expected = names[..3].to_vec();
    expected.sort();
    let found: Vec<_> = found.into_iter().map(|proof| proof.identifier).collect();
    assert_eq!(found, expected, "those that were to be shown, and no other");
}

/// The authorizations of a new order are proofs as well, however many they are, unless they need no
/// validation.
pub async fn the_new_authorizations_of_an_order_are_proofs(store: Tried) {
    for count in [1, 30] {
        let account = account();
        let names: Vec<_> = (0..count).map(|n| dns(&format!("{n}.example.com"))).collect();
        let mut new: Vec<_> = names.iter().map(|name| authorization(&account, name.clone())).collect();
        let mut approved = authorization(&account, dns("approved.example.com"));
        approved.value.state = AuthorizationState::Valid;
        new.push(approved);
        store.create_order(&order(&account, &new), &new).await.expect(WORKS);
        let found = store.proofs(account.id, &names).await.expect(WORKS);
        let found: Vec<_> = found.iter().map(|proof| proof.authorization).collect();
        assert_eq!(found, new[..count].iter().map(|new| new.id).collect::<Vec<_>>(), "{count}");
        assert_eq!(store.proofs(account.id, &[dns("approved.example.com")]).await.expect(WORKS), []);
    }
}

/// Later authorizations replace earlier ones.
pub async fn the_newest_authorization_is_the_proof(store: Tried) {
    let account = account();
    let name = dns("www.example.com");
    let mut newest = None;
    for _ in 0..3 {
        let pending = authorization(&account, name.clone());
        let shown = valid(&pending);
        store.create_authorization(&pending).await.expect(WORKS);
        store.update_authorization(&pending, &shown).await.expect(WORKS);
        newest = Some(shown.id);
    }
    let found = store.proofs(account.id, &[name]).await.expect(WORKS);
    let found: Vec<_> = found.iter().map(|proof| Some(proof.authorization)).collect();
    assert_eq!(found, [newest]);
}

/// Ownership: what belongs to another account is as unknown as what does not exist.
pub async fn an_authorization_of_another_account_is_unknown(store: Tried) {
    let name = dns("www.example.com");
    let pending = authorization(&account(), name.clone());
    store.create_authorization(&pending).await.expect(WORKS);
    store.update_authorization(&pending, &valid(&pending)).await.expect(WORKS);
    let stranger = AccountId::new(at(0), random());
    assert_eq!(store.authorization(stranger, pending.id).await.expect(WORKS), None, "alone");
    assert_eq!(store.authorizations(stranger, &[pending.id]).await.expect(WORKS), [], "among several");
    assert_eq!(store.proofs(stranger, &[name]).await.expect(WORKS), [], "as a proof");
}
