//! Creates the CA at deployment, unless it exists. Existing parts are not changed, so that running
//! it again is harmless, and a changed template never overwrites the CA.
//!
//! It is the only function that signs with the key of the root. It only reads the public key of the
//! issuing CA, and requests that CA's first CRL from the function that may sign it.

mod founding;
mod properties;

#[cfg(feature = "lambda")]
pub mod lambda;

use std::{collections::BTreeMap, sync::Arc};

use authority::Failure;
use ca::{Certificate, SignError};
use issuing::{Ceremony, CrlRequests, Crls, Hierarchy, IssuerFiles, Issuers, StatusUrl};
use operator::{Error, ExternalAccountSecrets, InitialProfiles};
use ra::NonceSecretRotation;
use store::{AcmeProfile, IssuerRole, ProfileSet, RaProfile};

pub use founding::{Founding, FoundingError, Terms};
pub use properties::{PropertyError, plan};

/// The CA and the profiles to create where there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The root and the issuing CA.
    pub hierarchy: Hierarchy,
    /// The first ACME Profile.
    pub acme: AcmeProfile,
    /// The first RA Profile.
    pub ra: RaProfile,
}

/// The capabilities for creating a CA.
pub struct Foundation {
    /// Creates the nonce secrets.
    pub nonce_secrets: NonceSecretRotation,
    /// Creates the secret of external accounts.
    pub external_account_secrets: ExternalAccountSecrets,
    /// Has the root sign.
    pub ceremony: Ceremony,
    /// Creates the first profiles.
    pub initial_profiles: InitialProfiles,
    /// The issuers, as they were read recently.
    pub issuers: Arc<Issuers>,
    /// Has the first CRLs of issuing CAs made: this function does not sign with their keys.
    pub crl_requests: CrlRequests,
    /// Where relying parties find CRLs and issuer certificates.
    pub status_url: StatusUrl,
    /// Signs the root's CRL.
    pub crls: Crls,
    /// Publishes the certificates of issuers.
    pub issuer_files: IssuerFiles,
}

/// Creates whatever does not exist yet, and returns the root's certificate; it must be on record
/// already whether the store is new ([`InitialProfiles::mark_new_store`]). The profiles come last,
/// so that a directory only serves when everything behind it exists.
/// that a directory only serves when everything behind it exists.
///
/// # Errors
/// [`authority::Failure::ForeignIssuer`] if the keys are not those of the CA in the store. Any
/// other error means that a step failed; the earlier steps remain done.
pub async fn establish(ca: &Foundation, plan: &Plan) -> Result<Certificate, Error> {
    ca.nonce_secrets.ensure().await?;
    ca.external_account_secrets.ensure().await?;
    let root = ca.ceremony.ensure(&plan.hierarchy).await?;
    renew_root_crl(ca).await?;
    announce_issuing_cas(ca).await?;
    let first = ProfileSet { acme_profile: vec![plan.acme.clone()], ra_profile: vec![plan.ra.clone()] };
    ca.initial_profiles.ensure(ACTOR, &first).await?;
    Ok(root)
}

/// Renews the root's CRL if it is due. That the operator disabled the root's key is not the fault
/// of a deployment; the schedule reports it for as long as it lasts.
async fn renew_root_crl(ca: &Foundation) -> Result<(), Error> {
    match ca.crls.make_due(IssuerRole::Root).await {
        Err(issuing::Error::Failed(Failure::Sign(SignError::Disabled { .. }))) => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// Publishes the certificates of the issuing CAs, and requests those of their CRLs that do not
/// exist yet: another function has the permission to use their keys.
async fn announce_issuing_cas(ca: &Foundation) -> Result<(), Error> {
    let issuers = ca.issuers.records().await?;
    for issuer in issuers.iter().filter(|issuer| issuer.role == IssuerRole::Issuing) {
        ca.issuer_files.publish(issuer).await?;
        ca.crl_requests.request_missing(issuer).await?;
    }
    Ok(())
}

/// The actor in the audit records of the first profiles.
const ACTOR: &str = "bootstrap";

/// What the template receives for this root: `RootCertificate` (PEM) and `RootFingerprint`
/// (SHA-256).
pub fn attributes(root: &Certificate) -> BTreeMap<String, String> {
    let fingerprint: Vec<String> = root.fingerprint().iter().map(|byte| format!("{byte:02X}")).collect();
    BTreeMap::from([("RootCertificate".to_owned(), root.pem()), ("RootFingerprint".to_owned(), fingerprint.join(":"))])
}

/// Renews the CRL of the root if it is due.
///
/// # Errors
/// The work should be retried.
pub async fn on_schedule(ca: &Foundation) -> Result<(), Error> {
    Ok(ca.crls.make_due(IssuerRole::Root).await?)
}
