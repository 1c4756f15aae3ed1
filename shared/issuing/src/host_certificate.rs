//! The certificate of the host's own HTTPS listener.
//!
//! It is issued like every certificate: intended, linted, signed, recorded. Only the evidence is
//! different: the host vouches for its own identifiers. No request of a client leads here.

use std::sync::Arc;

use acme::Identifier;
use authority::Clock;
use ca::{AuthorizationEvidence, CaaEvidence, Chain, Evidence};
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
        let issuer = self.issuer_of_host(&profile.issuer, identifiers).await?;
        let validity = self.validities.period(&issuer, profile, RequestedValidity::default(), self.clock.now())?;
        let mut evidence = Evidence::new();
        for identifier in identifiers {
            evidence.insert(identifier.clone(), AuthorizationEvidence::HostOwner, CaaEvidence::PolicyOff);
        }
        let intention = Intention { owner: None, public_key, identifiers, validity, profile, evidence: &evidence };
        let record = self.issuance.intend(&issuer, intention)?;
        let leaf = self.issuance.issue_without_order(record, profile).await?;
        self.issuers.chain_of(leaf, &issuer.id).await
    }

    /// The requested issuer. If it is retired, the one that expires last among the active issuers
    /// that may certify these identifiers.
    async fn issuer_of_host(&self, wanted: &IssuerId, names: &[Identifier]) -> Result<Arc<LoadedIssuer>, Error> {
        let retired = match self.issuers.active(wanted).await {
            Err(error @ Error::IssuerOff(..)) => error,
            other => return other,
        };
        let mut longest: Option<Arc<LoadedIssuer>> = None;
        for record in self.issuers.records().await? {
            if record.role == IssuerRole::Issuing && record.state() == IssuerState::Active {
                let issuer = self.issuers.issuer(&record.id).await?;
                if names.iter().any(|name| issuer.issuer.constraints_against(name).is_some()) {
                    continue;
                }
                longest = longest.filter(|longest| longest.ends_at() >= issuer.ends_at()).or(Some(issuer));
            }
        }
        longest.ok_or(retired)
    }
}
