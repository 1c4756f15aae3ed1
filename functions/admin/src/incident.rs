//! Incidents: declaring, listing and ending them, and continuing their revocations.

use acme::{IncidentId, RevocationReason};
use jiff::SignedDuration;
use operator::{IncidentPlan, Parts, RevocationPlan};
use serde::{Deserialize, Serialize};
use store::Incident;

use crate::{Action, AdminError, selection::CertificateSelection};

/// Declares an incident: renewal information asks clients to replace certificates early, and the
/// certificates may be revoked afterwards.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeclareIncident {
    /// The affected certificates, and by when they should be renewed or are revoked.
    pub incident: IncidentDocument,
}

impl Action for DeclareIncident {
    type Answer = Incident;

    const NAME: &str = "declare-incident";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<Incident, AdminError> {
        let IncidentDocument { description, explanation_url, selection, counted, renew_within_hours, revocation } =
            self.incident;
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
            affected: selection.checked(parts).await?,
            counted,
            renew_within: hours(renew_within_hours),
            revocation: revocation
                .zip(delay)
                .map(|(RevocationDocument { reason, .. }, delay)| RevocationPlan { reason, after: hours(delay) }),
            settling: SignedDuration::ZERO,
        };
        Ok(parts.incidents.declare(actor, plan).await?)
    }
}

/// Lists the incidents, oldest first, with the progress of their revocations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListIncidents {}

impl Action for ListIncidents {
    type Answer = Vec<Incident>;

    const NAME: &str = "incidents";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Vec<Incident>, AdminError> {
        Ok(parts.incidents.all().await?.into_iter().map(|incident| incident.value).collect())
    }
}

/// Ends an incident and its revocation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndIncident {
    /// The id of the incident.
    pub id: IncidentId,
}

impl Action for EndIncident {
    type Answer = Incident;

    const NAME: &str = "end-incident";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<Incident, AdminError> {
        Ok(parts.incidents.end(actor, self.id).await?)
    }
}

/// Continues the revocations that have started. The schedule of the function sends this request.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContinueRevocations {
    /// How long to work, in seconds.
    #[serde(default = "forty")]
    pub seconds: u16,
}

impl Action for ContinueRevocations {
    type Answer = Continued;

    const NAME: &str = "continue-revocations";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Continued, AdminError> {
        Ok(continue_revocations(parts, self.seconds).await?)
    }
}

/// An incident to be declared.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IncidentDocument {
    /// A description for operators.
    pub description: String,
    /// The page that renewal information links to (RFC 9773 §4.2).
    #[serde(default)]
    pub explanation_url: Option<String>,
    /// The affected certificates, of those that were ordered before the declaration.
    pub selection: CertificateSelection,
    /// The number of affected certificates, if they were counted.
    #[serde(default)]
    pub counted: Option<u64>,
    /// The time over which renewals are spread, in hours.
    #[serde(default = "a_day")]
    pub renew_within_hours: u16,
    /// The revocation of the certificates, if they are revoked.
    #[serde(default)]
    pub revocation: Option<RevocationDocument>,
}

/// A revocation that an incident starts.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevocationDocument {
    /// The reason that CRLs show.
    pub reason: RevocationReason,
    /// The time from the declaration to the start of the revocation, in hours; when absent, the
    /// time for renewals.
    #[serde(default)]
    pub after_hours: Option<u16>,
}

/// The outcome of continuing the revocations.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Continued {
    /// Whether there is more to do.
    pub more: bool,
}

/// Continues the revocations that have started, for this time.
///
/// # Errors
/// When a slice could not be completed; the next call repeats it.
pub async fn continue_revocations(parts: &Parts, for_seconds: u16) -> Result<Continued, operator::Error> {
    let end = parts.clock.now() + SignedDuration::from_secs(for_seconds.into());
    loop {
        let more = parts.staged_revocations.proceed().await?;
        if !more || parts.clock.now() >= end {
            return Ok(Continued { more });
        }
    }
}

/// Well within the time limit of the function.
fn forty() -> u16 {
    40
}

fn a_day() -> u16 {
    24
}

/// 30 days.
pub(crate) const MAX_HOURS: u16 = 30 * 24;
const MAX_DESCRIPTION: usize = 500;
