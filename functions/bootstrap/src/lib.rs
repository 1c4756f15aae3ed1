//! Creates the CA at deployment, unless it exists. Existing parts are not changed, so that running
//! it again is harmless, and a changed template never overwrites the CA.
//!
//! It is the only function that signs with the key of the root. It only reads the public key of the
//! issuing CA, and requests that CA's first CRL from the function that may sign it.

mod properties;

use std::collections::BTreeMap;

use ca::Certificate;
use issuing::Hierarchy;
use ra::{Authority, Error, Needs};
use serde_json::Value;
use store::{AcmeProfile, IssuerRole, ProfileSet, RaProfile};

pub use properties::{PropertyError, plan};

/// What it uses beside the store.
pub const NEEDS: Needs = Needs { signer: true, crl_queue: true, publisher: true, ..Needs::STORE };

/// The CA to create.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The root and the issuing CA.
    pub hierarchy: Hierarchy,
    /// The first ACME Profile.
    pub acme: AcmeProfile,
    /// The first RA Profile.
    pub ra: RaProfile,
}

/// Creates the missing parts, and returns the certificate of the root. The profiles come last, so
/// that a directory only answers when everything behind it exists.
///
/// # Errors
/// [`authority::Failure::ForeignIssuer`] when the keys are not those of the CA in the store; when a
/// step failed, of which those before stay done.
pub async fn establish(authority: &Authority, plan: &Plan) -> Result<Certificate, Error> {
    authority.mark_new_store().await?;
    authority.ensure_nonce_secrets().await?;
    authority.ensure_external_account_secret().await?;
    let root = authority.ceremony().ensure(&plan.hierarchy).await?;
    authority.crls().make_due(IssuerRole::Root).await?;
    announce_issuing_cas(authority).await?;
    let first = ProfileSet { acme_profile: vec![plan.acme.clone()], ra_profile: vec![plan.ra.clone()] };
    authority.ensure_first_profiles(ACTOR, &first).await?;
    Ok(root)
}

/// Publishes the certificates of the issuing CAs, and requests those of their CRLs that do not
/// exist yet: another function has the permission to use their keys.
async fn announce_issuing_cas(authority: &Authority) -> Result<(), Error> {
    let issuers = authority.issuers().records().await?;
    for issuer in issuers.iter().filter(|issuer| issuer.role == IssuerRole::Issuing) {
        authority.issuer_files().publish(issuer).await?;
        authority.crl_requests().request_missing(issuer).await?;
    }
    Ok(())
}

/// The actor in the audit records of the first profiles.
const ACTOR: &str = "bootstrap";

/// The same for a plan that is written as the properties of a template. Returns attributes for the
/// template: `RootCertificate` (PEM) and `RootFingerprint` (SHA-256).
///
/// # Errors
/// A [`PropertyError`] or an [`Error`].
pub async fn from_properties(
    authority: &Authority,
    properties: Value,
) -> Result<BTreeMap<String, String>, Box<dyn std::error::Error + Send + Sync>> {
    let root = establish(authority, &plan(properties, authority.status_url().max_validity())?).await?;
    let fingerprint: Vec<String> = root.fingerprint().iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(BTreeMap::from([
        ("RootCertificate".to_owned(), root.pem()),
        ("RootFingerprint".to_owned(), fingerprint.join(":")),
    ]))
}

/// Renews the CRL of the root if it is due.
///
/// # Errors
/// The work should be retried.
pub async fn on_schedule(authority: &Authority) -> Result<(), Error> {
    Ok(authority.crls().make_due(IssuerRole::Root).await?)
}
