//! Look-ups for operators.

use acme::{AccountStatus, Contact};

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{
        DAY, account, account_in, at, bound, certificate, changed, directory, dns, external_account_key, issued, key,
        order_at, processing,
    },
};
use crate::{BlockedKey, CertificateEntry, CertificateRecord, KeyReplacement, Page, Versioned};

/// A wildcard name is an identifier of its own.
pub async fn certificates_are_found_by_each_of_their_names(store: Tried) {
    let [a, b, wildcard] = ["a.example.com", "b.example.com", "*.example.com"].map(dns);
    let both = made(&store, 90, &[a.clone(), b.clone()]).await;
    let one = made(&store, 30, std::slice::from_ref(&a)).await;
    let last = made(&store, 365, &[a.clone(), wildcard.clone()]).await;
    let all = store.certificates_by_name(&a, None, 10).await.expect(WORKS);
    assert_eq!(all, Page { items: vec![last.clone(), both.clone(), one.clone()], more: false }, "latest expiry first");
    let first = store.certificates_by_name(&a, None, 2).await.expect(WORKS);
    assert_eq!(first, Page { items: vec![last.clone(), both.clone()], more: true });
    let rest = store.certificates_by_name(&a, Some(&both), 2).await.expect(WORKS);
    assert_eq!(rest, Page { items: vec![one], more: false });
    assert_eq!(store.certificates_by_name(&b, None, 10).await.expect(WORKS).items, [both]);
    assert_eq!(store.certificates_by_name(&wildcard, None, 10).await.expect(WORKS).items, [last]);
    let none = store.certificates_by_name(&dns("example.com"), None, 10).await.expect(WORKS);
    assert_eq!(none, Page::default(), "no certificate has that name");
}

/// Intended and issued certificates, and several with the same key.
pub async fn certificates_are_found_by_their_key(store: Tried) {
    let with_key = |number: u8, days: i64| {
        changed(&certificate(), |certificate| {
            certificate.key = (number != 2).then(|| key(number).thumbprint());
            certificate.not_after = at(days * DAY);
        })
    };
    let [short, long, other] = [with_key(2, 30), with_key(2, 90), with_key(3, 90)];
    let unknown = with_key(2, 90);
    for certificate in [&short, &long, &other, &unknown] {
        store.intend_certificate(certificate).await.expect(WORKS);
    }
    for certificate in [&short, &long] {
        let none = store.certificates_by_key(&key(2).thumbprint(), Some(&entry(certificate)), 10).await.expect(WORKS);
        assert_eq!(none, Page::default(), "its key is not on record yet");
    }
    for certificate in [&long, &short] {
        let issued = changed(&issued(certificate), |certificate| certificate.key = Some(key(2).thumbprint()));
        store.update_certificate(certificate, &issued).await.expect(WORKS);
    }
    let thumbprint = key(2).thumbprint();
    let all = store.certificates_by_key(&thumbprint, None, 10).await.expect(WORKS);
    assert_eq!(all, Page { items: vec![entry(&long), entry(&short)], more: false }, "latest expiry first");
    let first = store.certificates_by_key(&thumbprint, None, 1).await.expect(WORKS);
    assert_eq!(first, Page { items: vec![entry(&long)], more: true });
    let rest = store.certificates_by_key(&thumbprint, Some(&entry(&long)), 1).await.expect(WORKS);
    assert_eq!(rest, Page { items: vec![entry(&short)], more: false });
    let none = store.certificates_by_key(&key(4).thumbprint(), None, 10).await.expect(WORKS);
    assert_eq!(none, Page::default(), "no certificate has that key");
}

/// Across days without certificates.
pub async fn certificates_are_found_by_their_end(store: Tried) {
    let name = [dns("www.example.com")];
    let mut ending = Vec::new();
    for day in [1, 1, 1, 2, 2, 9, 9, 9, 9, 10, 40] {
        ending.push(made(&store, day, &name).await);
    }
    ending.sort();
    for limit in [1, 2, 3, 20] {
        let mut found: Vec<CertificateEntry> = Vec::new();
        loop {
            let page = store.certificates_ending(at(DAY), at(40 * DAY), found.last(), limit).await.expect(WORKS);
            assert!(page.items.len() == limit || !page.more, "a page that is not the last is full");
            found.extend(page.items);
            if !page.more {
                break;
            }
        }
        assert_eq!(found, ending[..10], "{limit} at a time, without that which ends with the time asked for");
    }
    let two_days = store.certificates_ending(at(DAY + 1), at(9 * DAY + 1), None, 20).await.expect(WORKS);
    assert_eq!(two_days.items, ending[3..9], "within days, to the second");
    let none = store.certificates_ending(at(11 * DAY), at(39 * DAY), None, 20).await.expect(WORKS);
    assert_eq!(none, Page::default());
    let backwards = store.certificates_ending(at(9 * DAY), at(DAY), None, 20).await.expect(WORKS);
    assert_eq!(backwards, Page::default());
}

