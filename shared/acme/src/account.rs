//! Accounts (RFC 8555 §7.1.2): a key that may order certificates from one directory.

use jiff::Timestamp;
use jose::{PublicKey, Thumbprint};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{AccountId, Contact, DirectoryId, ExternalAccountKeyId, UnknownMembers, Urls};

/// An account, as the CA keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The id, which is also in the account's URL.
    pub id: AccountId,
    /// The directory in which it was created; no other directory knows it.
    pub directory: DirectoryId,
    /// The public key that verifies the account's requests.
    pub key: PublicKey,
    /// The status, stored as it is.
    pub status: AccountStatus,
    /// The addresses at which the CA can reach the subscriber, as the client gave them.
    #[serde(deserialize_with = "crate::contact::stored")]
    pub contact: Vec<Contact>,
    /// The client's agreement to the terms of service; `None` when it has not agreed.
    pub agreed_terms: Option<AgreedTerms>,
    /// When the account was created.
    pub created_at: Timestamp,
    /// The key of its external account binding (RFC 8555 §7.3.4); `None` when the account is not
    /// bound.
    pub external_account: Option<ExternalAccountKeyId>,
    /// The thumbprints of the keys that it had before, oldest first: a proof that lasts, such as
    /// the record of dns-persist-01, may have been made with any of them. Empty in accounts that
    /// changed their key before these were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_keys: Vec<Thumbprint>,
    /// When it is deleted unless it has ordered by then; `None` when it has, when it may stay
    /// unused, and in accounts of versions that deleted none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_until: Option<Timestamp>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl Account {
    /// The account with another key (RFC 8555 §7.3.5). The thumbprint of its present one is kept.
    #[must_use]
    pub fn with_key(&self, key: PublicKey) -> Self {
        let (present, next) = (self.key.thumbprint(), key.thumbprint());
        let kept = self.former_keys.iter().filter(|former| **former != next && **former != present);
        let mut former_keys: Vec<Thumbprint> = kept.copied().chain([present]).collect();
        // Past this length the record of the account would cost more to read than the proof is
        // worth.
        former_keys.drain(..former_keys.len().saturating_sub(MAX_FORMER_KEYS));
        Self { key, former_keys, ..self.clone() }
    }

    /// Until when the account is kept; `None` means for ever. Only a valid account that has no
    /// external account and has never ordered ends by itself: the key of one that was deactivated
    /// or disabled must not register again (RFC 8555 §7.3.6).
    pub fn kept_until(&self) -> Option<Timestamp> {
        match (self.status, self.external_account) {
            (AccountStatus::Valid, None) => self.unused_until,
            _ => None,
        }
    }

    /// Whether the account has ended because it was not used. It may still be stored for a while.
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        self.kept_until().is_some_and(|end| end <= now)
    }

    /// The account object (RFC 8555 §7.1.2).
    pub fn object(&self, urls: &Urls) -> AccountObject {
        AccountObject {
            status: self.status,
            contact: self.contact.clone(),
            terms_of_service_agreed: self.agreed_terms.is_some(),
            orders: urls.orders(&self.directory, self.id),
        }
    }
}

/// An agreement to terms of service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedTerms {
    /// The URL of the terms that the directory linked to then; `None` when it linked to none.
    pub url: Option<String>,
    /// When the client agreed.
    pub at: Timestamp,
}

/// The statuses of an account (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// In use: its requests are accepted.
    Valid,
    /// Deactivated by the client; this is final.
    Deactivated,
    /// Revoked by the operator (RFC 8555 §7.1.2), who may make it valid again.
    Revoked,
}

/// The account object of RFC 8555 §7.1.2.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountObject {
    /// The status of the account.
    pub status: AccountStatus,
    /// Contact URLs, which may be none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<Contact>,
    /// Present and true if the client agreed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub terms_of_service_agreed: bool,
    /// The URL of the orders list.
    pub orders: String,
}

