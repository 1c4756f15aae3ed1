//! CertificationRequestInfo (RFC 2986 §4.1), read for the parts that decide something.
//!
//! A field that decides nothing refuses nothing, however a library of twenty years ago wrote it. So
//! every field is here with what is demanded of it, and why.
//!
//! | field | demanded | why |
//! |---|---|---|
//! | the whole | definite, minimal lengths (DER); nothing before, between or after | the signature is over these bytes, and two readers must find the same fields |
//! | `version` | an INTEGER, of any value | RFC 2986 knows one version, so the number chooses nothing; widespread libraries write 1 or 2 |
//! | `subject` | one common name at most, which is an identifier; empty is none | it is compared with the order. All other attributes are ignored: the certificate takes nothing from them |
//! | `subjectPKInfo` | as [`jose::PublicKey`] demands it | it is certified |
//! | `attributes` | may be left out; in any order | without requested extensions there is nothing to read |
//! | an attribute other than the extension request | an OBJECT IDENTIFIER at its start | it is ignored, also when there are several of one type |
//! | the extension request | once, with one list or none | two lists are two answers to the question which names are requested |
//! | an extension other than the names | an OBJECT IDENTIFIER at its start | the profile decides what a certificate contains |
//! | `subjectAltName` | once; `critical` may say anything; dNSName and iPAddress only | the names are compared with the order, and one of another type would be missing in the certificate |
//! | `signatureAlgorithm` | SHA-256 or better, of the type of the key; parameters absent or NULL | it says how the proof of possession is verified |

use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;
use der::{
    Decode, Tag, TagNumber, Tagged,
    asn1::{AnyRef, OctetStringRef},
    oid::ObjectIdentifier,
};
use x509_cert::{ext::pkix::name::GeneralNames, name::Name};

use super::{CsrError, EXTENSION_REQUEST};
use crate::raw;

/// The parts of a request that decide something.
pub(super) struct Info<'a> {
    /// The subject; only its common name is used.
    pub(super) subject: Name,
    /// The SubjectPublicKeyInfo: the very bytes that were signed.
    pub(super) key: &'a [u8],
    /// The requested subject alternative names.
    pub(super) alternative_names: GeneralNames,
}

impl<'a> Info<'a> {
    /// Reads the signed part of a request.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, CsrError> {
        let fields = raw::elements(der).map_err(CsrError::Malformed)?;
        let (version, subject, key, attributes) = match *fields.as_slice() {
            [version, subject, key] => (version, subject, key, None),
            [version, subject, key, attributes] => (version, subject, key, Some(attributes)),
            _ => return Err(CsrError::Malformed(Tag::Sequence.length_error().into())),
        };
        let version = AnyRef::from_der(version).map_err(CsrError::Malformed)?;
        version.tag().assert_eq(Tag::Integer).map_err(CsrError::Malformed)?;
        let alternative_names = match attributes {
            None => GeneralNames::new(),
            Some(attributes) => alternative_names(attributes)?,
        };
        Ok(Self { subject: Name::from_der(subject).map_err(CsrError::Malformed)?, key, alternative_names })
    }
}

/// The names in the attributes, which are `[0] IMPLICIT SET OF Attribute`.
fn alternative_names(attributes: &[u8]) -> Result<GeneralNames, CsrError> {
    let attributes = parts(attributes, ATTRIBUTES)?;
    let Some(values) = only(&attributes, EXTENSION_REQUEST, "extension request")? else {
        return Ok(GeneralNames::new());
    };
    let [values] = *values.as_slice() else { return Err(malformed()) };
    let lists = parts(values, Tag::Set)?;
    let extensions = match *lists.as_slice() {
        [] => return Ok(GeneralNames::new()),
        [list] => parts(list, Tag::Sequence)?,
        _ => return Err(CsrError::Repeated("extension request")),
    };
    let Some(extension) = only(&extensions, ID_CE_SUBJECT_ALT_NAME, "subject alternative name extension")? else {
        return Ok(GeneralNames::new());
    };
    // Whether the requester calls it critical does not matter: the profile decides.
    let value = match *extension.as_slice() {
        [value] => value,
        [critical, value] if critical.first() == Some(&BOOLEAN) => value,
        _ => return Err(malformed()),
    };
    let value = <&OctetStringRef>::from_der(value).map_err(CsrError::Malformed)?;
    GeneralNames::from_der(value.as_bytes()).map_err(CsrError::Malformed)
}

/// What follows the type in the only element of this type; `None` if there is no such element.
fn only<'a>(
    elements: &[&'a [u8]],
    r#type: ObjectIdentifier,
    name: &'static str,
) -> Result<Option<Vec<&'a [u8]>>, CsrError> {
    let mut found = None;
    for element in elements {
        let fields = parts(element, Tag::Sequence)?;
        let (first, rest) = fields.split_first().ok_or_else(malformed)?;
        if ObjectIdentifier::from_der(first).map_err(CsrError::Malformed)? != r#type {
            continue;
        }
        if found.replace(rest.to_vec()).is_some() {
            return Err(CsrError::Repeated(name));
        }
    }
    Ok(found)
}

fn parts(der: &[u8], tag: Tag) -> Result<Vec<&[u8]>, CsrError> {
    raw::elements_of(der, tag).map_err(CsrError::Malformed)
}

fn malformed() -> CsrError {
    CsrError::Malformed(Tag::Sequence.value_error().into())
}

const ATTRIBUTES: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
const BOOLEAN: u8 = 1;
