//! Accounts and the index of their keys.

use acme::AccountStatus;

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{DAY, account, account_in, at, changed, directory, key},
};
use crate::{Creation, KeyReplacement};

/// RFC 8555 §7.3: an account is known by its URL and by its key.
pub async fn an_account_is_found_by_id_and_by_key(store: Tried) {
    let made = account();
    let thumbprint = made.key.thumbprint();
    assert_eq!(store.account(made.id).await.expect(WORKS), None, "before it was made");
    assert_eq!(store.account_by_key(&made.directory, &thumbprint).await.expect(WORKS), None, "before it was made");

    assert_eq!(store.create_account_if_absent(&made).await.expect(WORKS), Creation::Created);

    assert_eq!(store.account(made.id).await.expect(WORKS).as_ref(), Some(&made), "by id");
    let by_key = store.account_by_key(&made.directory, &thumbprint).await.expect(WORKS);
    assert_eq!(by_key.as_ref(), Some(&made), "by key");
    assert_eq!(store.account_by_key(&directory(), &thumbprint).await.expect(WORKS), None, "in another directory");
}

/// RFC 8555 §7.3.1: the same key again returns the account that has it.
pub async fn a_key_has_one_account_in_each_directory(store: Tried) {
    let first = account();
    let second = account_in(&first.directory, first.key.clone());
    let elsewhere = account_in(&directory(), first.key.clone());
    assert_eq!(store.create_account_if_absent(&first).await.expect(WORKS), Creation::Created);
    let again = store.create_account_if_absent(&second).await.expect(WORKS);
    assert_eq!(again, Creation::Existing(first), "the first account has the key");
    assert_eq!(store.account(second.id).await.expect(WORKS), None, "the second one was not made");
    let other = store.create_account_if_absent(&elsewhere).await.expect(WORKS);
    assert_eq!(other, Creation::Created, "directories do not share accounts");
}

/// An update names the version that it is based on.
pub async fn an_account_changes_only_from_its_present_version(store: Tried) {
    let first = account();
    let second = changed(&first, |account| account.contact.clear());
    let third = changed(&first, |account| account.status = AccountStatus::Deactivated);
    assert_conflict(store.update_account(&first, &second).await, "an account that does not exist cannot change");
    store.create_account_if_absent(&first).await.expect(WORKS);
    store.update_account(&first, &second).await.expect(WORKS);
    assert_conflict(store.update_account(&first, &third).await, "the account is no longer what it was");
    assert_eq!(store.account(first.id).await.expect(WORKS), Some(second), "the conflict changed nothing");
}

/// RFC 8555 §7.3.5.
pub async fn a_replaced_key_leads_to_the_account_and_the_old_one_is_free(store: Tried) {
    let before = account();
    let after = changed(&before, |account| account.key = key(1));
    let directory = &before.directory;
    store.create_account_if_absent(&before).await.expect(WORKS);

    assert_eq!(store.replace_account_key(&before, &after).await.expect(WORKS), KeyReplacement::Replaced);

    let by_old = store.account_by_key(directory, &before.key.thumbprint()).await.expect(WORKS);
    assert_eq!(by_old, None, "the old key leads nowhere");
    let by_new = store.account_by_key(directory, &after.key.thumbprint()).await.expect(WORKS);
    assert_eq!(by_new.as_ref(), Some(&after), "the new key leads to the account");
    assert_eq!(store.account(before.id).await.expect(WORKS).as_ref(), Some(&after), "the account has the new key");
    let stale = changed(&before, |account| account.key = key(2));
    assert_conflict(store.replace_account_key(&before, &stale).await, "the account is no longer what it was");
    let heir = account_in(directory, before.key.clone());
    assert_eq!(store.create_account_if_absent(&heir).await.expect(WORKS), Creation::Created, "the old key is free");
}

