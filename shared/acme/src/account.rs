//! Accounts (RFC 8555 §7.1.2): a key that may ask for certificates in one directory.

use jiff::Timestamp;
use jose::PublicKey;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{AccountId, Contact, DirectoryId, ExternalAccountKeyId, Urls};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Where it was made; it is unknown everywhere else.
    pub directory: DirectoryId,
    /// The key that signs for it.
    pub key: PublicKey,
    /// The status.
    pub status: AccountStatus,
    /// Whom to write to, as the client gave it.
    pub contact: Vec<Contact>,
    /// The terms that the client agreed to.
    pub agreed_terms: Option<AgreedTerms>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The key that bound it to an account elsewhere (RFC 8555 §7.3.4); `None` when it is not bound.
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
    /// The URL that the directory showed then; `None` when it showed none.
    pub url: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The statuses of an account (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// In use.
    Valid,
    /// Ended by the client, for good.
    Deactivated,
    /// Ended by the operator.
    Revoked,
}

/// The account object of RFC 8555 §7.1.2.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountObject {
    /// The status.
    pub status: AccountStatus,
    /// Whom to write to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<Contact>,
    /// Present and true when the client agreed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub terms_of_service_agreed: bool,
    /// The URL of the orders list.
    pub orders: String,
}

/// The payload of a new account (RFC 8555 §7.3).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NewAccount {
    /// Whom to write to; checked only when an account is made.
    pub contact: Option<Vec<String>>,
    /// Agreement to the terms.
    pub terms_of_service_agreed: Option<bool>,
    /// Do not make one.
    pub only_return_existing: Option<bool>,
    /// The binding to an account elsewhere: a JWS of its own (§7.3.4).
    pub external_account_binding: Option<Box<RawValue>>,
}

/// The payload of an account update (RFC 8555 §7.3.2, §7.3.6); absent members change nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountUpdate {
    /// The new contacts.
    pub contact: Option<Vec<String>>,
    /// `deactivated` ends the account.
    pub status: Option<String>,
    /// Agreement to the present terms.
    pub terms_of_service_agreed: Option<bool>,
}
