//! Events: what happened at this CA, for receivers outside of it. RFC 8555 does not define events,
//! but they are about its objects.
//!
//! An event is a flat JSON document, the same for every receiver; docs/events.md describes each
//! type. It has ids, names, times and reasons. It never has a key, and of what clients and
//! validated servers sent it has only what problem documents have.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, AuthorizationId, CertificateId, ChallengeType, DirectoryId, EventId, OrderId, ProblemType};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The version of the document's form. It is raised when a member is removed or changes its
    /// meaning, not when a member or a type is added.
    pub version: u8,
    /// The id, which stays the same when the event is delivered more than once.
    pub id: EventId,
    /// When it happened, to the millisecond.
    pub time: Timestamp,
    /// The type of the event, with its details.
    #[serde(flatten)]
    pub what: EventKind,
}

impl Event {
    /// Creates the event for what happened at `time`.
    pub fn new(time: Timestamp, random: [u8; 10], what: EventKind) -> Self {
        let id = EventId::new(time, random);
        Self { version: VERSION, id, time: id.made_at(), what }
    }
}

/// The types of event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventKind {
    /// An account was created.
    #[serde(rename = "account.created")]
    AccountCreated(AccountFacts),
    /// The operator disabled an account.
    #[serde(rename = "account.disabled")]
    AccountDisabled(AccountFacts),
    /// The operator enabled an account again.
    #[serde(rename = "account.enabled")]
    AccountEnabled(AccountFacts),
    /// An account was deactivated, which is final.
    #[serde(rename = "account.deactivated")]
    AccountDeactivated(AccountFacts),
    /// A certificate was issued.
    #[serde(rename = "certificate.issued")]
    CertificateIssued(CertificateFacts),
    /// A certificate was issued whose order named the one that it replaces (RFC 9773 §5).
    #[serde(rename = "certificate.renewed")]
    CertificateRenewed(CertificateFacts),
    /// An order that was finalized will never have a certificate.
    #[serde(rename = "certificate.failed")]
    CertificateFailed(FailureFacts),
    /// A certificate expires soon, is not revoked, and has not been replaced.
    #[serde(rename = "certificate.expiring")]
    CertificateExpiring(CertificateFacts),
    /// A certificate was revoked.
    #[serde(rename = "certificate.revoked")]
    CertificateRevoked(RevocationFacts),
    /// The last attempt to validate a challenge failed.
    #[serde(rename = "validation.failed")]
    ValidationFailed(ValidationFacts),
    /// Networks from which a challenge was validated saw different things.
    #[serde(rename = "perspectives.disagree")]
    PerspectivesDisagree(DisagreementFacts),
    /// A request was refused because of a policy.
    #[serde(rename = "request.refused")]
    RequestRefused(RefusalFacts),
    /// A limit was reached.
    #[serde(rename = "limit.reached")]
    LimitReached(LimitFacts),
    /// An operator revoked an issuing CA, or raised the reason.
    #[serde(rename = "issuer.revoked")]
    IssuerRevoked(IssuerFacts),
    /// A profile was created, changed or deleted.
    #[serde(rename = "profile.changed")]
    ProfileChanged(ProfileFacts),
    /// An operator tests the delivery of events.
    #[serde(rename = "test")]
    Test {
        /// The operator who asked for it.
        actor: String,
    },
}

impl EventKind {
    /// The `type` member of the document.
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
            Self::PerspectivesDisagree(_) => "perspectives.disagree",
            Self::RequestRefused(_) => "request.refused",
            Self::LimitReached(_) => "limit.reached",
            Self::IssuerRevoked(_) => "issuer.revoked",
            Self::ProfileChanged(_) => "profile.changed",
            Self::Test { .. } => "test",
        }
    }

    /// Whether anyone who reaches a directory can cause as many of them as they like, without
    /// having shown control of anything. Such an event displaces and delays no other.
    pub fn is_of_anyone(&self) -> bool {
        match self {
            Self::AccountCreated(_)
            | Self::ValidationFailed(_)
            | Self::PerspectivesDisagree(_)
            | Self::RequestRefused(_)
            | Self::LimitReached(_) => true,
            Self::AccountDeactivated(facts) => facts.actor.is_none(),
            Self::AccountDisabled(_)
            | Self::AccountEnabled(_)
            | Self::CertificateIssued(_)
            | Self::CertificateRenewed(_)
            | Self::CertificateFailed(_)
            | Self::CertificateExpiring(_)
            | Self::CertificateRevoked(_)
            | Self::IssuerRevoked(_)
            | Self::ProfileChanged(_)
            | Self::Test { .. } => false,
        }
    }

    /// A sentence for the log.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::AccountCreated(_) => "an account is created",
            Self::AccountDisabled(_) => "an account is disabled",
            Self::AccountEnabled(_) => "an account is enabled",
            Self::AccountDeactivated(_) => "an account is deactivated",
            // Metric filters of the template count this sentence in the log.
            Self::CertificateIssued(_) | Self::CertificateRenewed(_) => "a certificate is issued",
            Self::CertificateFailed(_) => "an issuance ended without a certificate",
            Self::CertificateExpiring(_) => "a certificate expires soon",
            Self::CertificateRevoked(_) => "a certificate is revoked",
            Self::ValidationFailed(_) => "a validation failed",
            Self::PerspectivesDisagree(_) => "networks see different things of a challenge",
            Self::RequestRefused(_) => "a request is refused",
            Self::LimitReached(_) => "a limit is reached",
            Self::IssuerRevoked(_) => "an issuing CA is revoked",
            Self::ProfileChanged(_) => "a profile is changed",
            Self::Test { .. } => "an operator sends a test event",
        }
    }
}