/// dns-persist-01 accepts a record that was created with any of them.
pub async fn the_thumbprints_of_former_keys_are_kept(store: Tried) {
    let first = account();
    store.create_account_if_absent(&first).await.expect(WORKS);
    let mut present = first.clone();
    for number in 1..=2 {
        let next = changed(&present, |account| *account = account.with_key(key(number)));
        store.replace_account_key(&present, &next).await.expect(WORKS);
        present = next;
    }
    let stored = store.account(first.id).await.expect(WORKS).expect("it is there");
    assert_eq!(stored.former_keys, [0, 1].map(|number| key(number).thumbprint()));
    assert_eq!(stored, present);
}

/// RFC 8555 §7.3.5: a key that another account has is refused.
pub async fn the_key_of_another_account_is_not_taken(store: Tried) {
    let owner = account();
    let before = account_in(&owner.directory, key(1));
    let after = changed(&before, |account| account.key = owner.key.clone());
    store.create_account_if_absent(&owner).await.expect(WORKS);
    store.create_account_if_absent(&before).await.expect(WORKS);

    let answer = store.replace_account_key(&before, &after).await.expect(WORKS);

    assert_eq!(answer, KeyReplacement::KeyInUse(owner.id));
    assert_eq!(store.account(before.id).await.expect(WORKS).as_ref(), Some(&before), "nothing changed");
    let by_key = |account: &acme::Account| (account.directory.clone(), account.key.thumbprint());
    for account in [&owner, &before] {
        let (directory, key) = by_key(account);
        let found = store.account_by_key(&directory, &key).await.expect(WORKS);
        assert_eq!(found.as_ref(), Some(account), "each key leads where it led");
    }
}

/// An account that lapsed gives its key back, whether or not the engine has deleted it yet, and
/// cannot be kept any more.
pub async fn the_key_of_an_account_that_was_not_used_is_free_afterwards(store: Tried) {
    let unused = changed(&account(), |account| account.unused_until = Some(at(60)));
    let register = |second: i64| {
        let made = account_in(&unused.directory, unused.key.clone());
        changed(&made, |account| account.created_at = at(second))
    };
    store.create_account_if_absent(&unused).await.expect(WORKS);
    let early = store.create_account_if_absent(&register(59)).await.expect(WORKS);
    assert_eq!(early, Creation::Existing(unused.clone()), "it has not lapsed");

    let heir = register(60);
    assert_eq!(store.create_account_if_absent(&heir).await.expect(WORKS), Creation::Created);
    let by_key = store.account_by_key(&heir.directory, &heir.key.thumbprint()).await.expect(WORKS);
    assert_eq!(by_key.as_ref(), Some(&heir));
    let kept = changed(&unused, |account| account.unused_until = None);
    assert_conflict(store.update_account(&unused, &kept).await, "another account has the key");
    assert_eq!(store.account(heir.id).await.expect(WORKS), Some(heir), "the conflict changed nothing");
}

/// An account that has ordered is kept, with its key, whatever its key was when it was created.
pub async fn an_account_that_is_used_is_kept_with_its_key(store: Tried) {
    let unused = changed(&account(), |account| account.unused_until = Some(at(60)));
    store.create_account_if_absent(&unused).await.expect(WORKS);
    let moved = changed(&unused, |account| account.key = key(1));
    assert_eq!(store.replace_account_key(&unused, &moved).await.expect(WORKS), KeyReplacement::Replaced);
    let kept = changed(&moved, |account| account.unused_until = None);
    for _ in 1..=2 {
        store.update_account(&moved, &kept).await.expect(WORKS);
    }
    let late = changed(&account_in(&kept.directory, kept.key.clone()), |account| account.created_at = at(DAY));
    let answer = store.create_account_if_absent(&late).await.expect(WORKS);
    assert_eq!(answer, Creation::Existing(kept.clone()), "the key is taken for ever");
    let by_contact = store.accounts_by_contact(&kept.contact[0], None, 1_000).await.expect(WORKS);
    assert!(by_contact.items.contains(&kept));
}
