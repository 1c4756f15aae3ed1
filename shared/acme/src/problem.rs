//! Problem documents (RFC 7807) with the types of RFC 8555 §6.7, RFC 9773 §7.4 and the profiles
//! extension.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

use crate::IdentifierObject;

/// A problem document: what is wrong, and what the client can do about it.
///
/// `detail` is printable ASCII only; other characters are escaped when the problem is created, so
/// that text from elsewhere can bring neither control characters into a terminal nor markup into a
/// page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The type of the problem.
    pub r#type: ProblemType,
    /// The type in a few words.
    pub title: Cow<'static, str>,
    /// What is wrong in this case, and what the client can do.
    pub detail: String,
    /// The HTTP status code.
    pub status: u16,
    /// The URL of a page where a person can act, for `userActionRequired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The identifier that the problem is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<IdentifierObject>,
    /// One for each identifier when several fail (RFC 8555 §6.7.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subproblems: Vec<Subproblem>,
    /// The accepted algorithms, for `badSignatureAlgorithm` (RFC 8555 §6.2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<Cow<'static, str>>,
}

impl Problem {
    /// A problem with the usual status code of its type.
    pub fn new(r#type: ProblemType, detail: impl AsRef<str>) -> Self {
        Self {
            r#type,
            title: Cow::Borrowed(r#type.title()),
            detail: printable(detail.as_ref()),
            status: r#type.status(),
            instance: None,
            identifier: None,
            subproblems: Vec::new(),
            algorithms: Vec::new(),
        }
    }

    /// Replaces the status code.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets the identifier that the problem is about.
    #[must_use]
    pub fn with_identifier(mut self, identifier: impl Into<IdentifierObject>) -> Self {
        self.identifier = Some(printable_identifier(identifier.into()));
        self
    }

    /// Sets the URL of a page where a person can act.
    #[must_use]
    pub fn with_instance(mut self, instance: impl Into<String>) -> Self {
        self.instance = Some(instance.into());
        self
    }

    /// Combines the problems of several identifiers: its type is their common type, else
    /// `compound`. A single problem is returned as it is.
    pub fn of_names(subproblems: Vec<Subproblem>, detail: &str) -> Self {
        match subproblems.as_slice() {
            [only] => Self::new(only.r#type, &only.detail).with_identifier(only.identifier.clone()),
            [first, rest @ ..] => {
                let same = rest.iter().all(|other| other.r#type == first.r#type);
                let r#type = if same { first.r#type } else { ProblemType::Compound };
                Self { subproblems, ..Self::new(r#type, detail) }
            }
            [] => Self::new(ProblemType::Malformed, detail),
        }
    }
}

/// The problem of one identifier among several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subproblem {
    /// The type of the problem.
    pub r#type: ProblemType,
    /// What is wrong with this identifier, in printable ASCII.
    pub detail: String,
    /// The identifier as the client gave it, in printable ASCII.
    pub identifier: IdentifierObject,
}

impl Subproblem {
    /// The problem of `identifier`.
    pub fn new(r#type: ProblemType, detail: impl AsRef<str>, identifier: impl Into<IdentifierObject>) -> Self {
        Self { r#type, detail: printable(detail.as_ref()), identifier: printable_identifier(identifier.into()) }
    }
}

macro_rules! problem_types {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $status:literal, $title:literal;)*) => {
        /// The types of problem, in the order of RFC 8555 §6.7, followed by later ones.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub enum ProblemType {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl ProblemType {
            /// Every type, in the order of the variants.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The URN, the value of the `type` member.
            pub fn urn(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The usual HTTP status code of the type.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The value of the `title` member.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

problem_types! {
    /// The `kid` names no account, or `onlyReturnExisting` found none.
    AccountDoesNotExist, "urn:ietf:params:acme:error:accountDoesNotExist", 400, "Account does not exist";
    /// The certificate is already revoked.
    AlreadyRevoked, "urn:ietf:params:acme:error:alreadyRevoked", 400, "Certificate is already revoked";
    /// The certificate request cannot be used.
    BadCsr, "urn:ietf:params:acme:error:badCSR", 400, "Certificate request is not acceptable";
    /// The nonce cannot be used; the answer carries a fresh one.
    BadNonce, "urn:ietf:params:acme:error:badNonce", 400, "Nonce is not acceptable";
    /// The public key is of a type that is not supported, weak, or blocked.
    BadPublicKey, "urn:ietf:params:acme:error:badPublicKey", 400, "Public key is not acceptable";
    /// The reason is not one that a subscriber may give.
    BadRevocationReason, "urn:ietf:params:acme:error:badRevocationReason", 400, "Revocation reason is not allowed";
    /// The JWS algorithm is not supported.
    BadSignatureAlgorithm, "urn:ietf:params:acme:error:badSignatureAlgorithm", 400, "Signature algorithm is not supported";
    /// A CAA record forbids issuance.
    Caa, "urn:ietf:params:acme:error:caa", 403, "CAA forbids issuing";
    /// Several types of problem; see the subproblems.
    Compound, "urn:ietf:params:acme:error:compound", 400, "Several problems";
    /// The validation target could not be reached.
    Connection, "urn:ietf:params:acme:error:connection", 400, "Could not connect to the validation target";
    /// A DNS query failed.
    Dns, "urn:ietf:params:acme:error:dns", 400, "DNS look-up failed";
    /// The directory requires an external account binding.
    ExternalAccountRequired, "urn:ietf:params:acme:error:externalAccountRequired", 400, "External account binding is required";
    /// The response of the validation target does not match the challenge.
    IncorrectResponse, "urn:ietf:params:acme:error:incorrectResponse", 403, "Validation target gave a wrong response";
    /// A contact cannot be used.
    InvalidContact, "urn:ietf:params:acme:error:invalidContact", 400, "Contact is not acceptable";
    /// The request is not well formed.
    Malformed, "urn:ietf:params:acme:error:malformed", 400, "Request is malformed";
    /// The order is not ready to be finalized.
    OrderNotReady, "urn:ietf:params:acme:error:orderNotReady", 403, "Order is not ready";
    /// A limit was reached.
    RateLimited, "urn:ietf:params:acme:error:rateLimited", 429, "Limit reached";
    /// The CA does not issue certificates for the identifier.
    RejectedIdentifier, "urn:ietf:params:acme:error:rejectedIdentifier", 400, "Identifier is rejected by policy";
    /// An error of the CA itself.
    ServerInternal, "urn:ietf:params:acme:error:serverInternal", 500, "Internal error";
    /// The TLS connection to the validation target failed.
    Tls, "urn:ietf:params:acme:error:tls", 400, "TLS with the validation target failed";
    /// The client does not have the authorization that this needs.
    Unauthorized, "urn:ietf:params:acme:error:unauthorized", 403, "Not authorized";
    /// The contact's URL scheme is not supported.
    UnsupportedContact, "urn:ietf:params:acme:error:unsupportedContact", 400, "Contact type is not supported";
    /// The identifier type is not supported.
    UnsupportedIdentifier, "urn:ietf:params:acme:error:unsupportedIdentifier", 400, "Identifier type is not supported";
    /// A person has to visit `instance` first.
    UserActionRequired, "urn:ietf:params:acme:error:userActionRequired", 403, "User action is required";
    /// Another order already replaces that certificate (RFC 9773 §5).
    AlreadyReplaced, "urn:ietf:params:acme:error:alreadyReplaced", 409, "Certificate is already replaced";
    /// The order names a profile that the directory does not offer (profiles extension).
    InvalidProfile, "urn:ietf:params:acme:error:invalidProfile", 400, "Profile is not offered";
}

/// A type that a newer version stored and this one does not know is read as `serverInternal`; title
/// and detail say what it was.
impl<'de> Deserialize<'de> for ProblemType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let urn = String::deserialize(deserializer)?;
        Ok(Self::ALL.iter().find(|known| known.urn() == urn).copied().unwrap_or(Self::ServerInternal))
    }
}

/// The identifier in a form that can be echoed: printable, and no longer than a DNS name can be.
fn printable_identifier(identifier: IdentifierObject) -> IdentifierObject {
    let short = |text: String| printable(&text.chars().take(253).collect::<String>());
    IdentifierObject { r#type: short(identifier.r#type), value: short(identifier.value) }
}

/// Keeps printable ASCII and escapes the rest.
fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, character| {
        if matches!(character, ' '..='~') {
            out.push(character);
        } else {
            out.extend(character.escape_unicode());
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_22_absent_members_are_left_out() {
        let json = serde_json::to_value(Problem::new(ProblemType::Malformed, "no")).unwrap();
        let members: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(members, ["detail", "status", "title", "type"]);
    }

    #[test]
    fn a_problem_of_a_newer_version_reads_with_its_title_and_detail() {
        let mut stored = serde_json::to_value(Problem::new(ProblemType::Caa, "no")).unwrap();
        let read = |stored: &serde_json::Value| serde_json::from_value::<Problem>(stored.clone()).unwrap();
        assert_eq!(read(&stored), Problem::new(ProblemType::Caa, "no"));
        stored["type"] = "urn:ietf:params:acme:error:novel".into();
        assert_eq!((read(&stored).r#type, read(&stored).detail), (ProblemType::ServerInternal, "no".to_owned()));
    }

    #[test]
    fn threat_30_details_are_printable_ascii() {
        let problem = Problem::new(ProblemType::Malformed, "a\u{1b}[31m<b>\u{e9}\n");
        assert_eq!(problem.detail, "a\\u{1b}[31m<b>\\u{e9}\\u{a}");
        assert!(ProblemType::ALL.iter().all(|r#type| r#type.title().is_ascii()));
    }

    #[test]
    fn several_names_share_a_type_or_are_compound() {
        let name = |text: &str| IdentifierObject { r#type: "dns".into(), value: text.into() };
        let one = Subproblem::new(ProblemType::RejectedIdentifier, "no", name("a.test"));
        let two = Subproblem::new(ProblemType::RejectedIdentifier, "no", name("b.test"));
        let other = Subproblem::new(ProblemType::UnsupportedIdentifier, "no", name("c.test"));
        let single = Problem::of_names(vec![one.clone()], "several");
        assert_eq!((single.identifier, single.subproblems.len()), (Some(name("a.test")), 0));
        let same = Problem::of_names(vec![one.clone(), two], "several");
        assert_eq!((same.r#type, same.subproblems.len()), (ProblemType::RejectedIdentifier, 2));
        assert_eq!(Problem::of_names(vec![one, other], "several").r#type, ProblemType::Compound);
    }
}
