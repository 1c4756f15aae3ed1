//! Problems of accounts and their bindings (RFC 8555 §7.3).

use acme::{AccountStatus, ContactError, Problem, ProblemType as Type};

pub(super) fn unknown() -> Problem {
    Problem::new(
        Type::AccountDoesNotExist,
        "This directory has no account with that key or URL. Create one at newAccount.",
    )
}

pub(super) fn ended(status: AccountStatus) -> Problem {
    let how = match status {
        AccountStatus::Revoked => "disabled by the operator",
        AccountStatus::Deactivated | AccountStatus::Valid => "deactivated",
    };
    Problem::new(Type::Unauthorized, format!("The account is {how}. Use another account key.")).with_status(401)
}

pub(super) fn contact_required() -> Problem {
    Problem::new(Type::InvalidContact, "This directory requires a contact, such as mailto:admin@example.com.")
}

pub(super) fn contact(error: &ContactError) -> Problem {
    match error {
        ContactError::UnsupportedScheme => {
            Problem::new(Type::UnsupportedContact, "Only mailto: contacts are supported.")
        }
        error => Problem::new(Type::InvalidContact, format!("A contact is refused: {error}.")),
    }
}

pub(super) fn contact_domain(allowed: &[String]) -> Problem {
    let domains = allowed.join(", ");
    Problem::new(Type::InvalidContact, format!("The address of a contact must be in one of these domains: {domains}."))
}

pub(super) fn contacts_too_long(most: usize) -> Problem {
    Problem::new(Type::InvalidContact, format!("The contacts of an account have at most {most} characters together."))
}

pub(super) fn too_many_contacts(most: usize) -> Problem {
    Problem::new(Type::InvalidContact, format!("An account has at most {most} contacts."))
}

pub(super) fn terms_not_agreed(url: Option<&str>) -> Problem {
    let problem = Problem::new(
        Type::UserActionRequired,
        "Agree to the terms of service first: send termsOfServiceAgreed: true when creating or updating the account.",
    );
    match url {
        Some(url) => problem.with_instance(url),
        None => problem,
    }
}

pub(super) fn status_not_allowed() -> Problem {
    Problem::new(Type::Malformed, "The only status that a client can set is \"deactivated\".")
}

pub(super) fn binding_required() -> Problem {
    Problem::new(
        Type::ExternalAccountRequired,
        "This directory requires an external account binding, which a request to newAccount takes. Ask the operator for a key.",
    )
}

/// One text for every fault, so that an attacker cannot learn which keys exist.
pub(super) fn binding_refused() -> Problem {
    Problem::new(
        Type::Unauthorized,
        "The external account binding is refused. Check the key identifier and the key, or ask the operator for a new key.",
    )
}
