//! The certificates of CAs: a root that signs itself, and an issuing CA below it.
//!
//! A root signs issuing CAs and its own CRL. An issuing CA signs leaves and its CRL; no CA may be
//! below it (path length 0).

use acme::Serial;
use der::Encode;
use jiff::Timestamp;
use jose::PublicKey;
use x509_cert::ext::{Extension, pkix::BasicConstraints};

use crate::{
    AuthorityName, BuildError, Issuer, NameConstraints, Pointers, SignatureAlgorithm, TbsCertificate, extension,
    lint::{Authority, CertificateKind, Request},
    tbs::Fields,
};

/// A self-signed root certificate to be built.
#[derive(Clone, Debug)]
pub struct Root<'a> {
    /// The subject, which is also the issuer.
    pub subject: &'a AuthorityName,
    /// A new serial number.
    pub serial: Serial,
    /// The key to certify, which also signs.
    pub public_key: &'a PublicKey,
    /// The first second of the validity period.
    pub not_before: Timestamp,
    /// The last second of the validity period.
    pub not_after: Timestamp,
}

impl<'a> Root<'a> {
    /// Builds the TBSCertificate.
    ///
    /// # Errors
    /// Issuers may not have a key of this type, or the parts do not make a certificate.
    pub fn tbs(self) -> Result<TbsCertificate<'a>, BuildError> {
        let algorithm = SignatureAlgorithm::of(self.public_key).ok_or(BuildError::IssuerKeyType)?;
        let name = self.subject.to_name()?;
        let key_identifier = extension::key_identifier(self.public_key);
        let request = Request {
            serial: self.serial,
            public_key: self.public_key,
            not_before: self.not_before,
            not_after: self.not_after,
            pointers: &NO_POINTERS,
        };
        let fields = Fields::new(
            &request,
            algorithm,
            name.clone(),
            name.clone(),
            extensions(self.public_key, ROOT_PATH_LENGTH, &key_identifier, &NO_POINTERS, None)?,
        )?;
        let authority = Authority {
            name: name.to_der()?,
            key_identifier,
            algorithm,
            key: self.public_key,
            validity: None,
            constraints: &[],
        };
        let kind =
            CertificateKind::Authority { subject: self.subject, path_length: ROOT_PATH_LENGTH, constraints: None };
        Ok(TbsCertificate::new(&fields, authority, request, kind)?)
    }
}

/// The certificate of an issuing CA to be built.
#[derive(Clone, Debug)]
pub struct IssuingAuthority<'a> {
    /// The root that signs it.
    pub issuer: &'a Issuer,
    /// The subject; it differs from the root's.
    pub subject: &'a AuthorityName,
    /// A new serial number.
    pub serial: Serial,
    /// The key to certify; it differs from the root's.
    pub public_key: &'a PublicKey,
    /// The first second of the validity period.
    pub not_before: Timestamp,
    /// The last second of the validity period; not later than the root's.
    pub not_after: Timestamp,
    /// The URLs of the root's certificate and CRL.
    pub pointers: &'a Pointers,
    /// The name constraints; `None` leaves the extension out.
    pub constraints: Option<&'a NameConstraints>,
}

impl<'a> IssuingAuthority<'a> {
    /// Builds the TBSCertificate.
    ///
    /// # Errors
    /// Issuers may not have a key of this type, or the parts do not make a certificate.
    pub fn tbs(self) -> Result<TbsCertificate<'a>, BuildError> {
        SignatureAlgorithm::of(self.public_key).ok_or(BuildError::IssuerKeyType)?;
        let request = Request {
            serial: self.serial,
            public_key: self.public_key,
            not_before: self.not_before,
            not_after: self.not_after,
            pointers: self.pointers,
        };
        let key_identifier = self.issuer.key_identifier();
        let fields = Fields::new(
            &request,
            self.issuer.algorithm(),
            self.issuer.name().clone(),
            self.subject.to_name()?,
            extensions(self.public_key, ISSUING_PATH_LENGTH, key_identifier, self.pointers, self.constraints)?,
        )?;
        let kind = CertificateKind::Authority {
            subject: self.subject,
            path_length: ISSUING_PATH_LENGTH,
            constraints: self.constraints,
        };
        Ok(TbsCertificate::new(&fields, self.issuer.authority(), request, kind)?)
    }
}

fn extensions(
    key: &PublicKey,
    path_length: Option<u8>,
    authority_key_identifier: &[u8],
    pointers: &Pointers,
    name_constraints: Option<&NameConstraints>,
) -> der::Result<Vec<Extension>> {
    let constraints = BasicConstraints { ca: true, path_len_constraint: path_length };
    let mut extensions = vec![
        extension::key_usage(&extension::key_usage_of_authority())?,
        extension::basic_constraints(&constraints)?,
        extension::subject_key_identifier(&extension::key_identifier(key))?,
        extension::authority_key_identifier(authority_key_identifier)?,
    ];
    if let Some(constraints) = name_constraints {
        extensions.push(constraints.to_extension()?);
    }
    if let Some(url) = &pointers.ca_issuers {
        extensions.push(extension::authority_information_access(url)?);
    }
    if let Some(url) = &pointers.crl {
        extensions.push(extension::crl_distribution_points(url)?);
    }
    Ok(extensions)
}

/// A root does not limit the path length; the issuing CAs below it do.
const ROOT_PATH_LENGTH: Option<u8> = None;

/// No CA may be below an issuing CA.
const ISSUING_PATH_LENGTH: Option<u8> = Some(0);

/// A root is trusted directly; it has no URLs for checking it.
static NO_POINTERS: Pointers = Pointers { ca_issuers: None, crl: None };
