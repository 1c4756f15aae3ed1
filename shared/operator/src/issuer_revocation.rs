//! The revocation of an issuing CA: its certificate is on the root's CRL at once, and it signs no
//! certificate any more; its leaves are revoked by an incident, and RA Profiles lead to another
//! issuer if the operator names one.
//!
//! The revocation is stored first, in one write with the retirement; everything else follows from
//! it. So the call can be repeated after a crash, and nothing that fails undoes it.

use std::{collections::BTreeMap, sync::Arc};

use acme::{EventKind, IncidentId, IssuerFacts, IssuerRevocationReason, ProfileName};
use authority::{AuditTrail, Clock, CrlTask, Events, Rounds, applied};
use ca::Certificate;
use issuing::{Crls, Issuers};
use jiff::SignedDuration;
use store::{Difference, IssuerId, IssuerRecord, IssuerRevocation, IssuerState, IssuerStore, Selection};

use crate::{
    Error, IncidentPlan, Incidents, IssuerRefusal, Profiles, RevocationPlan, RollOver, RollOvers, StagedRevocations,
    issuer::{certificate, issuing_ca},
};

/// The outcome of the revocation of an issuing CA.
#[derive(Debug)]
pub struct RevokedIssuer {
    /// Its record with the revocation.
    pub issuer: IssuerRecord,
    /// Whether the root's CRL lists it.
    pub listing: Listing,
    /// The incident that revokes its certificates.
    pub incident: IncidentId,
    /// The changes to RA Profiles that lead to the replacement now.
    pub differences: Vec<Difference>,
    /// The RA Profiles that still refer to it, and issue nothing.
    pub out_of_service: Vec<ProfileName>,
}

/// Whether the CRL of the CA above a revoked issuer lists it.
#[derive(Debug)]
pub enum Listing {
    /// An external CA signed its certificate; only that CA can revoke it.
    External,
    /// The root's CRL lists it.
    Listed,
    /// The root could not sign or publish its CRL. The next call does it, or the daily work of the
    /// host.
    Unlisted(issuing::Error),
}

/// Revokes issuing CAs.
pub struct IssuerRevocations {
    store: Arc<dyn IssuerStore>,
    issuers: Arc<Issuers>,
    crls: Arc<Crls>,
    profiles: Arc<Profiles>,
    roll_overs: Arc<RollOvers>,
    incidents: Arc<Incidents>,
    staged_revocations: Option<Arc<StagedRevocations>>,
    audit: Arc<AuditTrail>,
    events: Events,
    clock: Arc<dyn Clock>,
    settling: SignedDuration,
}

impl IssuerRevocations {
    /// Of issuers of this store, listed by these CRLs. Other processes may answer from memory, and
    /// sign, for the time `settling`. Without `staged_revocations`, another process revokes the
    /// certificates of the issuer, as those of any incident.
    pub fn new(
        store: Arc<dyn IssuerStore>,
        issuers: Arc<Issuers>,
        crls: Arc<Crls>,
        profiles: Arc<Profiles>,
        roll_overs: Arc<RollOvers>,
        incidents: Arc<Incidents>,
        staged_revocations: Option<Arc<StagedRevocations>>,
        audit: Arc<AuditTrail>,
        events: Events,
        clock: Arc<dyn Clock>,
        settling: SignedDuration,
    ) -> Self {
        Self {
            store,
            issuers,
            crls,
            profiles,
            roll_overs,
            incidents,
            staged_revocations,
            audit,
            events,
            clock,
            settling,
        }
    }

    /// Revokes an issuing CA. RA Profiles that refer to it refer to `replacement` afterwards;
    /// without one they issue nothing. Repeating the call completes one that was interrupted; the
    /// reason can be raised to a compromise.
    ///
    /// # Errors
    /// [`IssuerRefusal`], before anything is changed. When the store cannot answer: what was done
    /// is done, and the call can be repeated.
    pub async fn revoke(
        &self,
        actor: &str,
        id: &IssuerId,
        reason: IssuerRevocationReason,
        replacement: Option<&IssuerId>,
    ) -> Result<RevokedIssuer, Error> {
        if let Some(replacement) = replacement {
            self.check_replacement(id, replacement).await?;
        }
        let (issuer, revocation) = self.record(actor, id, reason).await?;
        let listing = self.list(&issuer).await;
        let incident = self.stage(actor, &issuer, &revocation).await?;
        let differences = match replacement {
            Some(new) => {
                let roll = RollOver { old: id.clone(), new: new.clone(), name: None, key: None };
                self.roll_overs.roll_over(actor, roll).await?.differences
            }
            None => Vec::new(),
        };
        let profiles = self.profiles.all().await?.ra_profile.into_iter();
        let naming = profiles.filter(|profile| profile.issuer == *id).map(|profile| profile.name);
        Ok(RevokedIssuer { issuer, listing, incident, differences, out_of_service: naming.collect() })
    }