/// An account, and the operator if one changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// The account's directory.
    pub directory: DirectoryId,
    /// The id of the account.
    pub account: AccountId,
    /// The operator; absent when the client made the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// A certificate, with its order if there was one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// The directory of the order; absent where finding it would cost another read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
    /// The account that ordered it; absent for the certificate of the host itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The order; absent for the certificate of the host itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// The certificate's id, as in renewal information (RFC 9773 §4.1).
    pub certificate: CertificateId,
    /// The operator's name for the issuer.
    pub issuer: String,
    /// The identifiers in the certificate.
    pub names: Vec<String>,
    /// The start of the validity period.
    pub not_before: Timestamp,
    /// The end of the validity period.
    pub not_after: Timestamp,
    /// The certificate that this one replaces (RFC 9773 §5); absent when the order named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<CertificateId>,
}

/// A finalized order that will never have a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureFacts {
    /// The directory of the order.
    pub directory: DirectoryId,
    /// The account that ordered.
    pub account: AccountId,
    /// The id of the order.
    pub order: OrderId,
    /// The identifiers of the order.
    pub names: Vec<String>,
    /// The `detail` of the problem document that the client gets.
    pub detail: String,
}

/// The revocation of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationFacts {
    /// The revoked certificate.
    #[serde(flatten)]
    pub certificate: CertificateFacts,
    /// The reason code (RFC 5280 §5.3.1).
    #[serde(rename = "reasonCode")]
    pub reason_code: u8,
    /// Who requested the revocation.
    pub by: RevokedBy,
    /// The operator; absent when a client requested the revocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// Who requested a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RevokedBy {
    /// The account that ordered the certificate.
    Account,
    /// Another account of its directory, which is authorized for all of its identifiers.
    Authorizations,
    /// The holder of the certificate's private key.
    CertificateKey,
    /// An operator of the CA.
    Operator,
}

/// A validation that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationFacts {
    /// The directory of the authorization.
    pub directory: DirectoryId,
    /// The account that the authorization belongs to.
    pub account: AccountId,
    /// The id of the authorization.
    pub authorization: AuthorizationId,
    /// The identifier; always one.
    pub names: Vec<String>,
    /// The type of the challenge that failed.
    pub challenge: ChallengeType,
    /// The type of the problem.
    pub problem: ProblemType,
    /// The whole `detail` of the problem, of which the client may see only a part.
    pub detail: String,
}

/// A challenge that looks different from different networks, after the CA itself had seen control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisagreementFacts {
    /// The directory of the authorization.
    pub directory: DirectoryId,
    /// The account that the authorization belongs to.
    pub account: AccountId,
    /// The id of the authorization.
    pub authorization: AuthorizationId,
    /// The identifier; always one.
    pub names: Vec<String>,
    /// The type of the challenge.
    pub challenge: ChallengeType,
    /// Whether enough of them agreed all the same.
    pub corroborated: bool,
    /// The names of the perspectives that saw what the CA saw.
    pub agreeing: Vec<String>,
    /// The names of those that saw something else.
    pub differing: Vec<String>,
    /// What the first of them saw: the whole `detail` of its problem.
    pub detail: String,
}

/// The refusal of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalFacts {
    /// The directory that the request was sent to.
    pub directory: DirectoryId,
    /// The account that sent the request; absent for a new account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The kind of policy that refused.
    pub reason: RefusalReason,
    /// The identifiers that were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The reason, for the operator; the client may learn less.
    pub detail: String,
    /// The number of earlier refusals of the same account for the same reason that were not emitted
    /// since the last one that was.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untold: u32,
}

/// The kinds of policy that refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalReason {
    /// The account is disabled or deactivated.
    AccountEnded,
    /// The external account binding is missing or not valid.
    ExternalAccount,
    /// A key is blocked, or of a type that the profile does not allow.
    Key,
    /// An identifier is not allowed, or there are too many.
    Names,
}

/// A limit that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitFacts {
    /// The directory of the request.
    pub directory: DirectoryId,
    /// The name of the limit's field in the profile.
    pub limit: String,
    /// What the limit counts for: an id, or a digest of identifiers; empty for the whole profile.
    pub subject: String,
    /// The maximum number within a window.
    pub maximum: u32,
    /// The length of the window, in seconds.
    pub window: u32,
    /// The number of seconds until there is room again.
    pub retry_after: u32,
}

/// An issuing CA that was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuerFacts {
    /// The operator's name for the issuer.
    pub issuer: String,
    /// The serial number of its certificate, in hexadecimal digits.
    pub serial: String,
    /// The subject of its certificate.
    pub subject: String,
    /// The reason code (RFC 5280 §5.3.1).
    pub reason_code: u8,
    /// The operator who revoked it.
    pub actor: String,
}

/// A profile that was created, changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileFacts {
    /// Kind and name, such as `acmeProfile.web`.
    pub profile: String,
    /// The fields that changed; empty when the profile was created or deleted.
    pub fields: Vec<String>,
    /// The operator, or the part of the system, that changed it.
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

    /// One event of each type, as documents.
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
            with(
                account("perspectives.disagree"),
                json!({
                    "authorization": ID, "names": ["a.test"], "challenge": "http-01", "corroborated": true,
                    "agreeing": ["fra", "nrt"], "differing": ["lax"], "detail": "no",
                }),
            ),
            with(account("request.refused"), json!({ "reason": "names", "names": ["a"], "detail": "no", "untold": 2 })),
            json!({
                "type": "limit.reached", "directory": "default", "limit": "newOrders", "subject": "", "maximum": 1,
                "window": 60, "retryAfter": 7,
            }),
            json!({
                "type": "issuer.revoked", "issuer": "issuing", "serial": "7a01", "subject": "CN=CA", "reasonCode": 2,
                "actor": "root",
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
