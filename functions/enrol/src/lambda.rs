//! The enrolment function on Lambda, and what it is constructed from. The statements of its role in
//! the template match this.

use std::sync::Arc;

use acme::{UrlBase, UrlScheme, Urls};
use authority::AuditTrail;
use aws::{Asked, Clients, EnvironmentError, Invocation, StartError};
use operator::{Enrolment, ExternalAccountKeys};
use ra::NamePolicies;

use crate::Enroller;

/// Constructs the function.
///
/// # Errors
/// An environment variable is missing or invalid.
pub fn open(clients: &Clients) -> Result<Invocation, StartError> {
    let store = clients.external_account_store();
    let policies = Arc::new(NamePolicies::new(store.clone(), clients.clock(), clients.remembered()));
    let audit = Arc::new(AuditTrail::new(clients.audit_store(), clients.clock()));
    let keys = ExternalAccountKeys::new(store, policies, audit, clients.clock());
    let enroller = Enroller {
        enrolment: Enrolment::new(clients.grant_store(), keys),
        urls: urls(clients.environment().required(BASE, ALLOWED)?)?,
    };
    let answer = aws::work_by(enroller, |enroller, asked: Asked| {
        Box::pin(async move { Ok(enroller.answer(&asked.request).await) })
    });
    Ok(Invocation::new(answer))
}

fn urls(base: &str) -> Result<Urls, EnvironmentError> {
    let base = UrlBase::parse(base, UrlScheme::Https).map_err(|_| EnvironmentError::Invalid {
        variable: BASE,
        value: base.to_owned(),
        allowed: ALLOWED,
    })?;
    Ok(Urls::new(base.as_str()))
}

const BASE: &str = "ACME_BASE_URL";
const ALLOWED: &str = "the base of all ACME URLs, an https:// URL that ends with /api";
