//! Leaf certificates, made from an order, a profile, the evidence and a public key.
//!
//! Only the public key of the CSR gets here (threat 15). Everything else comes from the order and
//! the profile, and each identifier of the order needs evidence (threats 2 and 3).

use acme::{Identifier, Serial};
use jiff::Timestamp;
use jose::PublicKey;

use crate::{
    CertificateKeyType, Evidence, Issuer, LeafExtensions, LeafProfile, Pointers, TbsCertificate, TimeError,
    distinguished_name, extension,
    lint::{CertificateKind, Request},
    tbs::Fields,
};

/// A leaf certificate to be built.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    /// The issuing CA that will sign it.
    pub issuer: &'a Issuer,
    /// A new serial number.
    pub serial: Serial,
    /// The key to certify.
    pub public_key: &'a PublicKey,
    /// The identifiers of the order, in the same order.
    pub identifiers: &'a [Identifier],
    /// The first second of the validity period.
    pub not_before: Timestamp,
    /// The last second of the validity period; not later than the issuer's.
    pub not_after: Timestamp,
    /// The key types, usages, policies and subject that the profile decides.
    pub profile: &'a LeafProfile,
    /// The URLs of the issuer's certificate and CRL.
    pub pointers: &'a Pointers,
    /// Why the account may have a certificate for each identifier.
    pub evidence: &'a Evidence,
}

impl<'a> Leaf<'a> {
    /// Builds the TBSCertificate.
    ///
    /// # Errors
    /// The evidence for an identifier is missing, or the parts do not make a certificate.
    pub fn tbs(self) -> Result<TbsCertificate<'a>, BuildError> {
        let missing = self.identifiers.iter().find(|name| self.evidence.of(name).is_none());
        if let Some(identifier) = missing {
            return Err(BuildError::MissingEvidence(identifier.clone()));
        }
        if self.identifiers.is_empty() {
            return Err(BuildError::NoIdentifiers);
        }
        let key_type = CertificateKeyType::of(self.public_key);
        if !self.profile.key_types.contains(&key_type) {
            return Err(BuildError::KeyType(key_type));
        }
        let common_name = self.profile.subject.common_name(self.identifiers);
        let mut extensions = vec![
            extension::key_usage(&extension::key_usage_of_leaf(self.public_key, self.profile.extensions))?,
            extension::extended_key_usage(&self.profile.extended_key_usage)?,
            extension::basic_constraints(&extension::LEAF)?,
        ];
        if self.profile.extensions == LeafExtensions::Usual {
            extensions.push(extension::subject_key_identifier(&extension::key_identifier(self.public_key))?);
        }
        extensions.push(extension::authority_key_identifier(self.issuer.key_identifier())?);
        if let Some(url) = &self.pointers.ca_issuers {
            extensions.push(extension::authority_information_access(url)?);
        }
        extensions.push(extension::subject_alternative_name(self.identifiers, common_name.is_none())?);
        if !self.profile.policies.is_empty() {
            extensions.push(extension::certificate_policies(&self.profile.policies)?);
        }
        if let Some(url) = &self.pointers.crl {
            extensions.push(extension::crl_distribution_points(url)?);
        }
        let request = Request {
            serial: self.serial,
            public_key: self.public_key,
            not_before: self.not_before,
            not_after: self.not_after,
            pointers: self.pointers,
        };
        let fields = Fields::new(
            &request,
            self.issuer.algorithm(),
            self.issuer.name().clone(),
            distinguished_name::of_leaf(common_name.as_deref())?,
            extensions,
        )?;
        let kind = CertificateKind::Leaf { identifiers: self.identifiers, profile: self.profile };
        Ok(TbsCertificate::new(&fields, self.issuer.authority(), request, kind)?)
    }
}

/// Why no certificate can be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// There is no evidence for this identifier.
    #[error("there is no evidence for {0}")]
    MissingEvidence(Identifier),
    /// The order has no identifiers.
    #[error("a certificate must have at least one identifier")]
    NoIdentifiers,
    /// The profile does not allow keys of this type.
    #[error("the profile does not allow {0} keys")]
    KeyType(CertificateKeyType),
    /// Issuers may not have a key of this type.
    #[error("issuers may not have a key of this type")]
    IssuerKeyType,
    /// A time is out of range.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A part cannot be encoded, such as a URL that is not ASCII.
    #[error("a part of the certificate cannot be encoded")]
    Encoding(#[from] der::Error),
}
