//! The revocation of an issuing CA.

use acme::{IncidentId, IssuerRevocationReason, ProfileName, failure_chain};
use operator::{Ceremonies, Listing, Parts, RevokedIssuer};
use serde::{Deserialize, Serialize};
use store::{Difference, IssuerId};

use crate::{
    Action, AdminError,
    ceremony::{self, CeremonialAct},
    issuer::{ShownIssuer, shown},
};

/// Revokes an issuing CA: it signs no more certificates, its root's CRL lists it, and its
/// certificates are revoked by an incident.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeIssuer {
    /// The id of the issuer.
    pub id: IssuerId,
    /// The reason that the root's CRL shows.
    pub reason: IssuerRevocationReason,
    /// The active issuer that RA Profiles refer to afterwards; without one, those that refer to the
    /// revoked one issue nothing.
    #[serde(default)]
    pub replacement: Option<IssuerId>,
}

impl Action for RevokeIssuer {
    type Answer = ShownIssuerRevocation;

    const NAME: &str = "revoke-issuer";
    const IS_ACT: bool = true;
    const IS_CEREMONY: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownIssuerRevocation, AdminError> {
        self.hold(ceremony::here(parts, Self::NAME)?, actor).await
    }
}

impl CeremonialAct for RevokeIssuer {
    async fn hold(self, ceremonies: &Ceremonies, actor: &str) -> Result<ShownIssuerRevocation, AdminError> {
        let Self { id, reason, replacement } = self;
        let revoked = ceremonies.issuer_revocations.revoke(actor, &id, reason, replacement.as_ref()).await?;
        let RevokedIssuer { issuer, listing, incident, differences, out_of_service } = revoked;
        Ok(ShownIssuerRevocation {
            issuer: shown(&ceremonies.profiles, issuer).await?,
            listing: match listing {
                Listing::External => ShownListing::External,
                Listing::Listed => ShownListing::Listed,
                Listing::Unlisted(error) => ShownListing::Unlisted(failure_chain(&error)),
            },
            incident,
            differences,
            out_of_service,
        })
    }
}

/// The outcome of the revocation of an issuer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownIssuerRevocation {
    /// The revoked issuer.
    pub issuer: ShownIssuer,
    /// Whether the CRL of the CA above it lists it.
    pub listing: ShownListing,
    /// The incident that revokes its certificates.
    pub incident: IncidentId,
    /// The changes to RA Profiles that lead to the replacement now, by path.
    pub differences: Vec<Difference>,
    /// The RA Profiles that still refer to it, and issue nothing.
    pub out_of_service: Vec<ProfileName>,
}

/// Whether the CRL of the CA above a revoked issuer lists it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ShownListing {
    /// An external CA signed its certificate, and has to revoke it.
    External,
    /// The root's CRL lists it.
    Listed,
    /// The root could not sign or publish its CRL, for this cause.
    Unlisted(String),
}
