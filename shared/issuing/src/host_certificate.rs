//! The certificate of the host's own HTTPS listener.
//!
//! It is issued like every certificate: intended, linted, signed, recorded. Only the evidence is
//! different: the host vouches for its own identifiers. No request of a client leads here.

use std::sync::Arc;

use acme::{CertificateId, Identifier};
use authority::{Clock, Failure};
use ca::{AuthorizationEvidence, CaaEvidence, Chain, Evidence};
use jiff::SignedDuration;
use jose::PublicKey;
use store::{IssuerId, IssuerRole, IssuerState, RaProfile};

use crate::{Error, Intention, Issuance, Issuers, LoadedIssuer, RequestedValidity, Validities};

/// A request of the host for its certificate.
#[derive(Clone, Debug)]
pub struct HostCertificate<'a> {
    /// The DNS names and IP addresses at which it listens.
    pub identifiers: &'a [Identifier],
    /// The public key of its listener.
    pub public_key: &'a PublicKey,
    /// The contents of the certificate; a profile to which no directory refers.
    pub profile: &'a RaProfile,
}

/// Issues certificates to the host itself.
pub struct HostCertificates {
    issuers: Arc<Issuers>,
    issuance: Arc<Issuance>,
    validities: Arc<Validities>,
    clock: Arc<dyn Clock>,
}

impl HostCertificates {
    /// Issues through this issuance.
    pub fn new(
        issuers: Arc<Issuers>,
        issuance: Arc<Issuance>,
        validities: Arc<Validities>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { issuers, issuance, validities, clock }
    }

    /// Issues a certificate to the host itself.
    ///
    /// # Errors
    /// The errors of any issuance.
    pub async fn issue(&self, request: HostCertificate<'_>) -> Result<Chain, Error> {
        let HostCertificate { identifiers, public_key, profile } = request;
        let usual = SignedDuration::from_secs(profile.certificate_validity.default.into());
        let issuer = self.issuer_of_host(&profile.issuer, identifiers, usual).await?;
        let validity = self.validities.period(&issuer, profile, RequestedValidity::default(), self.clock.now())?;
        let mut evidence = Evidence::new();
        for identifier in identifiers {
            evidence.insert(identifier.clone(), AuthorizationEvidence::HostOwner, CaaEvidence::PolicyOff);
        }
        let intention =
            Intention { owner: None, public_key, identifiers, validity, profile, evidence: &evidence, basis: None };
        let intended = self.issuance.intend(&issuer, intention)?;
        let leaf = self.issuance.issue_without_order(intended, profile).await?;
        self.issuers.chain_of(leaf, &issuer.id).await
    }

    /// Whether relying parties refuse a certificate of the host because its issuer is revoked.
    ///
    /// # Errors
    /// The store is unavailable, or a record cannot be decoded.
    pub async fn is_refused(&self, certificate: &CertificateId) -> Result<bool, Error> {
        for record in self.issuers.records().await? {
            if record.state() == IssuerState::Revoked {
                let issuer = self.issuers.issuer(&record.id).await?;
                if issuer.issuer.key_identifier() == certificate.authority_key_identifier() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The requested issuer. If it is retired, not valid, or ends before a certificate of `usual`
    /// length would, the one that ends last among the active issuers that may certify these
    /// identifiers.
    async fn issuer_of_host(
        &self,
        wanted: &IssuerId,
        names: &[Identifier],
        usual: SignedDuration,
    ) -> Result<Arc<LoadedIssuer>, Error> {
        let now = self.clock.now();
        let (refusal, mut longest) = match self.issuers.active(wanted).await {
            Ok(issuer) if issuer.ends_at() >= now + usual => return Ok(issuer),
            Ok(issuer) => (None, Some(issuer)),
            Err(error @ (Error::IssuerOff(..) | Error::Failed(Failure::IssuerNotValid { .. }))) => (Some(error), None),
            Err(other) => return Err(other),
        };
        for record in self.issuers.records().await? {
            if record.role == IssuerRole::Issuing && record.state() == IssuerState::Active {
                let Ok(issuer) = self.issuers.issuer(&record.id).await?.valid_at(now) else { continue };
                if names.iter().any(|name| issuer.issuer.constraints_against(name).is_some()) {
                    continue;
                }
                longest = longest.filter(|longest| longest.ends_at() >= issuer.ends_at()).or(Some(issuer));
            }
        }
        match (longest, refusal) {
            (Some(issuer), _) => Ok(issuer),
            (None, Some(refusal)) => Err(refusal),
            (None, None) => Err(Failure::MissingIssuer(wanted.clone()).into()),
        }
    }
}
