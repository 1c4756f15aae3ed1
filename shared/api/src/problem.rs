//! The only place where an error becomes a problem document.
//!
//! For an error that the client can correct, the document says how. For one that only the operator
//! can correct, it has a fixed text, and the cause is logged with the request's id.

use std::borrow::Cow;

use acme::{AccountStatus, IdentifierError, OrderStatus, Problem, ProblemType as Type, Subproblem};
use http::{StatusCode, header};
use jose::{Algorithm, JwsError, KeyError};
use ra::{Directory, IdentifierRefusal, LimitReached};

use crate::{Context, Error, Reply};

/// The reply to an error.
pub(crate) fn reply(context: &Context, serving: Option<&Directory>, error: &Error) -> Reply {
    let problem = problem(error);
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reply = Reply::typed_json(status, "application/problem+json", &problem);
    match error {
        Error::Method { allow } => reply.with(header::ALLOW, allow),
        Error::Authority(ra::Error::KeyInUse(account)) => match serving {
            Some(serving) => reply.with_location(&context.urls().account(&serving.directory, *account)),
            None => reply,
        },
        Error::Authority(ra::Error::TermsNotAgreed { url: Some(url) }) => reply.with_link(url, "terms-of-service"),
        Error::Authority(ra::Error::LimitReached(reached)) => reply.with_retry_after(reached.retry_after),
        _ if status == StatusCode::SERVICE_UNAVAILABLE => reply.with_retry_after(RETRY_AFTER_OVERLOAD),
        _ => reply,
    }
}

fn problem(error: &Error) -> Problem {
    match error {
        Error::NoSuchResource => not_found(),
        Error::Method { allow } => {
            Problem::new(Type::Malformed, format!("This resource allows only {allow}.")).with_status(405)
        }
        Error::MediaType => {
            Problem::new(Type::Malformed, "The media type of a POST must be application/jose+json.").with_status(415)
        }
        Error::TooLarge => Problem::new(Type::Malformed, "The request body is larger than 64 KiB.").with_status(413),
        Error::Jws(error) => jws(error),
        Error::Url(error) => Problem::new(
            Type::Unauthorized,
            format!("The \"url\" of the protected header is not the URL of the request, {}.", error.received),
        )
        .with_status(401),
        Error::Nonce(error) => {
            Problem::new(Type::BadNonce, format!("{}. Try again with the nonce of this answer.", sentence(error)))
        }
        Error::KeyReference(expected) => {
            Problem::new(Type::Malformed, format!("Requests to this resource must be signed with {expected}."))
        }
        Error::Payload(error) => Problem::new(Type::Malformed, format!("{}.", sentence(error))),
        Error::Member(text) => Problem::new(Type::Malformed, text),
        Error::Authority(error) => authority(error),
    }
}

fn jws(error: &JwsError) -> Problem {
    let detail = format!("{}.", sentence(error));
    match error {
        JwsError::Malformed(_) | JwsError::Key(KeyError::Malformed(_)) => Problem::new(Type::Malformed, detail),
        JwsError::UnsupportedAlgorithm { .. } | JwsError::AlgorithmMismatch { .. } => {
            let algorithms = Algorithm::ALL.map(|algorithm| Cow::Borrowed(algorithm.as_str())).to_vec();
            Problem { algorithms, ..Problem::new(Type::BadSignatureAlgorithm, detail) }
        }
        JwsError::Key(_) => Problem::new(Type::BadPublicKey, detail),
        JwsError::BadSignature => Problem::new(Type::Malformed, detail),
    }
}

