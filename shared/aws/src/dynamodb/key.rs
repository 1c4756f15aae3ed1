//! All keys of all items. Parts are joined with `#`, which no part can contain. The first part is
//! the noun, which the IAM statements of the functions name.

use std::collections::HashMap;

use acme::{
    AccountId, AuditId, AuthorizationId, CertificateId, Contact, DirectoryId, ExternalAccountKeyId, Identifier,
    IncidentId, OrderId, ProfileName, Serial,
};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Span, Timestamp, tz::Offset};
use jose::Thumbprint;

use store::{CertificateEntry, IamPrincipal, IssuerId, LimitWindow, OperationId, SealPlace};

/// The key of one item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    /// The key of an item that is alone in its partition.
    fn alone(pk: String) -> Self {
        Self { pk, sk: ALONE.to_owned() }
    }

    /// The attributes of the key.
    pub(super) fn attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([(PK.to_owned(), AttributeValue::S(self.pk)), (SK.to_owned(), AttributeValue::S(self.sk))])
    }
}

/// Items of one partition, in the order of their sort keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) pk: String,
    pub(super) sk: Sort,
}

/// A condition on sort keys within a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    All,
    Before(String),
    After(String),
    Between(String, String),
    BeginningWith(String),
}

pub(super) fn account(id: AccountId) -> Key {
    Key::alone(format!("ACCOUNT#{id}"))
}

pub(super) fn account_by_key(directory: &DirectoryId, key: &Thumbprint) -> Key {
    Key { pk: keyed(key), sk: directory.to_string() }
}

/// The accounts that have the key, sorted by directory, after `after`.
pub(super) fn accounts_by_key(key: &Thumbprint, after: Option<&DirectoryId>) -> Keys {
    Keys { pk: keyed(key), sk: after.map_or(Sort::All, |after| Sort::After(after.to_string())) }
}

/// The index entry of an account by contact. The contact comes last, because it may contain any
/// character.
pub(super) fn account_by_contact(contact: &Contact, account: AccountId) -> Key {
    Key { pk: contacted(contact), sk: account.to_string() }
}

/// The index entries of accounts by contact, after `after`.
pub(super) fn accounts_by_contact(contact: &Contact, after: Option<AccountId>) -> Keys {
    Keys { pk: contacted(contact), sk: after.map_or(Sort::All, |after| Sort::After(after.to_string())) }
}

/// The index entry of an account by a key that it had before. It is not under the noun of keys,
/// whose items a key change deletes.
pub(super) fn account_by_former_key(key: &Thumbprint, account: AccountId) -> Key {
    Key { pk: formerly_keyed(key), sk: account.to_string() }
}

/// The index entries of accounts by a key that they had before, after `after`.
pub(super) fn accounts_by_former_key(key: &Thumbprint, after: Option<AccountId>) -> Keys {
    Keys { pk: formerly_keyed(key), sk: after.map_or(Sort::All, |after| Sort::After(after.to_string())) }
}

/// The index entry of an account that no external account binds, by its directory.
pub(super) fn unbound_account(directory: &DirectoryId, account: AccountId) -> Key {
    Key { pk: unbound_in(directory), sk: account.to_string() }
}

/// The index entries of unbound accounts of the directory, after `after`.
pub(super) fn unbound_accounts(directory: &DirectoryId, after: Option<AccountId>) -> Keys {
    Keys { pk: unbound_in(directory), sk: after.map_or(Sort::All, |after| Sort::After(after.to_string())) }
}

pub(super) fn order(account: AccountId, id: OrderId) -> Key {
    Key::alone(format!("ORDER#{account}#{id}"))
}

/// The entry of the order in the account's list.
pub(super) fn listed_order(account: AccountId, id: OrderId) -> Key {
    Key { pk: order_list(account), sk: id.to_string() }
}

/// The list entries of the account's orders that are older than `before`, oldest first.
pub(super) fn listed_orders(account: AccountId, before: Option<OrderId>) -> Keys {
    Keys { pk: order_list(account), sk: before.map_or(Sort::All, |before| Sort::Before(before.to_string())) }
}

pub(super) fn authorization(account: AccountId, id: AuthorizationId) -> Key {
    Key::alone(format!("AUTHORIZATION#{account}#{id}"))
}

/// A wildcard name is an identifier of its own.
pub(super) fn proof(account: AccountId, name: &Identifier) -> Key {
    Key { pk: format!("PROOF#{account}"), sk: format!("{}#{name}", name.type_name()) }
}

