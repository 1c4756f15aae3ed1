//! All keys of all tables. Parts are joined with `#`, which no part can contain. Ids start with
//! their time, so that keys sort by age within an account.

use std::ops::Range;

use acme::{
    AccountId, AuthorizationId, CertificateId, ChallengeType, Contact, DirectoryId, Identifier, OrderId, Serial,
};
use jiff::Timestamp;
use jose::Thumbprint;

use crate::{CertificateEntry, IssuerId, LimitWindow, SealPlace};

pub(super) fn account_by_key(directory: &DirectoryId, key: &Thumbprint) -> String {
    format!("{directory}#{key}")
}

pub(super) fn order(account: AccountId, id: OrderId) -> String {
    format!("{account}#{id}")
}

/// The range of the account's orders that are older than `before`.
pub(super) fn orders(account: AccountId, before: Option<OrderId>) -> Range<String> {
    let Range { start, end } = under(&account.to_string());
    start..before.map_or(end, |before| order(account, before))
}

/// Parses a key of [`order`].
pub(super) fn order_of(key: &str) -> Option<(AccountId, OrderId)> {
    let (account, order) = key.split_once('#')?;
    Some((account.parse().ok()?, order.parse().ok()?))
}

pub(super) fn authorization(account: AccountId, id: AuthorizationId) -> String {
    format!("{account}#{id}")
}

pub(super) fn validating(account: AccountId, id: AuthorizationId, r#type: ChallengeType) -> String {
    format!("{account}#{id}#{type}")
}

