//! The names in a request: those that are compared with the order.
//!
//! A certificate takes no name from a request. A name that could be certified, had it been ordered,
//! must be in the order too, because a client that requests it expects it in the certificate. What
//! can never be in a certificate here, such as an organization or a mail address in the subject, is
//! ignored: habit puts it there, and nothing follows from it.

use std::collections::BTreeSet;

use acme::Identifier;
use const_oid::db::rfc4519::COMMON_NAME;
use x509_cert::name::Name;

use super::{CsrError, Info};
use crate::{distinguished_name, general_name};

/// The identifiers in the subject alternative names and the common name.
pub(super) fn identifiers(info: &Info<'_>) -> Result<BTreeSet<Identifier>, CsrError> {
    let names = info.alternative_names.iter();
    let mut identifiers = names
        .map(|name| general_name::identifier(name).map_err(CsrError::SubjectAlternativeName))
        .collect::<Result<BTreeSet<_>, _>>()?;
    identifiers.extend(common_name(&info.subject)?);
    Ok(identifiers)
}

/// The common name, wherever it is in the subject; an empty one is none.
fn common_name(subject: &Name) -> Result<Option<Identifier>, CsrError> {
    let mut common_names = subject.iter().filter(|attribute| attribute.oid == COMMON_NAME);
    let (first, second) = (common_names.next(), common_names.next());
    if second.is_some() {
        return Err(CsrError::Repeated("common name"));
    }
    let Some(attribute) = first else { return Ok(None) };
    let text = distinguished_name::foreign_text(attribute).ok_or(CsrError::CommonNameEncoding)?;
    if text.is_empty() {
        return Ok(None);
    }
    general_name::of_common_name(&text).map(Some).map_err(CsrError::CommonName)
}