    /// Checks that profiles can be led to the replacement, so that a typing error is noticed before
    /// anything is done.
    async fn check_replacement(&self, id: &IssuerId, replacement: &IssuerId) -> Result<(), Error> {
        let all = self.store.issuers().await?;
        let found = issuing_ca(&all, replacement)?;
        if found.id == *id {
            return Err(IssuerRefusal::Itself(id.clone()).into());
        }
        if found.state() != IssuerState::Active {
            return Err(IssuerRefusal::Off(found.id.clone(), found.state()).into());
        }
        self.issuers.active(replacement).await?;
        Ok(())
    }

    /// Records the revocation, and that it is retired, if that is not on record yet.
    async fn record(
        &self,
        actor: &str,
        id: &IssuerId,
        reason: IssuerRevocationReason,
    ) -> Result<(IssuerRecord, IssuerRevocation), Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let all = self.store.issuers().await?;
            let before = issuing_ca(&all, id)?;
            let Some(own) = certificate(before)? else {
                return Err(IssuerRefusal::Off(id.clone(), before.state()).into());
            };
            let now = acme::whole_seconds(self.clock.now());
            let revocation = match &before.revocation {
                Some(present) if present.reason == reason => return Ok((before.clone(), present.clone())),
                Some(present) if reason.is_compromise() && !present.reason.is_compromise() => {
                    IssuerRevocation { at: present.at, reason, raised_at: Some(now) }
                }
                Some(present) => return Err(IssuerRefusal::AlreadyRevoked(id.clone(), present.reason).into()),
                None => IssuerRevocation { at: now, reason, raised_at: None },
            };
            let detail = BTreeMap::from([("reason".to_owned(), reason.to_string())]);
            self.audit.record(actor, "issuer revoke", id, detail).await?;
            let after = IssuerRecord {
                retired_at: before.retired_at.or(Some(now)),
                revocation: Some(revocation.clone()),
                ..before.clone()
            };
            if applied(self.store.update_issuer(before, &after).await)? {
                self.issuers.forget().await;
                self.events.emit(EventKind::IssuerRevoked(facts(&after, &own, reason, actor)));
                return Ok((after, revocation));
            }
        }
    }

    /// Has the root's CRL list it. What prevents that must not prevent the rest.
    async fn list(&self, issuer: &IssuerRecord) -> Listing {
        if issuer.is_below_external_ca() {
            return Listing::External;
        }
        match self.crls.make_complete(&CrlTask { issuer: issuer.parent.clone(), shard: 0 }).await {
            Ok(()) => Listing::Listed,
            Err(error) => {
                let cause = &error as &dyn std::error::Error;
                tracing::error!(issuer = %issuer.id, error = cause, "the root's CRL does not list a revoked issuer");
                Listing::Unlisted(error)
            }
        }
    }

    /// The incident that revokes its certificates, declared unless it was.
    async fn stage(
        &self,
        actor: &str,
        issuer: &IssuerRecord,
        revocation: &IssuerRevocation,
    ) -> Result<IncidentId, Error> {
        let affected = Selection { issuer: Some(issuer.id.clone()), ..Selection::default() };
        let declared = self.incidents.all().await?.into_iter().find(|incident| {
            incident.revocation.is_some() && incident.affected == affected && incident.declared_at >= revocation.at
        });
        let incident = match declared {
            Some(incident) => incident.value.id,
            None => {
                let reason = revocation.reason;
                let plan = IncidentPlan {
                    description: format!("the issuer {} is revoked: {reason}", issuer.id),
                    explanation_url: None,
                    affected,
                    counted: None,
                    renew_within: SignedDuration::from_hours(1),
                    revocation: Some(RevocationPlan { reason: reason.of_leaves(), after: self.settling }),
                    settling: self.settling,
                };
                self.incidents.declare(actor, plan).await?.id
            }
        };
        if let Some(staged_revocations) = &self.staged_revocations {
            staged_revocations.proceed().await?;
        }
        Ok(incident)
    }
}

fn facts(issuer: &IssuerRecord, own: &Certificate, reason: IssuerRevocationReason, actor: &str) -> IssuerFacts {
    IssuerFacts {
        issuer: issuer.id.to_string(),
        serial: own.certificate_id().serial().to_string(),
        subject: own.subject(),
        reason_code: reason.code(),
        actor: actor.to_owned(),
    }
}