/// The payload of a new account (RFC 8555 §7.3).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NewAccount {
    /// Contact URLs; they are checked only when an account is created.
    pub contact: Option<Vec<String>>,
    /// Whether the client agrees to the terms of service; absent means no.
    pub terms_of_service_agreed: Option<bool>,
    /// If true, no account is created: the request only finds an existing one (§7.3.1).
    pub only_return_existing: Option<bool>,
    /// The external account binding: a JWS of its own (§7.3.4).
    pub external_account_binding: Option<Box<RawValue>>,
}

/// The payload of an account update (RFC 8555 §7.3.2, §7.3.6); absent members change nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountUpdate {
    /// Contact URLs that replace the present ones.
    pub contact: Option<Vec<String>>,
    /// `deactivated` deactivates the account (§7.3.6); no other value is accepted.
    pub status: Option<String>,
    /// Whether the client agrees to the present terms of service.
    pub terms_of_service_agreed: Option<bool>,
}

/// As many former keys as an account keeps: a change of key every week for nineteen years.
const MAX_FORMER_KEYS: usize = 1_000;

#[cfg(test)]
mod tests {
    use jose::base64url;
    use serde_json::json;

    use super::*;

    fn key(number: u16) -> PublicKey {
        let candidates = (0..=u8::MAX).map(|attempt| {
            let mut x = [7; 32];
            [x[0], x[1]] = number.to_be_bytes();
            x[2] = attempt;
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, base64url::encode(&x))
        });
        candidates.filter_map(|jwk| PublicKey::from_jwk_str(&jwk).ok()).next().unwrap()
    }

    fn account(more: serde_json::Value) -> Account {
        let mut record = json!({
            "id": AccountId::new(Timestamp::UNIX_EPOCH, [1; 10]), "directory": "default", "key": key(0),
            "status": "valid", "contact": [], "agreed_terms": null, "created_at": "2026-01-01T00:00:00Z",
            "external_account": null,
        });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn the_thumbprints_of_all_keys_are_kept_each_once() {
        let first = account(json!({}));
        assert!(first.former_keys.is_empty(), "an account of an earlier version has none");
        let third = first.with_key(key(1)).with_key(key(2));
        assert_eq!(third.former_keys, [key(0), key(1)].map(|key| key.thumbprint()));
        let back = third.with_key(key(0));
        assert_eq!(back.former_keys, [key(1), key(2)].map(|key| key.thumbprint()), "the present one is not former");
    }

    #[test]
    fn the_record_of_an_account_that_changes_its_key_all_the_time_stays_small() {
        let changed = (0..1_002).fold(account(json!({})), |account, number| account.with_key(key(number)));
        assert_eq!(changed.former_keys.len(), MAX_FORMER_KEYS);
        assert_eq!(changed.former_keys.last(), Some(&key(1_000).thumbprint()), "the newest are kept");
    }

    #[test]
    fn only_a_valid_account_without_an_external_account_ends_because_it_was_not_used() {
        let end = Timestamp::from_second(60).unwrap();
        let unused = Account { unused_until: Some(end), ..account(json!({})) };
        let before = Timestamp::from_second(59).unwrap();
        assert_eq!((unused.has_lapsed(before), unused.has_lapsed(end)), (false, true));
        let bound = ExternalAccountKeyId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        for kept in [
            account(json!({})),
            Account { external_account: Some(bound), ..unused.clone() },
            Account { status: AccountStatus::Deactivated, ..unused.clone() },
            Account { status: AccountStatus::Revoked, ..unused.clone() },
        ] {
            assert_eq!((kept.kept_until(), kept.has_lapsed(Timestamp::MAX)), (None, false), "{kept:?}");
        }
    }

    #[test]
    fn what_a_newer_version_wrote_is_written_again() {
        let account = account(json!({ "novel": { "deep": [1] } }));
        let json = serde_json::to_value(&account).unwrap();
        assert_eq!(json["novel"], json!({ "deep": [1] }));
        assert!(!account.unknown.is_empty());
    }
}
