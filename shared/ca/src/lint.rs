//! The lints: what must be true of a TBSCertificate before it is signed.
//!
//! They check the decoded bytes, not the values from which the bytes were made, so they find
//! mistakes of a builder as well as wrong data from a store. They are allow-lists: an extension or
//! a form that no lint knows is a finding. All of them run, and the error has all findings.
//!
//! - [`certificate`]: what holds for every certificate and its issuer.
//! - [`leaf`] and [`authority`]: what holds for leaves and for CAs.
//! - [`request`] and [`profile`]: that it is the certificate that was asked for.

mod authority;
mod certificate;
mod leaf;
mod profile;
mod request;
#[cfg(test)]
mod tests;

use std::{error, fmt};

use acme::{CertificateId, Identifier, Serial};
use der::{Decode, Encode, oid::ObjectIdentifier};
use jiff::Timestamp;
use jose::PublicKey;
use x509_cert::TbsCertificate;

use crate::{
    AuthorityName, LeafProfile, NameConstraints, Pointers, SignatureAlgorithm, certificate::certificate_id, extension,
};

/// The issuer's side of what a certificate is compared with.
#[derive(Clone, Debug)]
pub(crate) struct Authority<'a> {
    /// The DER of its subject.
    pub(crate) name: Vec<u8>,
    pub(crate) key_identifier: Vec<u8>,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) key: &'a PublicKey,
    /// The first and the last second of the issuer's validity period; `None` for a root that is
    /// being made, and then subject and issuer are the same.
    pub(crate) validity: Option<(Timestamp, Timestamp)>,
    /// The name constraints of the issuer and of the CAs above it.
    pub(crate) constraints: &'a [NameConstraints],
}

/// The arguments that every kind of certificate was built from.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) serial: Serial,
    pub(crate) public_key: &'a PublicKey,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) pointers: &'a Pointers,
}

/// The kind of certificate, with the arguments that only it was built from.
#[derive(Clone, Debug)]
pub(crate) enum CertificateKind<'a> {
    /// A root or an issuing CA.
    Authority { subject: &'a AuthorityName, path_length: Option<u8>, constraints: Option<&'a NameConstraints> },
    /// A certificate for an order.
    Leaf { identifiers: &'a [Identifier], profile: &'a LeafProfile },
}

/// Lints a certificate that was just built.
pub(crate) fn built(
    bytes: &[u8],
    authority: &Authority<'_>,
    request: &Request<'_>,
    kind: &CertificateKind<'_>,
) -> Result<CertificateId, LintError> {
    let examined = Examined::new(bytes, authority)?;
    check_built(&examined, request, kind).into_result()?;
    examined.certificate_id()
}

/// Lints a stored leaf again, as far as that is possible without the request.
pub(crate) fn stored(
    bytes: &[u8],
    authority: &Authority<'_>,
    identifiers: &[Identifier],
) -> Result<CertificateId, LintError> {
    let examined = Examined::new(bytes, authority)?;
    let mut report = Report::default();
    certificate::check(&examined, &mut report);
    leaf::check(&examined, identifiers, &mut report);
    report.into_result()?;
    examined.certificate_id()
}

fn check_built(examined: &Examined<'_>, request: &Request<'_>, kind: &CertificateKind<'_>) -> Report {
    let mut report = Report::default();
    certificate::check(examined, &mut report);
    request::check(examined, request, &mut report);
    match kind {
        CertificateKind::Leaf { identifiers, profile } => {
            leaf::check(examined, identifiers, &mut report);
            profile::check(examined, identifiers, profile, &mut report);
        }
        CertificateKind::Authority { subject, path_length, constraints } => {
            authority::check(examined, subject, *path_length, *constraints, &mut report);
        }
    }
    report
}

/// A certificate that the lints refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintError {
    findings: Vec<LintFinding>,
}

impl LintError {
    /// What the lints found; never empty.
    pub fn findings(&self) -> &[LintFinding] {
        &self.findings
    }

    fn one(lint: &'static str, fault: Fault) -> Self {
        Self { findings: vec![LintFinding { lint, fault: fault.0 }] }
    }
}

impl fmt::Display for LintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate must not be signed")?;
        let mut separator = ": ";
        for finding in &self.findings {
            write!(f, "{separator}{finding}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl error::Error for LintError {}

/// One fault that a lint found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintFinding {
    /// The name of the lint, such as `leaf-key-usage`.
    pub lint: &'static str,
    /// What is wrong, in a few words.
    pub fault: String,
}

impl fmt::Display for LintFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.lint, self.fault)
    }
}

/// A decoded TBSCertificate and the authority that is to sign it.
struct Examined<'a> {
    bytes: &'a [u8],
    tbs: TbsCertificate,
    key: PublicKey,
    authority: &'a Authority<'a>,
}

impl<'a> Examined<'a> {
    fn new(bytes: &'a [u8], authority: &'a Authority<'a>) -> Result<Self, LintError> {
        let tbs = TbsCertificate::from_der(bytes).map_err(|error| LintError::one("well-formed", error.into()))?;
        let key = tbs
            .subject_public_key_info()
            .to_der()
            .map_err(Fault::from)
            .and_then(|spki| PublicKey::from_spki_der(&spki).map_err(|e| Fault(e.to_string())))
            .map_err(|fault| LintError::one("public-key", fault))?;
        Ok(Self { bytes, tbs, key, authority })
    }

    /// The value and the criticality of an extension that must be present.
    fn extension<T>(&self, oid: ObjectIdentifier) -> Result<(bool, T), Fault>
    where
        T: for<'b> Decode<'b, Error = der::Error>,
    {
        self.optional_extension(oid)?.ok_or_else(|| "absent".into())
    }

    fn optional_extension<T>(&self, oid: ObjectIdentifier) -> Result<Option<(bool, T)>, Fault>
    where
        T: for<'b> Decode<'b, Error = der::Error>,
    {
        Ok(extension::find(self.tbs.extensions(), oid)?)
    }

    /// The object identifiers of all extensions.
    fn extensions(&self) -> impl Iterator<Item = ObjectIdentifier> {
        self.tbs.extensions().into_iter().flatten().map(|extension| extension.extn_id)
    }

    fn certificate_id(&self) -> Result<CertificateId, LintError> {
        certificate_id(&self.tbs, None).map_err(|error| LintError::one("certificate-id", Fault(error.to_string())))
    }
}

/// What is wrong, in the words of one lint.
struct Fault(String);

impl From<&str> for Fault {
    fn from(fault: &str) -> Self {
        Self(fault.to_owned())
    }
}

impl From<der::Error> for Fault {
    fn from(error: der::Error) -> Self {
        Self(error.to_string())
    }
}

/// The results of all lints that ran.
#[derive(Default)]
struct Report(Vec<(&'static str, Result<(), Fault>)>);

impl Report {
    fn note(&mut self, lint: &'static str, outcome: Result<(), Fault>) {
        self.0.push((lint, outcome));
    }

    fn into_result(self) -> Result<(), LintError> {
        let findings: Vec<LintFinding> = self
            .0
            .into_iter()
            .filter_map(|(lint, outcome)| outcome.err().map(|Fault(fault)| LintFinding { lint, fault }))
            .collect();
        if findings.is_empty() { Ok(()) } else { Err(LintError { findings }) }
    }
}

/// Most lints have this form: a condition must hold.
fn ensure(holds: bool, fault: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(fault.into()) }
}
