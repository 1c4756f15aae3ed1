//! Incidents: declared, listed, ended; and the revocations that belong to them, gone on with.

use acme::{IncidentId, RevocationReason};
use jiff::SignedDuration;
use ra::{Authority, IncidentPlan, RevocationPlan};
use serde::{Deserialize, Serialize};
use store::Incident;

use crate::{AdminError, CertificateSelection};

/// What is to be declared.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IncidentDocument {
    /// What happened, for people.
    pub description: String,
    /// The page that clients are shown (RFC 9773 §4.2).
    #[serde(default)]
    pub explanation_url: Option<String>,
    /// Which certificates, of those that were ordered before.
    pub selection: CertificateSelection,
    /// How many there are, when they were counted before.
    #[serde(default)]
    pub counted: Option<u64>,
    /// How many hours clients have; they are spread over them.
    #[serde(default = "a_day")]
    pub renew_within_hours: u16,
    /// Whether the certificates are revoked, too.
    #[serde(default)]
    pub revocation: Option<RevocationDocument>,
}

/// How certificates are to be revoked.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevocationDocument {
    /// The reason in CRLs.
    pub reason: RevocationReason,
    /// How many hours after the declaration it begins; when clients are to have renewed, when absent.
    #[serde(default)]
    pub after_hours: Option<u16>,
}

/// How it goes on with revocations.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Continued {
    /// Whether there is more to do.
    pub more: bool,
}

pub(crate) async fn declare(
    authority: &Authority,
    actor: &str,
    document: IncidentDocument,
) -> Result<Incident, AdminError> {
    let IncidentDocument { description, explanation_url, selection, counted, renew_within_hours, revocation } =
        document;
    let is_text = (1..=MAX_DESCRIPTION).contains(&description.len()) && !description.contains(char::is_control);
    if !is_text {
        return Err(AdminError::Description);
    }
    if explanation_url.as_deref().is_some_and(|url| !store::is_web_page(url)) {
        return Err(AdminError::ExplanationUrl);
    }
    let delay = revocation.map(|revocation| revocation.after_hours.unwrap_or(renew_within_hours));
    if !(1..=MAX_HOURS).contains(&renew_within_hours) || delay.is_some_and(|delay| delay > MAX_HOURS) {
        return Err(AdminError::Hours);
    }
    let hours = |hours: u16| SignedDuration::from_hours(hours.into());
    let plan = IncidentPlan {
        description,
        explanation_url,
        affected: selection.checked(authority).await?,
        counted,
        renew_within: hours(renew_within_hours),
        revocation: revocation
            .zip(delay)
            .map(|(RevocationDocument { reason, .. }, delay)| RevocationPlan { reason, after: hours(delay) }),
    };
    Ok(authority.declare_incident(actor, plan).await?)
}

pub(crate) async fn list(authority: &Authority) -> Result<Vec<Incident>, AdminError> {
    Ok(authority.incidents().await?.into_iter().map(|incident| incident.value).collect())
}

pub(crate) async fn end(authority: &Authority, actor: &str, id: IncidentId) -> Result<Incident, AdminError> {
    Ok(authority.end_incident(actor, id).await?)
}

/// Goes on with the revocations that have begun, for so long.
///
/// # Errors
/// When a piece could not be done; whoever calls next does it.
pub async fn continue_revocations(authority: &Authority, for_seconds: u16) -> Result<Continued, ra::Error> {
    let end = authority.now() + SignedDuration::from_secs(for_seconds.into());
    loop {
        let more = authority.continue_revocations().await?;
        if !more || authority.now() >= end {
            return Ok(Continued { more });
        }
    }
}

fn a_day() -> u16 {
    24
}

/// 30 days.
pub(crate) const MAX_HOURS: u16 = 30 * 24;
const MAX_DESCRIPTION: usize = 500;