pub(super) fn certificate(id: &CertificateId) -> Key {
    Key::alone(format!("CERTIFICATE#{id}"))
}

/// The index entry of a certificate by identifier.
pub(super) fn certificate_by_name(name: &Identifier, entry: &CertificateEntry) -> Key {
    Key { pk: named(name), sk: end(entry) }
}

/// The index entries of certificates by identifier, before `before`.
pub(super) fn certificates_by_name(name: &Identifier, before: Option<&CertificateEntry>) -> Keys {
    Keys { pk: named(name), sk: before.map_or(Sort::All, |before| Sort::Before(end(before))) }
}

/// The index entry of a certificate by key.
pub(super) fn certificate_by_key(key: &Thumbprint, entry: &CertificateEntry) -> Key {
    Key { pk: certified(key), sk: end(entry) }
}

/// The index entries of certificates by key, before `before`.
pub(super) fn certificates_by_key(key: &Thumbprint, before: Option<&CertificateEntry>) -> Keys {
    Keys { pk: certified(key), sk: before.map_or(Sort::All, |before| Sort::Before(end(before))) }
}

/// The index entry of a certificate by the end of its validity. Certificates that are issued
/// together end together, so a day has several partitions.
pub(super) fn certificate_ending(entry: &CertificateEntry) -> Key {
    let shard = entry.id.serial().as_bytes().last().copied().unwrap_or_default() % ENDING_SHARDS;
    Key { pk: ending_on(&day(entry.not_after), shard), sk: end(entry) }
}

/// The index entries of certificates in a shard of a day that end from `from` (inclusive) to
/// `until` (exclusive), after `after`.
pub(super) fn certificates_ending(
    day: &str,
    shard: u8,
    from: Timestamp,
    until: Timestamp,
    after: Option<&CertificateEntry>,
) -> Keys {
    let first = digits(from);
    // No key lies between a key and the same key with a further character.
    let first = after.map_or(first.clone(), |after| first.max(format!("{}!", end(after))));
    let last = digits(until);
    Keys { pk: ending_on(day, shard), sk: Sort::Between(first.min(last.clone()), last) }
}

/// Parses the sort key of an index entry of a certificate.
pub(super) fn entry_of(sk: &str) -> Option<CertificateEntry> {
    let (end, id) = sk.split_once('#')?;
    Some(CertificateEntry { not_after: Timestamp::from_second(end.parse().ok()?).ok()?, id: id.parse().ok()? })
}

/// The days from that of `from` to that before `until` ends, as `2026-01-31`.
pub(super) fn days(from: Timestamp, until: Timestamp) -> impl Iterator<Item = String> {
    let first = Offset::UTC.to_datetime(from).date();
    first
        .series(Span::new().days(1))
        .take_while(move |date| {
            let begins = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
            begins.is_ok_and(|begins| begins < until)
        })
        .map(|date| date.to_string())
}

/// The CRL of a shard, with the first part of its DER.
pub(super) fn crl(issuer: &IssuerId, shard: u16) -> Key {
    Key { pk: crl_shard(issuer, shard), sk: "CRL".to_owned() }
}

/// A further part of the DER of one version of a CRL.
pub(super) fn crl_part(issuer: &IssuerId, shard: u16, version: OperationId, number: usize) -> Key {
    Key { pk: format!("{}#{version}", crl_shard(issuer, shard)), sk: format!("{number:06}") }
}

/// All further parts of that version, in their order.
pub(super) fn crl_parts(issuer: &IssuerId, shard: u16, version: OperationId) -> Keys {
    Keys { pk: format!("{}#{version}", crl_shard(issuer, shard)), sk: Sort::All }
}

/// The serial number in forty hexadecimal digits, so that revoked certificates sort numerically.
pub(super) fn revoked(issuer: &IssuerId, shard: u16, serial: &Serial) -> Key {
    Key { pk: crl_shard(issuer, shard), sk: format!("{REVOKED}{:0>40}", serial.to_string()) }
}

/// All revoked certificates of a shard, sorted by serial number.
pub(super) fn revoked_in(issuer: &IssuerId, shard: u16) -> Keys {
    Keys { pk: crl_shard(issuer, shard), sk: Sort::BeginningWith(REVOKED.to_owned()) }
}

pub(super) fn blocked_key(key: &Thumbprint) -> Key {
    Key::alone(format!("BLOCKED#{key}"))
}

/// The key in the list of all that are blocked.
pub(super) fn listed_blocked_key(key: &Thumbprint) -> Key {
    Key { pk: BLOCKED_KEYS.to_owned(), sk: key.to_string() }
}