fn authority(error: &ra::Error) -> Problem {
    use ra::Error as E;
    match error {
        E::NoSuchDirectory => {
            Problem::new(Type::Malformed, "There is no such directory. Check the directory URL.").with_status(404)
        }
        E::DirectoryOff(reason) => Problem::new(
            Type::Unauthorized,
            format!("This directory is out of service: {reason}. Certificates can still be downloaded and revoked."),
        ),
        E::IssuerOff(_, state) => Problem::new(
            Type::Unauthorized,
            format!(
                "This directory is out of service: the CA behind it is {state} and issues nothing. Certificates can still be downloaded and revoked."
            ),
        ),
        E::NotFound => not_found(),
        E::AccountDoesNotExist => Problem::new(
            Type::AccountDoesNotExist,
            "This directory has no account with that key or URL. Create one at newAccount.",
        ),
        E::AccountEnded(status) => {
            let how = match status {
                AccountStatus::Revoked => "disabled by the operator",
                AccountStatus::Deactivated | AccountStatus::Valid => "deactivated",
            };
            Problem::new(Type::Unauthorized, format!("The account is {how}. Use another account key.")).with_status(401)
        }
        E::ContactRequired => {
            Problem::new(Type::InvalidContact, "This directory requires a contact, such as mailto:admin@example.com.")
        }
        E::ExternalAccountRequired => Problem::new(
            Type::ExternalAccountRequired,
            "This directory requires an external account binding for new accounts. Ask the operator for a key.",
        ),
        // One text for every fault, so that an attacker cannot learn which keys exist.
        E::ExternalAccountRefused(_) => Problem::new(
            Type::Unauthorized,
            "The external account binding is refused. Check the key identifier and the key, or ask the operator for a new key.",
        ),
        E::Contact(acme::ContactError::UnsupportedScheme) => {
            Problem::new(Type::UnsupportedContact, "Only mailto: contacts are supported.")
        }
        E::Contact(error) => Problem::new(Type::InvalidContact, format!("A contact is refused: {error}.")),
        E::ContactDomain(domains) => {
            let domains = domains.join(", ");
            Problem::new(
                Type::InvalidContact,
                format!("The address of a contact must be in one of these domains: {domains}."),
            )
        }
        E::TooManyContacts(most) => {
            Problem::new(Type::InvalidContact, format!("An account has at most {most} contacts."))
        }
        E::TermsNotAgreed { url } => {
            let problem = Problem::new(
                Type::UserActionRequired,
                "Agree to the terms of service first: send termsOfServiceAgreed: true when creating or updating the account.",
            );
            match url {
                Some(url) => problem.with_instance(url),
                None => problem,
            }
        }
        E::StatusNotAllowed => {
            Problem::new(Type::Malformed, "The only status that a client can set is \"deactivated\".")
        }
        E::KeyInUse(_) => {
            let detail = "That key belongs to an account of this directory already, whose URL is in Location.";
            Problem::new(Type::Malformed, detail).with_status(409)
        }
        E::KeyBlocked => Problem::new(Type::BadPublicKey, "This key was reported as compromised. Make a new one."),
        E::KeyChange(reason) => Problem::new(Type::Malformed, format!("The key change is refused: {reason}.")),
        E::NoIdentifiers => Problem::new(Type::Malformed, "The order has no identifiers."),
        E::TooManyIdentifiers(most) => {
            Problem::new(Type::Malformed, format!("An order has at most {most} identifiers. Split it into several."))
        }
        E::Identifiers(refused) => {
            let subproblems = refused.iter().map(|(name, refusal)| identifier(name, refusal)).collect();
            Problem::of_names(subproblems, "Several identifiers are refused; see the subproblems.")
        }
        E::Validity(refusal) => Problem::new(Type::Malformed, format!("The requested validity is refused: {refusal}.")),
        E::InvalidProfile(_) => Problem::new(
            Type::InvalidProfile,
            "This directory does not offer that profile. Use one of the \"profiles\" in its \"meta\", or order without a profile.",
        ),
        E::Replaces(reason) => Problem::new(Type::Malformed, format!("\"replaces\" is refused: {reason}.")),
        E::AlreadyReplaced => Problem::new(
            Type::AlreadyReplaced,
            "Another order already replaces that certificate. Order again without \"replaces\".",
        ),
        E::OrderNotReady(status) => Problem::new(Type::OrderNotReady, order_not_ready(*status)),
        E::OtherCsr => Problem::new(
            Type::OrderNotReady,
            "The order was finalized with another certificate request. Create a new order.",
        ),
        E::AuthorizationEnded(status) => Problem::new(
            Type::Malformed,
            format!("The authorization is {} and can no longer be changed. Create a new order.", lower(status)),
        ),
        E::Csr(error) => Problem::new(Type::BadCsr, format!("{}.", sentence(error))),
        E::CertificateKey(reason) => Problem::new(Type::BadCsr, format!("{}.", sentence(reason))),
        E::NotACertificate => Problem::new(Type::Malformed, "\"certificate\" is not a DER certificate in base64url."),
        E::BadRevocationReason => Problem::new(
            Type::BadRevocationReason,
            "Allowed reasons are 0, 1, 3, 4, 5 and 9 (RFC 5280, section 5.3.1).",
        ),
        E::AlreadyRevoked => Problem::new(Type::AlreadyRevoked, "The certificate is already revoked."),
        E::LimitReached(LimitReached { name, domain, maximum, window, retry_after }) => {
            let subject = domain.as_ref().map(|domain| format!(" for {domain}")).unwrap_or_default();
            Problem::new(
                Type::RateLimited,
                format!(
                    "The limit {name} of this directory is reached{subject}: {maximum} in {window} seconds. Try again in {retry_after} seconds."
                ),
            )
        }
        E::MayNotRevoke => Problem::new(
            Type::Unauthorized,
            "Revoke with the certificate's own key, the account that ordered it, or an account authorized for all its names.",
        ),
        E::Failed(_) => match error.is_transient() {
            true => Problem::new(Type::ServerInternal, "The service is overloaded. Try again.").with_status(503),
            false => Problem::new(Type::ServerInternal, "An internal error occurred. The operator has the details."),
        },
    }
}

fn not_found() -> Problem {
    Problem::new(Type::Malformed, "There is no such resource.").with_status(404)
}

