//! The support bundle: what an operator sends to those who help. It holds no secret and no one's
//! contact.
//!
//! Each of its types names the members that it shows, and is made from a record whose members are
//! all named there, too: a new member of a record is decided about before it can be shown. Texts
//! that operators write freely are left out.

mod disclosed;
mod scrub;

use std::collections::BTreeMap;

use acme::{AuditId, IncidentId};
use authority::Failure;
use ca::Certificate;
use jiff::Timestamp;
use operator::{CrlStatus, IssuerStatus, Parts, RevocationStatus, Status};
use serde::{Deserialize, Serialize};
use store::{
    AuditRecord, Der, Incident, IssuerId, IssuerRecord, IssuerRole, IssuerState, ProfileSet, Selection,
    StagedRevocation,
};

use crate::{
    Action, AdminError,
    doctor::{Examine, Finding},
    page,
};

/// Collects a support bundle.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CollectSupportBundle {
    /// The number of audit records, the newest: 1 to 1,000; 100 when absent.
    #[serde(default)]
    pub audit_records: Option<u16>,
}

impl Action for CollectSupportBundle {
    type Answer = SupportBundle;

    const NAME: &str = "support-bundle";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<SupportBundle, AdminError> {
        let audit = parts.audit.page(None, page::size(self.audit_records)?).await?;
        let status = parts.status_reports.report().await?;
        let records = parts.issuers.records().await?;
        let profiles = parts.profiles.all().await?;
        let incidents = parts.incidents.all().await?;
        let keys = parts.external_account_keys.page(None, COUNTED).await?;
        let blocked = parts.blocked_keys.page(None, COUNTED).await?;
        let findings = Examine {}.perform(parts, actor).await?;
        let Status { time, issuers, acme_profiles, ra_profiles, nonce_secret_made_at, external_accounts } = status;
        Ok(SupportBundle {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            time,
            settings: operator::disclosed(&parts.settings),
            host_settings: parts.host_settings.clone(),
            counts: Counts {
                acme_profiles,
                ra_profiles,
                issuers: issuers.len(),
                incidents: incidents.len(),
                external_account_keys: Count { number: keys.items.len(), more: keys.more },
                blocked_keys: Count { number: blocked.items.len(), more: blocked.more },
            },
            nonce_secret_made_at,
            external_accounts,
            issuers: issuers
                .into_iter()
                .map(|issuer| DisclosedIssuer::of(issuer, &records))
                .collect::<Result<_, Failure>>()?,
            findings: findings.into_iter().map(scrubbed).collect(),
            incidents: incidents.into_iter().map(|incident| DisclosedIncident::of(incident.value)).collect(),
            audit: disclosed_records(audit.items),
            more_audit: audit.more,
            profiles: disclosed::profiles(profiles),
            webhook: None,
        })
    }
}

/// What an operator sends to those who help.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportBundle {
    /// The version of the program that answered.
    pub version: String,
    /// The time of the bundle.
    pub time: Timestamp,
    /// The settings that every host has.
    pub settings: BTreeMap<String, String>,
    /// What else the configuration of the host says; on AWS, nothing.
    pub host_settings: BTreeMap<String, String>,
    /// How many there are of what.
    pub counts: Counts,
    /// When the newest nonce secret was created.
    pub nonce_secret_made_at: Option<Timestamp>,
    /// Whether external account keys can be created.
    pub external_accounts: bool,
    /// The issuers with their certificates and CRLs, sorted by id.
    pub issuers: Vec<DisclosedIssuer>,
    /// What `doctor` finds.
    pub findings: Vec<Finding>,
    /// The incidents, oldest first.
    pub incidents: Vec<DisclosedIncident>,
    /// The newest audit records, newest first.
    pub audit: Vec<DisclosedRecord>,
    /// Whether there are older ones.
    pub more_audit: bool,
    /// The profiles, without the notes of operators.
    pub profiles: ProfileSet,
    /// The deliveries to the webhook of a running host, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<DisclosedWebhook>,
}

/// How many there are of what.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// ACME Profiles.
    pub acme_profiles: usize,
    /// RA Profiles.
    pub ra_profiles: usize,
    /// Issuers, the root among them.
    pub issuers: usize,
    /// Incidents, open and ended.
    pub incidents: usize,
    /// External account keys, in every state.
    pub external_account_keys: Count,
    /// Keys that no account and no certificate may use.
    pub blocked_keys: Count,
}

/// A number that is counted up to a bound.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Count {
    /// What was counted.
    pub number: usize,
    /// Whether there are more.
    pub more: bool,
}

