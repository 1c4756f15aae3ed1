//! Events: what happened at this CA, for those outside who want to know. Not of RFC 8555, but of its objects.
//!
//! An event is a flat JSON document, the same wherever it goes; docs/events.md says what each kind holds.
//! It holds ids, names, times and reasons. It never holds a key, and of what strangers said only what problem documents say.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, AuthorizationId, CertificateId, ChallengeType, DirectoryId, EventId, OrderId, ProblemType};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Of the shape. It rises when a member changes its meaning or goes; new members and types leave it.
    pub version: u8,
    /// The same however often the event is delivered.
    pub id: EventId,
    /// When it happened, to the millisecond.
    pub time: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: EventKind,
}

impl Event {
    /// What happened at `time`.
    pub fn new(time: Timestamp, random: [u8; 10], what: EventKind) -> Self {
        let id = EventId::new(time, random);
        Self { version: VERSION, id, time: id.made_at(), what }
    }
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventKind {
    /// There is a new account.
    #[serde(rename = "account.created")]
    AccountCreated(AccountFacts),
    /// The operator disabled an account.
    #[serde(rename = "account.disabled")]
    AccountDisabled(AccountFacts),
    /// The operator enabled it again.
    #[serde(rename = "account.enabled")]
    AccountEnabled(AccountFacts),
    /// An account ended for good.
    #[serde(rename = "account.deactivated")]
    AccountDeactivated(AccountFacts),
    /// There is a new certificate.
    #[serde(rename = "certificate.issued")]
    CertificateIssued(CertificateFacts),
    /// There is a new certificate, whose order said which one it replaces (RFC 9773 §5).
    #[serde(rename = "certificate.renewed")]
    CertificateRenewed(CertificateFacts),
    /// An order that was finalized will never have its certificate.
    #[serde(rename = "certificate.failed")]
    CertificateFailed(FailureFacts),
    /// A certificate ends soon, is not revoked, and nothing was issued in its place.
    #[serde(rename = "certificate.expiring")]
    CertificateExpiring(CertificateFacts),
    /// A certificate is revoked.
    #[serde(rename = "certificate.revoked")]
    CertificateRevoked(RevocationFacts),
    /// The last attempt to validate a challenge failed.
    #[serde(rename = "validation.failed")]
    ValidationFailed(ValidationFacts),
    /// A policy refused a request.
    #[serde(rename = "request.refused")]
    RequestRefused(RefusalFacts),
    /// A limit is reached.
    #[serde(rename = "limit.reached")]
    LimitReached(LimitFacts),
    /// A profile was made, changed or deleted.
    #[serde(rename = "profile.changed")]
    ProfileChanged(ProfileFacts),
    /// An operator tries whether events arrive.
    #[serde(rename = "test")]
    Test {
        /// Who.
        actor: String,
    },
}

impl EventKind {
    /// The `type` of the document.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AccountCreated(_) => "account.created",
            Self::AccountDisabled(_) => "account.disabled",
            Self::AccountEnabled(_) => "account.enabled",
            Self::AccountDeactivated(_) => "account.deactivated",
            Self::CertificateIssued(_) => "certificate.issued",
            Self::CertificateRenewed(_) => "certificate.renewed",
            Self::CertificateFailed(_) => "certificate.failed",
            Self::CertificateExpiring(_) => "certificate.expiring",
            Self::CertificateRevoked(_) => "certificate.revoked",
            Self::ValidationFailed(_) => "validation.failed",
            Self::RequestRefused(_) => "request.refused",
            Self::LimitReached(_) => "limit.reached",
            Self::ProfileChanged(_) => "profile.changed",
            Self::Test { .. } => "test",
        }
    }

    /// The same for people.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::AccountCreated(_) => "an account is created",
            Self::AccountDisabled(_) => "an account is disabled",
            Self::AccountEnabled(_) => "an account is enabled",
            Self::AccountDeactivated(_) => "an account is deactivated",
            // Metrics count this sentence.
            Self::CertificateIssued(_) | Self::CertificateRenewed(_) => "a certificate is issued",
            Self::CertificateFailed(_) => "an issuance ended without a certificate",
            Self::CertificateExpiring(_) => "a certificate ends soon",
            Self::CertificateRevoked(_) => "a certificate is revoked",
            Self::ValidationFailed(_) => "a validation failed",
            Self::RequestRefused(_) => "a request is refused",
            Self::LimitReached(_) => "a limit is reached",
            Self::ProfileChanged(_) => "a profile is changed",
            Self::Test { .. } => "an operator tries events",
        }
    }
}

/// An account, and who changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// In which directory.
    pub directory: DirectoryId,
    /// Which one.
    pub account: AccountId,
    /// The operator; absent when its client did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// In which directory it was ordered; absent where looking it up would cost a read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
    /// For whom; absent for the host's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// In answer to which order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// Its id, as in renewal information (RFC 9773 §4.1).
    pub certificate: CertificateId,
    /// The name of its issuer.
    pub issuer: String,
    /// The names in it.
    pub names: Vec<String>,
    /// Begin of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// Which certificate it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CertificateId>,
}

/// An order that will never have its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureFacts {
    /// In which directory.
    pub directory: DirectoryId,
    /// Whose.
    pub account: AccountId,
    /// Which order.
    pub order: OrderId,
    /// Its names.
    pub names: Vec<String>,
    /// What its client is told.
    pub detail: String,
}

