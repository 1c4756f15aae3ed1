//! The path from an issuing CA to an external root, checked against RFC 5280 §6 once, when the
//! certificate is installed.

use const_oid::db::rfc5280::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_NAME_CONSTRAINTS, ID_KP_SERVER_AUTH,
};
use der::oid::ObjectIdentifier;
use jiff::Timestamp;
use jose::Printable;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};

use crate::{Certificate, SignatureError, extension};

/// Orders the certificates above that of an issuing CA, the nearest first, up to a root among them,
/// and checks that relying parties that trust the root will accept what the issuing CA signs.
/// Certificates that do not belong to the path are left out.
///
/// # Errors
/// [`PathError`], the first fault that was found.
pub fn path(issuer: &Certificate, others: &[Certificate], now: Timestamp) -> Result<Vec<Certificate>, PathError> {
    let mut path: Vec<Certificate> = Vec::new();
    check_one(issuer, now)?;
    let mut last = issuer;
    while !last.is_self_issued() {
        let named: Vec<&Certificate> = others.iter().filter(|other| is_named_by(last, other)).collect();
        let above = named.first().copied().ok_or_else(|| PathError::Gap(name(last)))?;
        if path.contains(above) || path.len() >= LONGEST {
            return Err(PathError::Gap(name(last)));
        }
        last.verify(above.public_key()).map_err(|source| PathError::Signature { subject: name(last), source })?;
        check_one(above, now)?;
        check_authority(above, path.len() + 1)?;
        path.push(above.clone());
        last = above;
    }
    if path.is_empty() {
        return Err(PathError::SelfIssued);
    }
    // A CA below the root may have the name of the one above it, and would end the path too early.
    last.verify(last.public_key()).map_err(|_| PathError::NotARoot(name(last)))?;
    Ok(path)
}

/// Why a certificate does not have a valid path to a root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It is itself a root.
    #[error("the certificate is its own issuer; a certificate signed by a CA above it is needed")]
    SelfIssued,
    /// The path ends at a certificate that is self-issued and not self-signed, as after a change of
    /// keys (RFC 5280 §6.1). Relying parties do not trust it, and chains are served without it.
    #[error(
        "the certificate of {0} has the name of its issuer and is not a root; a CA between needs a name of its own"
    )]
    NotARoot(Printable),
    /// The certificate of the CA above it is missing.
    #[error("the certificate of the CA that signed {0} is missing; give the whole chain with the root at its end")]
    Gap(Printable),
    /// The CA above it did not sign it.
    #[error("the certificate of {subject} is not signed by the one above it: {source}")]
    Signature {
        /// The subject of the certificate.
        subject: Printable,
        /// Why the signature does not verify.
        source: SignatureError,
    },
    /// It is not valid now.
    #[error("the certificate of {0} is valid only from {1} to {2}")]
    Time(Printable, Timestamp, Timestamp),
    /// It may not sign certificates.
    #[error("the certificate of {0} is not that of a CA that may sign certificates")]
    NotAnAuthority(Printable),
    /// A path length does not allow a CA so far below it.
    #[error("the path length in the certificate of {0} does not allow this issuer below it")]
    PathLength(Printable),
    /// The extended key usage does not allow certificates for TLS servers below it.
    #[error("the extended key usage in the certificate of {0} does not include server authentication")]
    ExtendedKeyUsage(Printable),
    /// It has a critical extension that this CA does not support.
    #[error("the certificate of {0} has the critical extension {1}, which is not understood here")]
    Critical(Printable, ObjectIdentifier),
    /// An extension is not well-formed.
    #[error("an extension of the certificate of {0} is not well-formed")]
    Malformed(Printable),
}

/// Compares name and key identifier.
fn is_named_by(subject: &Certificate, issuer: &Certificate) -> bool {
    subject.tbs().issuer() == issuer.tbs().subject()
        && issuer
            .subject_key_identifier()
            .is_none_or(|identifier| identifier == subject.certificate_id().authority_key_identifier())
}

/// The subject, for messages; the CA that made the certificate chose it.
fn name(certificate: &Certificate) -> Printable {
    Printable::new(certificate.subject())
}

/// The checks of every certificate of the path.
fn check_one(certificate: &Certificate, now: Timestamp) -> Result<(), PathError> {
    let (first, last) = (certificate.not_before(), certificate.not_after());
    if now < first || now > last {
        return Err(PathError::Time(name(certificate), first, last));
    }
    let extensions = certificate.tbs().extensions();
    let unknown = extensions.into_iter().flatten().find(|one| one.critical && !UNDERSTOOD.contains(&one.extn_id));
    if let Some(extension) = unknown {
        return Err(PathError::Critical(name(certificate), extension.extn_id));
    }
    let usages = extension::find::<ExtendedKeyUsage>(extensions, ID_CE_EXT_KEY_USAGE);
    match usages.map_err(|_| PathError::Malformed(name(certificate)))? {
        // OpenSSL and rustls do not take `anyExtendedKeyUsage` for it.
        Some((_, ExtendedKeyUsage(usages))) if !usages.contains(&ID_KP_SERVER_AUTH) => {
            Err(PathError::ExtendedKeyUsage(name(certificate)))
        }
        _ => Ok(()),
    }
}

/// The checks of the certificates above the issuing CA; `below` is the number of CAs below this
/// one.
fn check_authority(certificate: &Certificate, below: usize) -> Result<(), PathError> {
    let extensions = certificate.tbs().extensions();
    let malformed = |_| PathError::Malformed(name(certificate));
    let constraints = extension::find::<BasicConstraints>(extensions, ID_CE_BASIC_CONSTRAINTS).map_err(malformed)?;
    let usage = extension::find::<KeyUsage>(extensions, ID_CE_KEY_USAGE).map_err(malformed)?;
    let signs = usage.is_none_or(|(_, usage)| usage.key_cert_sign());
    match constraints {
        Some((_, constraints)) if constraints.ca && signs => match constraints.path_len_constraint {
            Some(most) if usize::from(most) < below => Err(PathError::PathLength(name(certificate))),
            _ => Ok(()),
        },
        _ => Err(PathError::NotAnAuthority(name(certificate))),
    }
}

/// The critical extensions that this CA and every relying party support. Certificate policies are
/// not among them: rustls refuses them when they are critical.
const UNDERSTOOD: [ObjectIdentifier; 4] =
    [ID_CE_BASIC_CONSTRAINTS, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_NAME_CONSTRAINTS];

const LONGEST: usize = 7;
