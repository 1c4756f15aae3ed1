//! The only place where an error becomes a problem document.
//!
//! For an error that the client can correct, the document says how. For one that only the operator
//! can correct, it has a fixed text, and the cause is logged with the request's id.

mod account;
mod certificate;
mod directory;
mod key;
mod order;

use std::borrow::Cow;

use acme::{Problem, ProblemType as Type};
use authority::Failure;
use http::{StatusCode, header};
use jose::{Algorithm, JwsError, KeyError};
use ra::{Directory, Refusal};

use crate::{Context, Error, Reply};

/// The reply to an error.
pub(crate) fn reply(context: &Context, serving: Option<&Directory>, error: &Error) -> Reply {
    let problem = problem(error);
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reply = Reply::typed_json(status, "application/problem+json", &problem);
    match error {
        Error::Method { allow } => reply.with(header::ALLOW, allow),
        Error::Refused(Refusal::KeyInUse(account)) => match serving {
            Some(serving) => reply.with_location(&context.urls().account(&serving.directory, *account)),
            None => reply,
        },
        Error::Refused(Refusal::TermsNotAgreed { url: Some(url) }) => reply.with_link(url, "terms-of-service"),
        Error::Refused(Refusal::LimitReached(reached)) => reply.with_retry_after(reached.retry_after),
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
        Error::Refused(refusal) => refused(refusal),
        Error::Failed(failure) => failed(failure),
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

/// What the client can correct: each refusal in the file of its noun.
fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::NotFound => not_found(),
        Refusal::NoSuchDirectory => directory::unknown(),
        Refusal::DirectoryOff(reason) => directory::off(reason),
        Refusal::IssuerOff(_, state) => directory::issuer_off(*state),
        Refusal::InvalidProfile(_) => directory::not_offered(),
        Refusal::LimitReached(reached) => directory::limit_reached(reached),
        Refusal::AccountDoesNotExist => account::unknown(),
        Refusal::AccountEnded(status) => account::ended(*status),
        Refusal::ContactRequired => account::contact_required(),
        Refusal::Contact(error) => account::contact(error),
        Refusal::ContactDomain(domains) => account::contact_domain(domains),
        Refusal::ContactsTooLong(most) => account::contacts_too_long(*most),
        Refusal::TooManyContacts(most) => account::too_many_contacts(*most),
        Refusal::TermsNotAgreed { url } => account::terms_not_agreed(url.as_deref()),
        Refusal::StatusNotAllowed => account::status_not_allowed(),
        Refusal::ExternalAccountRequired => account::binding_required(),
        Refusal::ExternalAccountRefused(_) => account::binding_refused(),
        Refusal::KeyInUse(_) => key::in_use(),
        Refusal::KeyBlocked => key::blocked(),
        Refusal::KeyListed => key::listed(),
        Refusal::KeyChange(reason) => key::change(reason),
        Refusal::NoIdentifiers => order::no_identifiers(),
        Refusal::TooManyIdentifiers(most) => order::too_many_identifiers(*most),
        Refusal::Identifiers(refused) => order::identifiers(refused),
        Refusal::Validity(refusal) => order::validity(refusal),
        Refusal::Replaces(reason) => order::replaces(reason),
        Refusal::AlreadyReplaced => order::already_replaced(),
        Refusal::OrderNotReady(status) => order::not_ready(*status),
        Refusal::OtherCsr => order::other_csr(),
        Refusal::AuthorizationEnded(status) => order::authorization_ended(*status),
        Refusal::ChallengeWithdrawn(r#type) => order::challenge_withdrawn(*r#type),
        Refusal::Csr(error) => certificate::request(error),
        Refusal::CertificateKey(reason) => certificate::key(reason),
        Refusal::NotACertificate => certificate::unreadable(),
        Refusal::BadRevocationReason => certificate::bad_reason(),
        Refusal::AlreadyRevoked => certificate::already_revoked(),
        Refusal::MayNotRevoke => certificate::may_not_revoke(),
    }
}

/// What only the operator can resolve: nothing of the cause is answered.
fn failed(failure: &Failure) -> Problem {
    if failure.is_transient() {
        Problem::new(Type::ServerInternal, "The service is overloaded. Try again.").with_status(503)
    } else {
        Problem::new(Type::ServerInternal, "An internal error occurred. The operator has the details.")
    }
}

fn not_found() -> Problem {
    Problem::new(Type::Malformed, "There is no such resource.").with_status(404)
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
    use acme::IdentifierError;
    use ra::IdentifierRefusal;
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
        use ra::BindingRefusal;

        let texts = [
            BindingRefusal::Jws(Jws::BadMac),
            BindingRefusal::Jws(Jws::UnsupportedAlgorithm { algorithm: "ES256".into() }),
            BindingRefusal::Url,
            BindingRefusal::UnknownKey,
            BindingRefusal::OtherAccountKey,
            BindingRefusal::OtherProfile,
            BindingRefusal::UsedUp,
        ]
        .map(|refusal| serde_json::to_string(&problem(&Error::Refused(refusal.into()))).unwrap());
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
        let problem = problem(&Error::Refused(Refusal::Identifiers(refused)));
        let types: Vec<Type> = problem.subproblems.iter().map(|subproblem| subproblem.r#type).collect();
        assert_eq!(types, [Type::Malformed, Type::UnsupportedIdentifier, Type::RejectedIdentifier]);
        assert_eq!(problem.r#type, Type::Compound);
    }
}