fn order_not_ready(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "The order has authorizations that are not valid yet. Complete a challenge of each.",
        OrderStatus::Invalid => "The order is invalid; its \"error\" says why. Create a new order.",
        OrderStatus::Processing => "The order is being processed. Poll it again.",
        OrderStatus::Ready | OrderStatus::Valid => "The order cannot be finalized now.",
    }
}

fn identifier(name: &acme::IdentifierObject, refusal: &IdentifierRefusal) -> Subproblem {
    let r#type = match refusal {
        IdentifierRefusal::Malformed(IdentifierError::UnsupportedType) => Type::UnsupportedIdentifier,
        IdentifierRefusal::Malformed(IdentifierError::NoHost(_) | IdentifierError::WildcardTopLevel) => {
            Type::RejectedIdentifier
        }
        IdentifierRefusal::Malformed(_) => Type::Malformed,
        IdentifierRefusal::Rule(_) | IdentifierRefusal::Policy(_) | IdentifierRefusal::Constrained(_) => {
            Type::RejectedIdentifier
        }
    };
    Subproblem::new(r#type, format!("{}.", sentence(refusal)), name.clone())
}

fn lower(status: &impl std::fmt::Debug) -> String {
    format!("{status:?}").to_ascii_lowercase()
}

/// The message with its first letter in upper case.
fn sentence(message: impl std::fmt::Display) -> String {
    let text = message.to_string();
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// `Retry-After` of an answer to an overload, in seconds.
const RETRY_AFTER_OVERLOAD: u32 = 2;

#[cfg(test)]
mod tests {
    use authority::Failure;
    use store::StoreError;

    use super::*;

    #[test]
    fn what_only_the_operator_can_correct_is_answered_without_its_cause() {
        let secret = || Box::<dyn std::error::Error + Send + Sync>::from("table secrets-eu-1 at 10.1.2.3");
        let issuer: store::IssuerId = "hidden".parse().unwrap();
        for error in [
            Failure::Store(StoreError::Unavailable(secret())),
            Failure::Store(StoreError::Corrupt { record: "account", source: secret() }),
            Failure::Sign(ca::SignError::Refused { source: secret() }),
            Failure::Sign(ca::SignError::Unavailable { source: secret() }),
            Failure::Issuing(secret()),
            Failure::MissingIssuer(issuer.clone()),
            Failure::ForeignIssuer(issuer),
            Failure::Randomness,
        ] {
            let problem = problem(&Error::from(error));
            assert_eq!(problem.r#type, Type::ServerInternal);
            assert!(matches!(problem.status, 500 | 503), "{problem:?}");
            let text = serde_json::to_string(&problem).unwrap();
            assert!(!text.contains("secret") && !text.contains("hidden") && !text.contains("10.1"), "{text}");
        }
    }

    #[test]
    fn threat_19_a_refusal_does_not_reveal_what_is_wrong_with_a_binding() {
        use jose::external_account::ExternalAccountBindingError as Jws;
        use ra::BindingRefusal as Refusal;

        let texts = [
            Refusal::Jws(Jws::BadMac),
            Refusal::Jws(Jws::UnsupportedAlgorithm { algorithm: "ES256".into() }),
            Refusal::Url,
            Refusal::UnknownKey,
            Refusal::OtherAccountKey,
            Refusal::OtherProfile,
            Refusal::UsedUp,
        ]
        .map(|refusal| serde_json::to_string(&problem(&Error::Authority(refusal.into()))).unwrap());
        assert!(texts.iter().all(|text| *text == texts[0] && text.contains(":unauthorized")), "{texts:?}");
    }

    #[test]
    fn s16_the_refusal_of_an_algorithm_lists_the_accepted_ones() {
        let error = JwsError::UnsupportedAlgorithm { algorithm: "none".into() };
        let problem = problem(&Error::Jws(error));
        assert_eq!(problem.r#type, Type::BadSignatureAlgorithm);
        assert_eq!(problem.algorithms, ["ES256", "ES384", "ES512", "RS256", "EdDSA"]);
    }

    #[test]
    fn s16_each_refused_identifier_has_its_own_subproblem() {
        let name = |r#type: &str, value: &str| acme::IdentifierObject { r#type: r#type.into(), value: value.into() };
        let refused = vec![
            (name("dns", "a..test"), IdentifierRefusal::Malformed(IdentifierError::EmptyLabel)),
            (name("email", "a@b"), IdentifierRefusal::Malformed(IdentifierError::UnsupportedType)),
            (name("dns", "*.a.test"), IdentifierRefusal::Policy("no")),
        ];
        let problem = problem(&Error::Authority(ra::Error::Identifiers(refused)));
        let types: Vec<Type> = problem.subproblems.iter().map(|subproblem| subproblem.r#type).collect();
        assert_eq!(types, [Type::Malformed, Type::UnsupportedIdentifier, Type::RejectedIdentifier]);
        assert_eq!(problem.r#type, Type::Compound);
    }
}
