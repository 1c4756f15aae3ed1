//! Incidents: certificates that clients are asked to replace early (RFC 9773 §4.2).

use std::{collections::BTreeMap, sync::Arc};

use acme::{IncidentId, RevocationReason, UnknownMembers};
use authority::{AuditTrail, Clock, Rounds, applied, random, versioned};
use jiff::{SignedDuration, Timestamp};
use ra::RenewalInfos;
use store::{Incident, IncidentStore, Selection, StagedRevocation, Versioned};

use crate::{Error, Refusal};

/// An incident to be declared.
#[derive(Clone, Debug)]
pub struct IncidentPlan {
    /// A description for operators.
    pub description: String,
    /// The page that renewal information links to.
    pub explanation_url: Option<String>,
    /// The certificates that the incident is about.
    pub affected: Selection,
    /// How many there are, if they were counted.
    pub counted: Option<u64>,
    /// The time over which clients are asked to renew.
    pub renew_within: SignedDuration,
    /// How the certificates are revoked, if they are.
    pub revocation: Option<RevocationPlan>,
    /// For so long after the declaration, what is ordered counts as ordered before it: other
    /// processes may not know yet that the cause has been stopped.
    pub settling: SignedDuration,
}

/// A revocation to be started by an incident.
#[derive(Clone, Copy, Debug)]
pub struct RevocationPlan {
    /// The reason that CRLs show.
    pub reason: RevocationReason,
    /// The time from the declaration to the start of the revocation.
    pub after: SignedDuration,
}

/// Incidents, as operators declare and end them.
pub struct Incidents {
    incidents: Arc<dyn IncidentStore>,
    renewal_infos: Option<Arc<RenewalInfos>>,
    audit: Arc<AuditTrail>,
    clock: Arc<dyn Clock>,
}

impl Incidents {
    /// Those of this store. What changes is forgotten by the renewal information of this process,
    /// if it has one.
    pub fn new(
        incidents: Arc<dyn IncidentStore>,
        renewal_infos: Option<Arc<RenewalInfos>>,
        audit: Arc<AuditTrail>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { incidents, renewal_infos, audit, clock }
    }

    /// Declares an incident. From the next request for renewal information on, at the latest after
    /// [`ra::Settings::profile_cache`], the affected clients are asked to renew.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn declare(&self, actor: &str, plan: IncidentPlan) -> Result<Incident, Error> {
        let (now, declared_at) = (self.clock.now(), acme::whole_seconds(self.clock.now()));
        let after = |time: SignedDuration| declared_at.checked_add(time).unwrap_or(Timestamp::MAX);
        let incident = Incident {
            // Orders are compared with the time in the id.
            id: IncidentId::new(now.checked_add(plan.settling).unwrap_or(now), random()?),
            declared_at,
            declared_by: actor.to_owned(),
            description: plan.description,
            explanation_url: plan.explanation_url,
            affected: plan.affected,
            counted: plan.counted,
            renew_by: after(plan.renew_within),
            revocation: plan.revocation.map(|revocation| StagedRevocation {
                reason: revocation.reason,
                begins_at: after(revocation.after),
                position: None,
                revoked: 0,
                finished_at: None,
            }),
            ended_at: None,
            unknown: UnknownMembers::default(),
        };
        let mut detail = BTreeMap::from([
            ("description".to_owned(), incident.description.clone()),
            ("affected".to_owned(), incident.affected.to_string()),
            ("renewBy".to_owned(), incident.renew_by.to_string()),
        ]);
        if let Some(revocation) = &incident.revocation {
            detail.insert("revocationReason".to_owned(), format!("{:?}", revocation.reason));
            detail.insert("revocationBeginsAt".to_owned(), revocation.begins_at.to_string());
        }
        self.audit.record(actor, "incident declare", incident.id, detail).await?;
        let incident = versioned(incident)?;
        self.incidents.put_incident(None, &incident).await?;
        self.forget().await;
        Ok(incident.value)
    }

    /// Ends an incident: renewal information returns to normal, and no more certificates are
    /// revoked for it. Repeating it is harmless.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; when the store cannot answer.
    pub async fn end(&self, actor: &str, id: IncidentId) -> Result<Incident, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.find(id).await?;
            if !before.is_open() {
                return Ok(before.value);
            }
            if rounds.is_first() {
                self.audit.record(actor, "incident end", id, BTreeMap::new()).await?;
            }
            let ended_at = Some(acme::whole_seconds(self.clock.now()));
            let after = versioned(Incident { ended_at, ..before.value.clone() })?;
            if applied(self.incidents.put_incident(Some(before.version), &after).await)? {
                self.forget().await;
                return Ok(after.value);
            }
        }
    }

    /// All incidents, oldest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn all(&self) -> Result<Vec<Versioned<Incident>>, Error> {
        Ok(self.incidents.incidents().await?)
    }

    /// The incident with this id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; when the store cannot answer.
    pub async fn find(&self, id: IncidentId) -> Result<Versioned<Incident>, Error> {
        self.all().await?.into_iter().find(|incident| incident.id == id).ok_or_else(|| Refusal::NotFound.into())
    }

    async fn forget(&self) {
        if let Some(renewal_infos) = &self.renewal_infos {
            renewal_infos.forget().await;
        }
    }
}
