//! At deployment: makes a CA where there is none. What is there stays as it is, so doing it again is
//! harmless, and a changed template never makes a second CA over the first.
//!
//! It is the only function that signs with the root's key. The issuing CA's key it only looks at; that
//! CA's first CRL is asked for from whoever may sign it.

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

/// What is to be made where nothing is.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The root and the issuing CA.
    pub hierarchy: Hierarchy,
    /// The first ACME Profile.
    pub acme: AcmeProfile,
    /// The first RA Profile.
    pub ra: RaProfile,
}

/// Makes what is absent, and gives the root's certificate. The profiles come last: a directory serves
/// only when everything behind it is there.
///
/// # Errors
/// [`authority::Failure::ForeignIssuer`] when the keys are not those of the CA in the store; when a step failed, of
/// which those before stay done.
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

/// Publishes the certificates of the issuing CAs, and asks for those of their CRLs of which there is none yet: another
/// function has the right to their keys.
async fn announce_issuing_cas(authority: &Authority) -> Result<(), Error> {
    let issuers = authority.issuers().records().await?;
    for issuer in issuers.iter().filter(|issuer| issuer.role == IssuerRole::Issuing) {
        authority.issuer_files().publish(issuer).await?;
        authority.crl_requests().request_missing(issuer).await?;
    }
    Ok(())
}

/// Who makes the first profiles, as the audit record says it.
const ACTOR: &str = "bootstrap";

/// The same for a plan that is written as the properties of a template. Gives what a template can use:
/// `RootCertificate` (PEM) and `RootFingerprint` (SHA-256).
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

/// Makes the root's CRL anew when it is due.
///
/// # Errors
/// When it should be tried again.
pub async fn on_schedule(authority: &Authority) -> Result<(), Error> {
    Ok(authority.crls().make_due(IssuerRole::Root).await?)
}
