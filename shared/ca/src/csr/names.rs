//! The names in a request, and the refusal of every place where a name could hide.
//!
//! None of this gets into a certificate. It is refused anyway: a client that puts a name in such a
//! place expects it to be certified, and would find out too late that it was not.

use std::collections::BTreeSet;

use acme::Identifier;
use const_oid::db::{
    rfc4519::{
        BUSINESS_CATEGORY, COMMON_NAME, COUNTRY_NAME, GIVEN_NAME, LOCALITY_NAME, ORGANIZATION_NAME,
        ORGANIZATIONAL_UNIT_NAME, POSTAL_CODE, SERIAL_NUMBER, ST, STREET, SURNAME, TITLE,
    },
    rfc5280::ID_CE_SUBJECT_ALT_NAME,
};
use der::{Decode, oid::ObjectIdentifier};
use x509_cert::{
    attr::Attributes,
    ext::{Extension, pkix::name::GeneralNames},
    name::Name,
    request::CertReqInfo,
};

use super::{CsrError, EXTENSION_REQUEST};
use crate::{distinguished_name, general_name};

/// The identifiers in the subject alternative names and the common name.
pub(super) fn identifiers(info: &CertReqInfo) -> Result<BTreeSet<Identifier>, CsrError> {
    let extensions = requested_extensions(&info.attributes)?;
    let mut identifiers = subject_alternative_names(&extensions)?;
    identifiers.extend(common_name(&info.subject)?);
    Ok(identifiers)
}

/// The requested extensions. All except the subject alternative name are ignored: the profile
/// decides what a certificate contains.
fn requested_extensions(attributes: &Attributes) -> Result<Vec<Extension>, CsrError> {
    if repeats(attributes.iter().map(|attribute| attribute.oid)) {
        return Err(CsrError::Repeated("attribute of one type"));
    }
    let Some(request) = attributes.iter().find(|attribute| attribute.oid == EXTENSION_REQUEST) else {
        return Ok(Vec::new());
    };
    let mut values = request.values.iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(CsrError::Repeated("extension request"));
    };
    let extensions: Vec<Extension> = value.decode_as().map_err(CsrError::Malformed)?;
    if repeats(extensions.iter().map(|extension| extension.extn_id)) {
        return Err(CsrError::Repeated("requested extension of one type"));
    }
    Ok(extensions)
}

fn repeats(mut oids: impl Iterator<Item = ObjectIdentifier>) -> bool {
    let mut seen = BTreeSet::new();
    !oids.all(|oid| seen.insert(oid))
}

fn subject_alternative_names(extensions: &[Extension]) -> Result<BTreeSet<Identifier>, CsrError> {
    let requested = extensions.iter().find(|extension| extension.extn_id == ID_CE_SUBJECT_ALT_NAME);
    let Some(extension) = requested else {
        return Ok(BTreeSet::new());
    };
    let names = GeneralNames::from_der(extension.extn_value.as_bytes()).map_err(CsrError::Malformed)?;
    names.iter().map(|name| general_name::identifier(name).map_err(CsrError::SubjectAlternativeName)).collect()
}

fn common_name(subject: &Name) -> Result<Option<Identifier>, CsrError> {
    if subject.iter_rdn().any(|relative| relative.len() != 1) {
        return Err(CsrError::MultiValuedName);
    }
    let odd = |oid: &ObjectIdentifier| *oid != COMMON_NAME && !IGNORED.contains(oid);
    if let Some(oid) = subject.iter().map(|attribute| attribute.oid).find(odd) {
        return Err(CsrError::SubjectAttribute(oid));
    }
    let mut common_names = subject.iter().filter(|attribute| attribute.oid == COMMON_NAME);
    match (common_names.next(), common_names.next()) {
        (None, _) => Ok(None),
        (Some(attribute), None) => {
            let text = distinguished_name::text(attribute).ok_or(CsrError::CommonNameEncoding)?;
            general_name::of_common_name(text).map(Some).map_err(CsrError::CommonName)
        }
        (Some(_), Some(_)) => Err(CsrError::Repeated("common name")),
    }
}

/// Attributes that clients put into a subject by habit. They describe the requester, are not names
/// to be certified, and are ignored.
const IGNORED: [ObjectIdentifier; 12] = [
    BUSINESS_CATEGORY,
    COUNTRY_NAME,
    GIVEN_NAME,
    LOCALITY_NAME,
    ORGANIZATIONAL_UNIT_NAME,
    ORGANIZATION_NAME,
    POSTAL_CODE,
    SERIAL_NUMBER,
    ST,
    STREET,
    SURNAME,
    TITLE,
];