/// A revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationFacts {
    /// Of what.
    #[serde(flatten)]
    pub certificate: CertificateFacts,
    /// Why, by the code of RFC 5280 §5.3.1.
    #[serde(rename = "reasonCode")]
    pub reason_code: u8,
    /// Who asked for it.
    pub by: RevokedBy,
    /// The operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// Who asked for a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevokedBy {
    /// The account that ordered the certificate, or one that controls all of its names.
    Account,
    /// Whoever has the certificate's private key.
    CertificateKey,
    /// An operator.
    Operator,
}

/// A validation that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationFacts {
    /// In which directory.
    pub directory: DirectoryId,
    /// Whose.
    pub account: AccountId,
    /// Of which authorization.
    pub authorization: AuthorizationId,
    /// The name, alone.
    pub names: Vec<String>,
    /// In which way it was to be shown.
    pub challenge: ChallengeType,
    /// The kind of problem.
    pub problem: ProblemType,
    /// What its client is told.
    pub detail: String,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalFacts {
    /// In which directory.
    pub directory: DirectoryId,
    /// Whose request; absent when it was for a new account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// By which kind of policy.
    pub reason: RefusalReason,
    /// The names that are refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Why, for the operator; the client may be told less.
    pub detail: String,
    /// How many refusals of the same account for the same reason were not told since the last that was.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untold: u32,
}

/// The kinds of policy that refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalReason {
    /// The account is disabled or has ended.
    AccountEnded,
    /// The binding to an external account is missing or not good.
    ExternalAccount,
    /// A key is blocked, or of a kind that the profile does not take.
    Key,
    /// A name is against the rules, or there are too many.
    Names,
}

/// A limit that is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitFacts {
    /// In which directory.
    pub directory: DirectoryId,
    /// The name of its field in the profile.
    pub limit: String,
    /// For whom or what it counts: an id, or a digest of names; empty for the whole profile.
    pub subject: String,
    /// How often within a window.
    pub maximum: u32,
    /// The window, in seconds.
    pub window: u32,
    /// In how many seconds there is room again.
    pub retry_after: u32,
}

/// A profile that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileFacts {
    /// Kind and name, such as `acmeProfile.web`.
    pub profile: String,
    /// The fields that differ; none when the profile is new or gone.
    pub fields: Vec<String>,
    /// Who changed it.
    pub actor: String,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "06cv5pbo4s3u8t1hk8q2m0r9dg";
    const CERTIFICATE: &str = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";

    /// One of each kind, with the document that it is.
    fn one_of_each() -> Vec<Value> {
        let account = |r#type: &str| json!({ "type": r#type, "directory": "default", "account": ID });
        let certificate = |r#type: &str| {
            json!({
                "type": r#type, "directory": "raProfile/web", "account": ID, "order": ID, "certificate": CERTIFICATE,
                "issuer": "issuing", "names": ["*.a.test", "192.0.2.1"], "notBefore": "2026-01-01T00:00:00Z",
                "notAfter": "2026-04-01T00:00:00Z",
            })
        };
        let with = |mut document: Value, more: Value| {
            document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            document
        };
        vec![
            account("account.created"),
            with(account("account.disabled"), json!({ "actor": "root (uid 0)" })),
            with(account("account.enabled"), json!({ "actor": "root (uid 0)" })),
            account("account.deactivated"),
            certificate("certificate.issued"),
            with(certificate("certificate.renewed"), json!({ "replaces": CERTIFICATE })),
            with(account("certificate.failed"), json!({ "order": ID, "names": ["a.test"], "detail": "no" })),
            certificate("certificate.expiring"),
            with(certificate("certificate.revoked"), json!({ "reasonCode": 1, "by": "certificateKey" })),
            with(
                account("validation.failed"),
                json!({
                    "authorization": ID, "names": ["a.test"], "challenge": "http-01",
                    "problem": "urn:ietf:params:acme:error:dns", "detail": "no",
                }),
            ),
            with(account("request.refused"), json!({ "reason": "names", "names": ["a"], "detail": "no", "untold": 2 })),
            json!({
                "type": "limit.reached", "directory": "default", "limit": "newOrders", "subject": "", "maximum": 1,
                "window": 60, "retryAfter": 7,
            }),
            json!({ "type": "profile.changed", "profile": "acmeProfile.web", "fields": ["enabled"], "actor": "root" }),
            json!({ "type": "test", "actor": "root" }),
        ]
    }

    #[test]
    fn an_event_is_a_flat_document_and_reads_back() {
        for mut document in one_of_each() {
            let what: EventKind = serde_json::from_value(document.clone()).unwrap();
            assert_eq!(what.name(), document["type"]);
            let event = Event::new(Timestamp::from_millisecond(1_767_225_600_123).unwrap(), [7; 10], what);
            let envelope = document.as_object_mut().unwrap();
            envelope.insert("version".to_owned(), json!(1));
            envelope.insert("id".to_owned(), json!(event.id));
            envelope.insert("time".to_owned(), json!("2026-01-01T00:00:00.123Z"));
            assert_eq!(serde_json::to_value(&event).unwrap(), document);
            assert_eq!(serde_json::from_value::<Event>(document).unwrap(), event);
        }
    }
}