/// The list of all keys that are blocked.
pub(super) fn blocked_keys() -> Keys {
    Keys { pk: BLOCKED_KEYS.to_owned(), sk: Sort::All }
}

pub(super) fn nonce(nonce: &str) -> Key {
    Key::alone(format!("NONCE#{nonce}"))
}

/// What is counted comes last, because it may be any text.
pub(super) fn limit(window: &LimitWindow) -> Key {
    let LimitWindow { key, starts_at, length } = window;
    Key::alone(format!("LIMIT#{}#{}#{key}", starts_at.as_second(), length.as_secs()))
}

pub(super) fn nonce_secrets() -> Key {
    Key::alone("SECRET#nonce".to_owned())
}

pub(super) fn external_account_key(id: ExternalAccountKeyId) -> Key {
    Key { pk: EXTERNAL_ACCOUNT_KEYS.to_owned(), sk: id.to_string() }
}

/// All external account keys, oldest first.
pub(super) fn external_account_keys() -> Keys {
    Keys { pk: EXTERNAL_ACCOUNT_KEYS.to_owned(), sk: Sort::All }
}

pub(super) fn external_account_secret() -> Key {
    Key::alone("SECRET#eab".to_owned())
}

pub(super) fn acme_profile(name: &ProfileName) -> Key {
    Key { pk: ACME_PROFILES.to_owned(), sk: name.to_string() }
}

pub(super) fn acme_profiles() -> Keys {
    Keys { pk: ACME_PROFILES.to_owned(), sk: Sort::All }
}

pub(super) fn ra_profile(name: &ProfileName) -> Key {
    Key { pk: RA_PROFILES.to_owned(), sk: name.to_string() }
}

pub(super) fn ra_profiles() -> Keys {
    Keys { pk: RA_PROFILES.to_owned(), sk: Sort::All }
}

/// The number of the layout.
pub(super) fn schema() -> Key {
    Key::alone("SCHEMA".to_owned())
}

pub(super) fn applied_configuration() -> Key {
    Key::alone("PROFILE#applied".to_owned())
}

/// An audit record, in the partition of its day.
pub(super) fn audit_record(id: AuditId) -> Key {
    Key { pk: audit_on(&day(id.made_at())), sk: id.to_string() }
}

/// The audit records of a day that are older than `before`, oldest first.
pub(super) fn audit_records(day: &str, before: Option<AuditId>) -> Keys {
    Keys { pk: audit_on(day), sk: before.map_or(Sort::All, |before| Sort::Before(before.to_string())) }
}

/// The list entry of a day with audit records.
pub(super) fn audit_day(at: Timestamp) -> Key {
    Key { pk: AUDIT_DAYS.to_owned(), sk: day(at) }
}

/// The days up to that of `before`, oldest first.
pub(super) fn audit_days(before: Option<AuditId>) -> Keys {
    let day_after = |id: AuditId| day(id.made_at().checked_add(A_DAY).unwrap_or(Timestamp::MAX));
    Keys { pk: AUDIT_DAYS.to_owned(), sk: before.map_or(Sort::All, |before| Sort::Before(day_after(before))) }
}

/// The days before that one, oldest first.
pub(super) fn audit_days_before(day: &str) -> Keys {
    Keys { pk: AUDIT_DAYS.to_owned(), sk: Sort::Before(day.to_owned()) }
}

/// Neither part can contain a `#`.
pub(super) fn grant(principal: &IamPrincipal, profile: &ProfileName) -> Key {
    Key { pk: GRANTS.to_owned(), sk: format!("{principal}#{profile}") }
}

/// The grants to this principal, or all of them.
pub(super) fn grants(to: Option<&IamPrincipal>) -> Keys {
    let sk = to.map_or(Sort::All, |principal| Sort::BeginningWith(format!("{principal}#")));
    Keys { pk: GRANTS.to_owned(), sk }
}

pub(super) fn incident(id: IncidentId) -> Key {
    Key { pk: INCIDENTS.to_owned(), sk: id.to_string() }
}

pub(super) fn incidents() -> Keys {
    Keys { pk: INCIDENTS.to_owned(), sk: Sort::All }
}

/// Sorted as the chain is.
pub(super) fn seal(place: SealPlace) -> Key {
    Key { pk: SEALS.to_owned(), sk: sealed(place) }
}

/// The seals after that one.
pub(super) fn seals(after: Option<SealPlace>) -> Keys {
    Keys { pk: SEALS.to_owned(), sk: after.map_or(Sort::All, |after| Sort::After(sealed(after))) }
}

