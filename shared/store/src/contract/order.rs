//! Orders and the list of an account's orders.

use acme::{AccountId, OrderState, Problem, ProblemType};

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{account, at, authorization, certificate, changed, dns, order, order_at, processing, random, valid},
};
use crate::OrderPage;

/// One hundred names, some of them authorized before.
pub async fn an_order_of_one_hundred_names_is_there_with_its_authorizations(store: Tried) {
    let account = account();
    let mut all: Vec<_> = (0..100).map(|n| authorization(&account, dns(&format!("{n}.example.com")))).collect();
    for reused in &mut all[..10] {
        store.create_authorization(reused).await.expect(WORKS);
        let shown = valid(reused);
        store.update_authorization(reused, &shown).await.expect(WORKS);
        *reused = shown;
    }
    let made = order(&account, &all);

    store.create_order(&made, &all[10..]).await.expect(WORKS);

    let read = store.order(account.id, made.id).await.expect(WORKS).expect("the order is there");
    assert_eq!(read, made);
    let read = store.authorizations(account.id, &read.authorizations).await.expect(WORKS);
    assert_eq!(read.len(), 100, "each name has its authorization");
    assert_eq!(read, all, "the new ones as given, the reused ones as they were");
}

/// An id is taken once, and the authorizations of a refused order are refused with it.
pub async fn an_order_whose_id_is_taken_changes_nothing(store: Tried) {
    let account = account();
    let first = order(&account, &[authorization(&account, dns("first.example.com"))]);
    store.create_order(&first, &[]).await.expect(WORKS);
    let mut second = order(&account, &[authorization(&account, dns("second.example.com"))]);
    second.value.id = first.id;
    assert_conflict(store.create_order(&second, &[]).await, "the id is taken");
    assert_eq!(store.order(account.id, first.id).await.expect(WORKS), Some(first), "nothing changed");
}

/// An update names the version that it is based on.
pub async fn an_order_changes_only_from_its_present_version(store: Tried) {
    let account = account();
    let open = order(&account, &[]);
    let under_way = processing(&open, &certificate());
    let failed = changed(&open, |order| {
        order.state = OrderState::Invalid(Problem::new(ProblemType::ServerInternal, "It failed."));
    });
    assert_conflict(store.update_order(&open, &under_way).await, "an order that does not exist cannot change");
    store.create_order(&open, &[]).await.expect(WORKS);
    store.update_order(&open, &under_way).await.expect(WORKS);
    assert_conflict(store.update_order(&open, &failed).await, "the order is no longer open");
    assert_eq!(store.order(account.id, open.id).await.expect(WORKS), Some(under_way), "the conflict changed nothing");
}

/// RFC 8555 §7.1.2.1.
pub async fn orders_are_listed_newest_first_in_pages(store: Tried) {
    let (account, other) = (account(), account());
    assert_eq!(store.orders(account.id, None, 3).await.expect(WORKS), OrderPage::default(), "none yet");
    let mut newest_first = Vec::new();
    for second in 0..7 {
        let made = order_at(second, &account, &[]);
        store.create_order(&made, &[]).await.expect(WORKS);
        store.create_order(&order_at(second, &other, &[]), &[]).await.expect(WORKS);
        newest_first.insert(0, made.id);
    }
    let mut before = None;
    for (expected, more) in [(&newest_first[0..3], true), (&newest_first[3..6], true), (&newest_first[6..7], false)] {
        let page = store.orders(account.id, before, 3).await.expect(WORKS);
        assert_eq!(page, OrderPage { orders: expected.to_vec(), more }, "before {before:?}");
        before = page.orders.last().copied();
    }
    let last = store.orders(account.id, before, 3).await.expect(WORKS);
    assert_eq!(last, OrderPage::default(), "nothing is older than the oldest");
    let whole = store.orders(account.id, None, 7).await.expect(WORKS);
    assert_eq!(whole, OrderPage { orders: newest_first, more: false }, "a page that just holds all has no successor");
}

/// Ownership: what belongs to another account is as unknown as what does not exist.
pub async fn an_order_of_another_account_is_unknown(store: Tried) {
    let owner = account();
    let made = order(&owner, &[]);
    store.create_order(&made, &[]).await.expect(WORKS);
    let stranger = AccountId::new(at(0), random());
    assert_eq!(store.order(stranger, made.id).await.expect(WORKS), None);
    assert_eq!(store.orders(stranger, None, 10).await.expect(WORKS), OrderPage::default());
    let mut stolen = changed(&made, |order| order.identifiers.push(dns("stolen.example.com")));
    stolen.value.account = stranger;
    let mut before = made.clone();
    before.value.account = stranger;
    assert_conflict(store.update_order(&before, &stolen).await, "the order is not there for a stranger");
    assert_eq!(store.order(owner.id, made.id).await.expect(WORKS), Some(made), "nothing changed");
}
