//! Accounts (RFC 8555 §7.1.2): a key that may order certificates from one directory.

use jiff::Timestamp;
use jose::PublicKey;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{AccountId, Contact, DirectoryId, ExternalAccountKeyId, Urls};

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
    pub contact: Vec<Contact>,
    /// The client's agreement to the terms of service; `None` when it has not agreed.
    pub agreed_terms: Option<AgreedTerms>,
    /// When the account was created.
    pub created_at: Timestamp,
    /// The key of its external account binding (RFC 8555 §7.3.4); `None` when the account is not
    /// bound.
    pub external_account: Option<ExternalAccountKeyId>,
}

impl Account {
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
