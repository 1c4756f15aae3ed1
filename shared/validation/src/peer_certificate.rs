//! The certificate of tls-alpn-01 (RFC 8737 §3): one subject alternative name, and the digest of
//! the key authorization in a critical extension.

use std::net::IpAddr;

use x509_cert::{
    Certificate,
    der::{
        Decode,
        asn1::{ObjectIdentifier, OctetString},
    },
    ext::{
        Extension,
        pkix::{SubjectAltName, name::GeneralName},
    },
};

use crate::host::Host;

/// Whether `leaf` has `digest` for `host`, and nothing else.
///
/// The issuer of the certificate, its validity period and its usages do not matter.
pub(crate) fn check(leaf: &[u8], host: &Host, digest: &[u8; 32]) -> Result<(), CertificateFault> {
    let certificate = Certificate::from_der(leaf).map_err(|_| CertificateFault::Unreadable)?;
    let extensions = certificate.tbs_certificate().extensions().map_or(&[][..], Vec::as_slice);
    check_names(extensions, host)?;
    check_digest(extensions, digest)
}

fn check_names(extensions: &[Extension], host: &Host) -> Result<(), CertificateFault> {
    let extension = only(extensions, SUBJECT_ALT_NAME)?.ok_or(CertificateFault::NoNames)?;
    let names = SubjectAltName::from_der(extension.extn_value.as_bytes()).map_err(|_| CertificateFault::Unreadable)?;
    let [name] = names.0.as_slice() else {
        return Err(CertificateFault::NameCount(names.0.len()));
    };
    let equal = match (name, host) {
        (GeneralName::DnsName(found), Host::Name(name)) => found.as_str().eq_ignore_ascii_case(name.as_str()),
        (GeneralName::IpAddress(found), Host::Address(IpAddr::V4(v4))) => found.as_bytes() == v4.octets(),
        (GeneralName::IpAddress(found), Host::Address(IpAddr::V6(v6))) => found.as_bytes() == v6.octets(),
        _ => false,
    };
    if equal { Ok(()) } else { Err(CertificateFault::WrongName) }
}

fn check_digest(extensions: &[Extension], digest: &[u8; 32]) -> Result<(), CertificateFault> {
    let extension = match only(extensions, ACME_IDENTIFIER)? {
        Some(extension) => extension,
        None if only(extensions, OBSOLETE_ACME_IDENTIFIER)?.is_some() => return Err(CertificateFault::ObsoleteOid),
        None => return Err(CertificateFault::NoAcmeIdentifier),
    };
    if !extension.critical {
        return Err(CertificateFault::NotCritical);
    }
    let value = OctetString::from_der(extension.extn_value.as_bytes()).map_err(|_| CertificateFault::NoDigest)?;
    if value.as_bytes().len() != digest.len() {
        return Err(CertificateFault::NoDigest);
    }
    if value.as_bytes() == digest { Ok(()) } else { Err(CertificateFault::WrongDigest) }
}

/// The extension with that object identifier; there must not be two (RFC 5280 §4.2).
fn only(extensions: &[Extension], oid: ObjectIdentifier) -> Result<Option<&Extension>, CertificateFault> {
    let mut found = extensions.iter().filter(|extension| extension.extn_id == oid);
    match (found.next(), found.next()) {
        (extension, None) => Ok(extension),
        _ => Err(CertificateFault::Repeated(oid)),
    }
}

/// Why the certificate does not validate the identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CertificateFault {
    /// There is no certificate, or it is not DER.
    #[error("it cannot be read")]
    Unreadable,
    /// There is no subject alternative name extension.
    #[error("it has no subject alternative name")]
    NoNames,
    /// There is more than one subject alternative name, or none.
    #[error("it has {0} subject alternative names instead of one")]
    NameCount(usize),
    /// The name differs from the identifier, or has another type.
    #[error("its subject alternative name is not the identifier")]
    WrongName,
    /// There is no acmeIdentifier extension.
    #[error("it has no acmeIdentifier extension (OID 1.3.6.1.5.5.7.1.31)")]
    NoAcmeIdentifier,
    /// The extension has the object identifier of a draft of RFC 8737.
    #[error("its acmeIdentifier extension has the OID of a draft, 1.3.6.1.5.5.7.1.30.1, instead of 1.3.6.1.5.5.7.1.31")]
    ObsoleteOid,
    /// The extension is not critical, which RFC 8737 §3 requires.
    #[error("its acmeIdentifier extension is not critical")]
    NotCritical,
    /// The extension is not an OCTET STRING of 32 bytes.
    #[error("its acmeIdentifier extension does not hold an OCTET STRING of 32 bytes")]
    NoDigest,
    /// The digest is that of another key authorization.
    #[error("its acmeIdentifier extension holds the digest of another key authorization")]
    WrongDigest,
    /// The same extension occurs twice.
    #[error("it has the extension {0} twice")]
    Repeated(ObjectIdentifier),
}

const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const ACME_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.31");
const OBSOLETE_ACME_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.30.1");