/// An issuer, without the handle of its key, which on AWS is the name of a key in an account.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisclosedIssuer {
    /// The id of the issuer.
    pub id: IssuerId,
    /// Whether it is a root or an issuing CA.
    pub role: IssuerRole,
    /// Whether it is requested, active, retired or revoked.
    pub state: IssuerState,
    /// The latest `notBefore` of its certificate and of those above it.
    pub not_before: Option<Timestamp>,
    /// The earliest expiry of its certificate and of those above it.
    pub not_after: Option<Timestamp>,
    /// Its revocation, if it is revoked.
    pub revocation: Option<RevocationStatus>,
    /// The subject of the CA above it that ends first, if it ends no later than the issuer.
    pub ends_with: Option<String>,
    /// Whether an external CA signed its certificate, or is to sign it.
    pub is_external: bool,
    /// The status of its CRLs, by shard.
    pub crls: Vec<CrlStatus>,
    /// Its certificate and those of external CAs above it, in PEM.
    pub certificates: Vec<String>,
}

impl DisclosedIssuer {
    fn of(status: IssuerStatus, records: &[IssuerRecord]) -> Result<Self, Failure> {
        let IssuerStatus {
            id,
            role,
            state,
            // It is in the certificate.
            subject: _,
            not_before,
            not_after,
            revocation,
            ends_with,
            is_external,
            key: _,
            crls,
        } = status;
        let record = records.iter().find(|record| record.id == id);
        let certificates = record.into_iter().flat_map(|record| record.certificate.iter().chain(&record.chain));
        let certificates = certificates.map(|Der(der)| Ok(Certificate::from_der(der).map_err(Failure::issuing)?.pem()));
        let certificates = certificates.collect::<Result<_, Failure>>()?;
        Ok(Self { id, role, state, not_before, not_after, revocation, ends_with, is_external, crls, certificates })
    }
}

/// An incident, without the words of the operator who declared it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisclosedIncident {
    /// The id of the incident.
    pub id: IncidentId,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// The affected certificates.
    pub affected: Selection,
    /// The number of affected certificates, if they were counted before the declaration.
    pub counted: Option<u64>,
    /// The time by which clients should have renewed.
    pub renew_by: Timestamp,
    /// The progress of the revocation, if the certificates are revoked.
    pub revocation: Option<StagedRevocation>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl DisclosedIncident {
    fn of(incident: Incident) -> Self {
        let Incident {
            id,
            declared_at,
            declared_by: _,
            description: _,
            explanation_url: _,
            affected: Selection { issuer, directory, account, name, key, from, until, unknown: _ },
            counted,
            renew_by,
            revocation,
            ended_at,
            unknown: _,
        } = incident;
        let affected = Selection { issuer, directory, account, name, key, from, until, unknown: Default::default() };
        Self { id, declared_at, affected, counted, renew_by, revocation, ended_at }
    }
}

/// An audit record, without the name of its actor and without the values of its details.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DisclosedRecord {
    /// The id of the record.
    pub id: AuditId,
    /// The time of the action.
    pub at: Timestamp,
    /// The number of its actor: the same in all records of one bundle.
    pub actor: usize,
    /// The action, by its name on the command line.
    pub action: String,
    /// The object of the action: an id or a name.
    pub subject: String,
    /// The names of further facts.
    pub details: Vec<String>,
}

fn disclosed_records(records: Vec<AuditRecord>) -> Vec<DisclosedRecord> {
    let mut actors: Vec<String> = Vec::new();
    let disclosed = records.into_iter().map(|record| {
        let AuditRecord { id, at, actor, action, subject, detail } = record;
        let known = actors.iter().position(|known| *known == actor);
        let actor = known.unwrap_or_else(|| {
            actors.push(actor);
            actors.len() - 1
        });
        let (subject, details) = (scrub::scrubbed(&subject), detail.into_keys().collect());
        DisclosedRecord { id, at, actor: actor + 1, action, subject, details }
    });
    disclosed.collect()
}

/// The deliveries to a webhook, without its URL.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisclosedWebhook {
    /// The number of events that wait for delivery.
    pub waiting: u64,
    /// The time since which deliveries have failed; absent while they succeed.
    pub failing_since: Option<Timestamp>,
    /// The number of events dropped after three days, since the host started.
    pub given_up: u64,
    /// The number of events dropped because the spool was full, since the host started.
    pub lost: u64,
}

impl From<crate::WebhookStatus> for DisclosedWebhook {
    fn from(status: crate::WebhookStatus) -> Self {
        let crate::WebhookStatus { receiver: _, waiting, failing_since, reason: _, given_up, lost } = status;
        Self { waiting, failing_since, given_up, lost }
    }
}

/// The finding, whose texts may repeat what AWS answered.
fn scrubbed(finding: Finding) -> Finding {
    let Finding { check, verdict, seen, remedy } = finding;
    Finding { check: scrub::scrubbed(&check), verdict, seen: scrub::scrubbed(&seen), remedy: scrub::scrubbed(&remedy) }
}

/// How far keys are counted.
const COUNTED: usize = 1_000;