/// The certificates are found through the list of the account's orders.
pub async fn certificates_are_found_by_their_account(store: Tried) {
    let account = account();
    let mut newest_first = Vec::new();
    for second in 0..5 {
        let open = order_at(second, &account, &[]);
        store.create_order(&open, &[]).await.expect(WORKS);
        if second % 2 == 0 {
            let intended = certificate();
            store.begin_issuance(&intended, &open, &processing(&open, &intended)).await.expect(WORKS);
            newest_first.insert(0, entry(&intended));
        }
    }
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = store.certificates_of_account(account.id, before, 2).await.expect(WORKS);
        found.extend(page.certificates);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(found, newest_first);
}

/// A contact that the account no longer has does not find it.
pub async fn accounts_are_found_by_contact_in_every_directory(store: Tried) {
    let contact = |text: &str| text.parse::<Contact>().expect("a contact");
    let shared = contact("mailto:Admin@Example.com");
    let mut accounts = Vec::new();
    for _ in 0..5 {
        let account = account();
        store.create_account_if_absent(&account).await.expect(WORKS);
        accounts.push(account);
    }
    let moved = changed(&accounts[2], |account| account.contact = vec![contact("mailto:other@example.com")]);
    store.update_account(&accounts[2], &moved).await.expect(WORKS);
    accounts.remove(2);
    accounts.sort_by_key(|account| account.id.to_string());
    for limit in [1, 2, 10] {
        let mut found: Vec<Versioned<acme::Account>> = Vec::new();
        loop {
            let after = found.last().map(|account| account.id);
            let page = store.accounts_by_contact(&shared, after, limit).await.expect(WORKS);
            found.extend(page.items);
            if !page.more {
                break;
            }
        }
        assert_eq!(found, accounts, "{limit} at a time");
    }
    let other = store.accounts_by_contact(&contact("mailto:other@example.com"), None, 10).await.expect(WORKS);
    assert_eq!(other, Page { items: vec![moved], more: false });
    let none = store.accounts_by_contact(&contact("mailto:unknown@example.com"), None, 10).await.expect(WORKS);
    assert_eq!(none, Page::default());
}

/// Sorted by directory; a replaced key finds nothing.
pub async fn accounts_are_found_by_key_in_every_directory(store: Tried) {
    let mut accounts = Vec::new();
    for _ in 0..4 {
        let account = account_in(&directory(), key(1));
        store.create_account_if_absent(&account).await.expect(WORKS);
        accounts.push(account);
    }
    let replaced = changed(&accounts[3], |account| account.key = key(2));
    store.replace_account_key(&accounts[3], &replaced).await.expect(WORKS);
    accounts.truncate(3);
    accounts.sort_by_key(|account| account.directory.to_string());
    let thumbprint = key(1).thumbprint();
    let first = store.accounts_by_key(&thumbprint, None, 2).await.expect(WORKS);
    assert_eq!(first, Page { items: accounts[..2].to_vec(), more: true });
    let rest = store.accounts_by_key(&thumbprint, Some(&accounts[1].directory), 2).await.expect(WORKS);
    assert_eq!(rest, Page { items: accounts[2..].to_vec(), more: false });
    let new = store.accounts_by_key(&key(2).thumbprint(), None, 2).await.expect(WORKS);
    assert_eq!(new, Page { items: vec![replaced], more: false });
}

