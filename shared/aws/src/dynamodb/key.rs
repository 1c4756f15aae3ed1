//! The keys, all of them. Parts are joined with `#`, which no part can hold; the first part is the
//! noun, by which the rights of each function are given.

use std::collections::HashMap;

use acme::{
    AccountId, AuthorizationId, CertificateId, DirectoryId, ExternalAccountKeyId, Identifier, OrderId, ProfileName,
    Serial,
};
use aws_sdk_dynamodb::types::AttributeValue;
use jose::Thumbprint;

use store::{IssuerId, OperationId};

/// The key of one item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    /// An item that has its partition for itself.
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

/// Which of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    All,
    Before(String),
    After(String),
    BeginningWith(&'static str),
}

pub(super) fn account(id: AccountId) -> Key {
    Key::alone(format!("ACCOUNT#{id}"))
}

pub(super) fn account_by_key(directory: &DirectoryId, key: &Thumbprint) -> Key {
    Key::alone(format!("KEY#{directory}#{key}"))
}

pub(super) fn order(account: AccountId, id: OrderId) -> Key {
    Key::alone(format!("ORDER#{account}#{id}"))
}

/// The order's place in the account's list.
pub(super) fn listed_order(account: AccountId, id: OrderId) -> Key {
    Key { pk: order_list(account), sk: id.to_string() }
}

/// The places of the account's orders that are older than `before`, oldest first.
pub(super) fn listed_orders(account: AccountId, before: Option<OrderId>) -> Keys {
    Keys { pk: order_list(account), sk: before.map_or(Sort::All, |before| Sort::Before(before.to_string())) }
}

pub(super) fn authorization(account: AccountId, id: AuthorizationId) -> Key {
    Key::alone(format!("AUTHORIZATION#{account}#{id}"))
}

/// A wildcard is a name of its own.
pub(super) fn proof(account: AccountId, name: &Identifier) -> Key {
    Key { pk: format!("PROOF#{account}"), sk: format!("{}#{name}", name.type_name()) }
}

pub(super) fn certificate(id: &CertificateId) -> Key {
    Key::alone(format!("CERTIFICATE#{id}"))
}

/// The CRL of a shard, with the first of its DER.
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

/// The serial in forty digits, so that revoked certificates sort by it as a number.
pub(super) fn revoked(issuer: &IssuerId, shard: u16, serial: &Serial) -> Key {
    Key { pk: crl_shard(issuer, shard), sk: format!("{REVOKED}{:0>40}", serial.to_string()) }
}

/// All revoked certificates of a shard, by serial.
pub(super) fn revoked_in(issuer: &IssuerId, shard: u16) -> Keys {
    Keys { pk: crl_shard(issuer, shard), sk: Sort::BeginningWith(REVOKED) }
}

pub(super) fn blocked_key(key: &Thumbprint) -> Key {
    Key::alone(format!("BLOCKED#{key}"))
}

pub(super) fn nonce(nonce: &str) -> Key {
    Key::alone(format!("NONCE#{nonce}"))
}

pub(super) fn nonce_secrets() -> Key {
    Key::alone("SECRET#nonce".to_owned())
}

pub(super) fn external_account_key(id: ExternalAccountKeyId) -> Key {
    Key::alone(format!("EAB#{id}"))
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

pub(super) fn issuer(id: &IssuerId) -> Key {
    Key { pk: ISSUERS.to_owned(), sk: id.to_string() }
}

pub(super) fn issuers() -> Keys {
    Keys { pk: ISSUERS.to_owned(), sk: Sort::All }
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
const ISSUERS: &str = "ISSUER";

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

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
