//! The certificate of the host's own HTTPS listener.
//!
//! It goes the way of every certificate: intended, linted, signed, recorded. What is different is
//! its evidence: the host vouches for its own names. Nothing that a client can send leads here.

use std::sync::Arc;

use acme::Identifier;
use authority::Clock;
use ca::{AuthorizationEvidence, CaaEvidence, Chain, Evidence};
use jose::PublicKey;
use store::{IssuerId, IssuerRole, IssuerState, RaProfile};

use crate::{Error, Intention, Issuance, Issuers, LoadedIssuer, RequestedValidity, Validities};

/// What the host asks for.
#[derive(Clone, Debug)]
pub struct HostCertificate<'a> {
    /// The names and addresses that it listens at.
    pub identifiers: &'a [Identifier],
    /// The key of its listener.
    pub public_key: &'a PublicKey,
    /// What the certificate looks like; a profile that no directory refers to.
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
    /// By this issuance.
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
    /// As any issue.
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

    /// The issuer that is wanted; when it has retired, of those that issue and may certify these names the one
    /// that lasts longest.
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
