//! Incidents: certificates that clients are told to replace before their time (RFC 9773 §4.2).

use std::{collections::BTreeMap, sync::Arc};

use acme::{IncidentId, RevocationReason, UnknownMembers};
use authority::{AuditTrail, Clock, Rounds, applied, random, versioned};
use jiff::{SignedDuration, Timestamp};
use ra::RenewalInfos;
use store::{Incident, IncidentStore, Selection, StagedRevocation, Versioned};

use crate::{Error, Refusal};

/// What is to be declared.
#[derive(Clone, Debug)]
pub struct IncidentPlan {
    /// What happened, for people.
    pub description: String,
    /// The page that clients are shown.
    pub explanation_url: Option<String>,
    /// Which certificates.
    pub affected: Selection,
    /// How many there are, when somebody counted them.
    pub counted: Option<u64>,
    /// How long clients have; they are spread over this time.
    pub renew_within: SignedDuration,
    /// Whether the certificates are revoked, too.
    pub revocation: Option<RevocationPlan>,
}

/// How certificates are to be revoked.
#[derive(Clone, Copy, Debug)]
pub struct RevocationPlan {
    /// The reason in CRLs.
    pub reason: RevocationReason,
    /// How long after the declaration it begins.
    pub after: SignedDuration,
}

/// Incidents, as operators declare and end them.
pub struct Incidents {
    incidents: Arc<dyn IncidentStore>,
    renewal_infos: Arc<RenewalInfos>,
    audit: Arc<AuditTrail>,
    clock: Arc<dyn Clock>,
}

impl Incidents {
    /// Those of this store. What changes is forgotten by this renewal information.
    pub fn new(
        incidents: Arc<dyn IncidentStore>,
        renewal_infos: Arc<RenewalInfos>,
        audit: Arc<AuditTrail>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { incidents, renewal_infos, audit, clock }
    }

    /// Declares an incident. From the next look at renewal information on, within the time of
    /// [`ra::Settings::profile_cache`], the clients concerned are told to renew.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn declare(&self, actor: &str, plan: IncidentPlan) -> Result<Incident, Error> {
        let (now, declared_at) = (self.clock.now(), acme::whole_seconds(self.clock.now()));
        let after = |time: SignedDuration| declared_at.checked_add(time).unwrap_or(Timestamp::MAX);
        let incident = Incident {
            id: IncidentId::new(now, random()?),
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
        self.renewal_infos.forget().await;
        Ok(incident.value)
    }

    /// Ends an incident: clients are told nothing of it any more, and no further certificate is
    /// revoked for it. Ending twice is harmless.
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
                self.renewal_infos.forget().await;
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

    /// The incident of that id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; when the store cannot answer.
    pub async fn find(&self, id: IncidentId) -> Result<Versioned<Incident>, Error> {
        self.all().await?.into_iter().find(|incident| incident.id == id).ok_or_else(|| Refusal::NotFound.into())
    }
}