/// The seals before that place, or all.
pub(super) fn seals_before(before: Option<SealPlace>) -> Keys {
    Keys { pk: SEALS.to_owned(), sk: before.map_or(Sort::All, |before| Sort::Before(sealed(before))) }
}

fn sealed(place: SealPlace) -> String {
    format!("{}#{:010}", digits(place.from), place.part)
}

pub(super) fn expiry_watch() -> Key {
    Key::alone("WATCH#expiry".to_owned())
}

pub(super) fn issuer(id: &IssuerId) -> Key {
    Key { pk: ISSUERS.to_owned(), sk: id.to_string() }
}

pub(super) fn issuers() -> Keys {
    Keys { pk: ISSUERS.to_owned(), sk: Sort::All }
}

fn audit_on(day: &str) -> String {
    format!("AUDIT#{day}")
}

/// The day in UTC, as `2026-01-31`.
fn day(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).date().to_string()
}

fn keyed(key: &Thumbprint) -> String {
    format!("KEY#{key}")
}

fn formerly_keyed(key: &Thumbprint) -> String {
    format!("ACCOUNT#FORMER#{key}")
}

fn unbound_in(directory: &DirectoryId) -> String {
    format!("ACCOUNT#UNBOUND#{directory}")
}

fn contacted(contact: &Contact) -> String {
    format!("ACCOUNT#CONTACT#{}", contact.as_str().to_ascii_lowercase())
}

fn named(name: &Identifier) -> String {
    format!("CERTIFICATE#NAME#{}#{name}", name.type_name())
}

fn certified(key: &Thumbprint) -> String {
    format!("CERTIFICATE#KEY#{key}")
}

fn ending_on(day: &str, shard: u8) -> String {
    format!("CERTIFICATE#END#{day}#{shard}")
}

fn end(entry: &CertificateEntry) -> String {
    format!("{}#{}", digits(entry.not_after), entry.id)
}

/// Seconds in a form that sorts as text; times before 1970 are treated as 1970.
fn digits(at: Timestamp) -> String {
    format!("{:012}", at.as_second().max(0))
}

fn order_list(account: AccountId) -> String {
    format!("ORDERS#{account}")
}

fn crl_shard(issuer: &IssuerId, shard: u16) -> String {
    format!("CRL#{issuer}#{shard}")
}

/// The attribute of the partition key.
pub(super) const PK: &str = "pk";
/// The attribute of the sort key.
pub(super) const SK: &str = "sk";

/// The sort key of an item that needs none.
const ALONE: &str = "-";
const REVOKED: &str = "REVOKED#";
const ACME_PROFILES: &str = "PROFILE#acme";
const RA_PROFILES: &str = "PROFILE#ra";
const EXTERNAL_ACCOUNT_KEYS: &str = "EAB#key";
const BLOCKED_KEYS: &str = "BLOCKED#LIST";
/// The number of partitions for the index entries of certificates that end on one day.
pub(super) const ENDING_SHARDS: u8 = 4;
const AUDIT_DAYS: &str = "AUDIT#DAY";
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
const GRANTS: &str = "GRANT";
const SEALS: &str = "SEAL";
const INCIDENTS: &str = "INCIDENT";
const ISSUERS: &str = "ISSUER";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_sort_as_numbers_within_their_shard() {
        let issuer: IssuerId = "issuing".parse().unwrap();
        let key = |octets: &[u8]| revoked(&issuer, 7, &Serial::from_der_content(octets.to_vec()).unwrap());
        let keys = [key(&[0x7f]), key(&[0x00, 0xff]), key(&[0x01, 0x00, 0x00]), key(&[0x40; 20])];
        assert!(keys.is_sorted());
        assert!(keys.iter().all(|key| key.pk == crl_shard(&issuer, 7) && key.sk.starts_with(REVOKED)));
        assert!(crl(&issuer, 7).sk.as_str() < REVOKED, "the CRL itself is not among the revoked");
    }

    #[test]
    fn what_is_alone_under_one_account_is_elsewhere_under_another() {
        let at = Timestamp::UNIX_EPOCH;
        let (first, second) = (AccountId::new(at, [1; 10]), AccountId::new(at, [2; 10]));
        let id = OrderId::new(at, [3; 10]);
        assert_ne!(order(first, id), order(second, id));
        assert_eq!(order(first, id).pk, format!("ORDER#{first}#{id}"));
        assert_eq!(listed_order(first, id), Key { pk: format!("ORDERS#{first}"), sk: id.to_string() });
    }
}