/// Oldest first; several accounts of a directory can have had a key, one after the other. A key
/// that an account has again is not a former one, and a change that met a conflict leaves nothing.
pub async fn accounts_are_found_by_a_former_key_in_every_directory(store: Tried) {
    let home = directory();
    let elsewhere = directory();
    let mut moved = Vec::new();
    for (number, place) in [(2, &home), (3, &home), (4, &home), (2, &elsewhere)] {
        let made = account_in(place, key(1));
        store.create_account_if_absent(&made).await.expect(WORKS);
        let after = changed(&made, |account| *account = account.with_key(key(number)));
        assert_eq!(store.replace_account_key(&made, &after).await.expect(WORKS), KeyReplacement::Replaced);
        moved.push(after);
    }
    let owner = account_in(&home, key(1));
    store.create_account_if_absent(&owner).await.expect(WORKS);
    let taken = changed(&moved[3], |account| *account = account.with_key(key(5)));
    let stale = changed(&taken, |account| *account = account.with_key(key(6)));
    assert_conflict(store.replace_account_key(&taken, &stale).await, "it never had that key");

    moved.sort_by_key(|account| account.id.to_string());
    let formerly = key(1).thumbprint();
    for limit in [1, 2, 10] {
        let mut found: Vec<Versioned<acme::Account>> = Vec::new();
        loop {
            let after = found.last().map(|account| account.id);
            let page = store.accounts_by_former_key(&formerly, after, limit).await.expect(WORKS);
            found.extend(page.items);
            if !page.more {
                break;
            }
        }
        assert_eq!(found, moved, "{limit} at a time, without the account that has the key");
    }
    let never = store.accounts_by_former_key(&key(5).thumbprint(), None, 10).await.expect(WORKS);
    assert_eq!(never, Page::default(), "nothing changed");

    let elsewhere = moved.iter().find(|account| account.directory == elsewhere).expect("it moved").clone();
    moved.retain(|account| account.id != elsewhere.id);
    let back = changed(&elsewhere, |account| *account = account.with_key(key(1)));
    store.replace_account_key(&elsewhere, &back).await.expect(WORKS);
    let left = store.accounts_by_former_key(&formerly, None, 10).await.expect(WORKS);
    assert_eq!(left, Page { items: moved, more: false }, "one of them has the key again");
    let other = store.accounts_by_former_key(&key(2).thumbprint(), None, 10).await.expect(WORKS);
    assert_eq!(other, Page { items: vec![back], more: false });
}

/// Oldest first, whatever their status; no page looks at more accounts than it may. An account that
/// was bound from the start, or later, is left out.
pub async fn accounts_without_a_binding_are_listed_by_their_directory(store: Tried) {
    let (home, elsewhere) = (directory(), directory());
    let mut unbound = Vec::new();
    for number in 0..5 {
        let made = account_in(&home, key(number));
        store.create_account_if_absent(&made).await.expect(WORKS);
        unbound.push(made);
    }
    store.create_account_if_absent(&account_in(&elsewhere, key(0))).await.expect(WORKS);
    let binding = external_account_key();
    store.create_external_account_key(&binding).await.expect(WORKS);
    let from_the_start = changed(&account_in(&home, key(5)), |account| account.external_account = Some(binding.id));
    store
        .create_bound_account_if_absent(&from_the_start, &binding, &bound(&binding, &from_the_start))
        .await
        .expect(WORKS);
    let before = unbound.remove(2);
    let later = changed(&before, |account| account.external_account = Some(binding.id));
    store.update_account(&before, &later).await.expect(WORKS);
    let before = unbound.remove(1);
    let deactivated = changed(&before, |account| account.status = AccountStatus::Deactivated);
    store.update_account(&before, &deactivated).await.expect(WORKS);
    unbound.push(deactivated);
    unbound.sort_by_key(|account| account.id.to_string());

    for limit in [1, 2, 100] {
        let mut found: Vec<Versioned<acme::Account>> = Vec::new();
        let mut after = None;
        loop {
            let page = store.unbound_accounts(&home, after, limit).await.expect(WORKS);
            assert!(page.accounts.len() <= limit);
            found.extend(page.accounts);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, unbound, "{limit} at a time");
    }
    let nowhere = store.unbound_accounts(&directory(), None, 1_000).await.expect(WORKS);
    assert_eq!(nowhere.accounts, []);
}

/// Each key once, with the time of its first blocking.
pub async fn blocked_keys_are_listed_in_pages(store: Tried) {
    let mut blocked: Vec<BlockedKey> =
        (0..5).map(|number| BlockedKey { key: key(number).thumbprint(), at: at(i64::from(number)) }).collect();
    for BlockedKey { key, at } in &blocked {
        store.block_key(key, *at).await.expect(WORKS);
    }
    store.block_key(&blocked[0].key, at(DAY)).await.expect(WORKS);
    blocked.sort_by_key(|blocked| blocked.key.to_string());
    let first = store.blocked_keys(None, 3).await.expect(WORKS);
    assert_eq!(first, Page { items: blocked[..3].to_vec(), more: true });
    let rest = store.blocked_keys(Some(&blocked[2].key), 3).await.expect(WORKS);
    assert_eq!(rest, Page { items: blocked[3..].to_vec(), more: false });
}

/// Stores an intended certificate that ends `days` after the start of the samples, and every second
/// one as issued.
async fn made(store: &Tried, days: i64, names: &[acme::Identifier]) -> CertificateEntry {
    let intended = changed(&certificate(), |certificate| {
        certificate.identifiers = names.to_vec();
        certificate.not_after = at(days * DAY);
    });
    store.intend_certificate(&intended).await.expect(WORKS);
    if days % 2 == 0 {
        store.update_certificate(&intended, &issued(&intended)).await.expect(WORKS);
    }
    entry(&intended)
}

fn entry(certificate: &CertificateRecord) -> CertificateEntry {
    CertificateEntry { not_after: certificate.not_after, id: certificate.id.clone() }
}