/// Parses a key of [`validating`].
pub(super) fn validation_of(key: &str) -> Option<(AccountId, AuthorizationId, ChallengeType)> {
    let (account, rest) = key.split_once('#')?;
    let (authorization, r#type) = rest.split_once('#')?;
    Some((account.parse().ok()?, authorization.parse().ok()?, r#type.parse().ok()?))
}

pub(super) fn proof(account: AccountId, name: &Identifier) -> String {
    format!("{account}#{}#{name}", name.type_name())
}

pub(super) fn certificate(id: &CertificateId) -> String {
    id.to_string()
}

/// Sorted as the chain is.
pub(super) fn seal(place: SealPlace) -> String {
    format!("{}#{:010}", digits(place.from.as_second()), place.part)
}

pub(super) fn crl(issuer: &IssuerId, shard: u16) -> String {
    format!("{issuer}#{shard}")
}

/// The serial number in forty hexadecimal digits, so that revoked certificates sort numerically.
pub(super) fn revoked(issuer: &IssuerId, shard: u16, serial: &Serial) -> String {
    format!("{}#{:0>40}", crl(issuer, shard), serial.to_string())
}

/// All revoked certificates of a shard.
pub(super) fn revoked_in(issuer: &IssuerId, shard: u16) -> Range<String> {
    under(&crl(issuer, shard))
}

pub(super) fn nonce(expires_at: Timestamp, nonce: &str) -> String {
    format!("{}#{nonce}", digits(expires_at.as_second()))
}

/// Parses a key of [`nonce`]: until when the nonce is kept, and its text.
pub(super) fn nonce_of(key: &str) -> Option<(Timestamp, &str)> {
    let (expires_at, nonce) = key.split_once('#')?;
    Some((Timestamp::from_second(expires_at.parse().ok()?).ok()?, nonce))
}

pub(super) fn limit(window: &LimitWindow) -> String {
    format!("{}#{}#{}", digits(window.starts_at.as_second()), window.length.as_secs(), window.key)
}

pub(super) fn expiry(at: Timestamp, table: &str, key: &str) -> String {
    format!("{}#{table}#{key}", digits(at.as_second() / HOUR))
}

/// The range of rows whose hour is over at `now`.
pub(super) fn expired_until(now: Timestamp) -> Range<String> {
    String::new()..digits(now.as_second() / HOUR)
}

/// Parses a key of [`expiry`]: the table and the key of the record.
pub(super) fn expiring(key: &str) -> Option<(&str, &str)> {
    key.split_once('#')?.1.split_once('#')
}

pub(super) fn certificate_by_name(name: &Identifier, entry: &CertificateEntry) -> String {
    format!("{}#{}", named(name), certificate_ending(entry))
}

/// The range of the identifier's certificates that come before `before`.
pub(super) fn certificates_by_name(name: &Identifier, before: Option<&CertificateEntry>) -> Range<String> {
    let Range { start, end } = under(&named(name));
    start..before.map_or(end, |before| certificate_by_name(name, before))
}

pub(super) fn certificate_by_key(key: &Thumbprint, entry: &CertificateEntry) -> String {
    format!("{key}#{}", certificate_ending(entry))
}

/// The range of the certificates with the key that come before `before`.
pub(super) fn certificates_by_key(key: &Thumbprint, before: Option<&CertificateEntry>) -> Range<String> {
    let Range { start, end } = under(&key.to_string());
    start..before.map_or(end, |before| certificate_by_key(key, before))
}

pub(super) fn certificate_ending(entry: &CertificateEntry) -> String {
    format!("{}#{}", digits(entry.not_after.as_second()), entry.id)
}

/// The range of the certificates that end from `from` (inclusive) to `until` (exclusive), after
/// `after`.
pub(super) fn certificates_ending(
    from: Timestamp,
    until: Timestamp,
    after: Option<&CertificateEntry>,
) -> Range<String> {
    let start = digits(from.as_second());
    // No key lies between a key and the same key with a further character.
    let start = after.map_or(start.clone(), |after| start.max(format!("{}!", certificate_ending(after))));
    let end = digits(until.as_second());
    start.min(end.clone())..end
}

/// Parses a key of [`certificate_by_name`], [`certificate_by_key`] or [`certificate_ending`].
pub(super) fn entry_of(key: &str) -> Option<CertificateEntry> {
    let (rest, id) = key.rsplit_once('#')?;
    let end = rest.rsplit('#').next()?;
    Some(CertificateEntry { not_after: Timestamp::from_second(end.parse().ok()?).ok()?, id: id.parse().ok()? })
}

pub(super) fn account_by_contact(contact: &Contact, account: AccountId) -> String {
    format!("{}#{account}", contact.as_str().to_ascii_lowercase())
}

/// The range of the accounts with the contact that come after `after`.
pub(super) fn accounts_by_contact(contact: &Contact, after: Option<AccountId>) -> Range<String> {
    let Range { start, end } = under(&contact.as_str().to_ascii_lowercase());
    after.map_or(start, |after| format!("{}!", account_by_contact(contact, after)))..end
}

/// Parses a key of [`account_by_contact`] or [`account_by_former_key`].
pub(super) fn account_of_entry(key: &str) -> Option<&str> {
    Some(key.rsplit_once('#')?.1)
}

pub(super) fn account_by_former_key(key: &Thumbprint, account: AccountId) -> String {
    format!("{key}#{account}")
}

/// The range of the accounts that had the key and come after `after`.
pub(super) fn accounts_by_former_key(key: &Thumbprint, after: Option<AccountId>) -> Range<String> {
    let Range { start, end } = under(&key.to_string());
    after.map_or(start, |after| format!("{}!", account_by_former_key(key, after)))..end
}

pub(super) fn directory_of_a_key(key: &Thumbprint, directory: &DirectoryId) -> String {
    format!("{key}#{directory}")
}

/// The range of the directories in which the key has an account, after `after`.
pub(super) fn directories_of_key(key: &Thumbprint, after: Option<&DirectoryId>) -> Range<String> {
    let Range { start, end } = under(&key.to_string());
    after.map_or(start, |after| format!("{}!", directory_of_a_key(key, after)))..end
}

/// Parses a key of [`directory_of_a_key`].
pub(super) fn directory_of_key(key: &str) -> Option<DirectoryId> {
    key.rsplit_once('#')?.1.parse().ok()
}

fn named(name: &Identifier) -> String {
    format!("{}#{name}", name.type_name())
}

/// The range of keys that continue `prefix` with another part.
fn under(prefix: &str) -> Range<String> {
    format!("{prefix}#")..format!("{prefix}$")
}

/// A number in a form that sorts as text; times before 1970 are treated as 1970.
fn digits(number: i64) -> String {
    format!("{:012}", number.max(0))
}

const HOUR: i64 = 60 * 60;

/// The key of the nonce secrets.
pub(super) const NONCE_SECRETS: &str = "nonce";
/// The key of the secret of external accounts.
pub(super) const EXTERNAL_ACCOUNT_SECRET: &str = "secret";
/// The key of what was last applied from the configuration.
pub(super) const APPLIED_CONFIGURATION: &str = "profiles";
/// The key of the position of the expiry watch.
pub(super) const EXPIRY_WATCH: &str = "expiry";
/// The key of the major number of the layout.
pub(super) const SCHEMA: &str = "schema";
/// The key of the mark of the last process; see [`super::schema`].
pub(super) const RUNNING: &str = "running";
/// The last record of the log that the file has.
pub(super) const LOG: &str = "log";
/// The key of the row that is written to see whether rows can be written.
pub(super) const CHECKED: &str = "checked";

#[cfg(test)]
mod tests {
    use super::*;

    fn account(random: u8) -> AccountId {
        AccountId::new(Timestamp::UNIX_EPOCH, [random; 10])
    }

    #[test]
    fn the_orders_of_an_account_are_those_under_its_id_and_older() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (first, second) = (OrderId::new(at(1), [9; 10]), OrderId::new(at(2), [0; 10]));
        let keys = [order(account(1), first), order(account(1), second)];
        let all = orders(account(1), None);
        assert!(keys.iter().all(|key| all.contains(key)));
        assert!(!all.contains(&order(account(2), first)));
        assert!(orders(account(1), Some(second)).contains(&keys[0]));
        assert!(!orders(account(1), Some(second)).contains(&keys[1]));
        assert_eq!(order_of(&keys[0]), Some((account(1), first)));
    }

    #[test]
    fn serials_sort_as_numbers() {
        let issuer: IssuerId = "issuing".parse().unwrap();
        let serial = |octets: &[u8]| Serial::from_der_content(octets.to_vec()).unwrap();
        let small = revoked(&issuer, 7, &serial(&[0x7f]));
        let middle = revoked(&issuer, 7, &serial(&[0x00, 0xff]));
        let large = revoked(&issuer, 7, &serial(&[0x01, 0x00, 0x00]));
        assert!(small < middle && middle < large);
        assert!(revoked_in(&issuer, 7).contains(&large));
        assert!(!revoked_in(&issuer, 70).contains(&large));
    }

    #[test]
    fn keys_of_indexes_read_back() {
        let at = Timestamp::from_second(7_200).unwrap();
        let id = AuthorizationId::new(at, [3; 10]);
        let validation = (account(1), id, ChallengeType::TlsAlpn01);
        assert_eq!(validation_of(&validating(validation.0, validation.1, validation.2)), Some(validation));
        assert_eq!(nonce_of(&nonce(at, "abc")), Some((at, "abc")));
        let key = expiry(at, "order", "a#o");
        assert_eq!(expiring(&key), Some(("order", "a#o")));
        assert!(!expired_until(at).contains(&key));
        assert!(expired_until(Timestamp::from_second(10_800).unwrap()).contains(&key));
    }
}
