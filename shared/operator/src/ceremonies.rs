//! What the root signs for operators, and who performs it: the process that answers everything
//! else, or on AWS a function that alone has the right to the root's key.

use std::sync::Arc;

use authority::{AuditTrail, Clock, CrlQueue, EventSink, Events, Publisher};
use ca::Signer;
use issuing::{Ceremony, CrlRequests, Crls, Issuers, StatusUrl};
use ra::{Directories, Settings};
use store::{AuditStore, CrlStore, IncidentStore, IssuerStore, ProfileStore};

use crate::{Incidents, IssuerChanges, IssuerRevocations, Profiles, RollOvers};

/// The verbs that have the root sign.
pub struct Ceremonies {
    /// The issuers, as they were read recently.
    pub issuers: Arc<Issuers>,
    /// Reads and changes profiles.
    pub profiles: Arc<Profiles>,
    /// Has the root sign the certificates of further issuing CAs.
    pub issuer_changes: Arc<IssuerChanges>,
    /// Has RA Profiles lead to another issuer.
    pub roll_overs: Arc<RollOvers>,
    /// Revokes issuing CAs.
    pub issuer_revocations: IssuerRevocations,
}

/// Who performs the ceremonies.
pub enum CeremonyPlace {
    /// The process that answers everything else, with these verbs.
    Here(Ceremonies),
    /// The function with this name or ARN, and no other.
    Function(String),
}

/// What a process that performs ceremonies and nothing else is constructed from.
pub struct CeremonySeams {
    /// The store of audit records.
    pub audit: Arc<dyn AuditStore>,
    /// The store of CRLs.
    pub crls: Arc<dyn CrlStore>,
    /// The store of incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// The store of issuers.
    pub issuers: Arc<dyn IssuerStore>,
    /// The store of profiles.
    pub profiles: Arc<dyn ProfileStore>,
    /// Signs with the root's key.
    pub signer: Arc<dyn Signer>,
    /// Takes the root's CRLs.
    pub publisher: Arc<dyn Publisher>,
    /// Takes the requests for new CRLs of other issuers.
    pub crl_queue: Arc<dyn CrlQueue>,
    /// Takes the events, in addition to the log.
    pub events: Arc<dyn EventSink>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Ceremonies {
    /// Those of a process that does nothing else. The incident of a revoked issuer is declared
    /// here, and continued by the process that continues incidents.
    pub fn new(seams: CeremonySeams, settings: &Settings) -> Self {
        let CeremonySeams { audit, crls, incidents, issuers, profiles, signer, publisher, crl_queue, events, clock } =
            seams;
        let remembered = settings.profile_cache;
        let status_url = StatusUrl(settings.status_url.clone());
        let events = Events::new(events, clock.clone());
        let audit = Arc::new(AuditTrail::new(audit, clock.clone()));
        let known = Arc::new(Issuers::new(issuers.clone(), clock.clone(), remembered));
        let ceremony = Ceremony::new(known.clone(), issuers.clone(), signer.clone(), status_url.clone(), clock.clone());
        let changed_profiles = Arc::new(Profiles::new(
            profiles.clone(),
            issuers.clone(),
            Arc::new(Directories::new(profiles.clone(), clock.clone(), remembered)),
            audit.clone(),
            events.clone(),
            settings.openness,
        ));
        let issuer_changes = Arc::new(IssuerChanges::new(
            issuers.clone(),
            profiles,
            known.clone(),
            Arc::new(ceremony),
            signer.clone(),
            Arc::new(CrlRequests::new(crls.clone(), crl_queue)),
            audit.clone(),
            status_url.clone(),
            clock.clone(),
        ));
        let roll_overs = Arc::new(RollOvers::new(issuers.clone(), issuer_changes.clone(), changed_profiles.clone()));
        let issuer_revocations = IssuerRevocations::new(
            issuers,
            known.clone(),
            Arc::new(Crls::new(known.clone(), crls, signer, publisher, status_url, clock.clone())),
            changed_profiles.clone(),
            roll_overs.clone(),
            Arc::new(Incidents::new(incidents, None, audit.clone(), clock.clone())),
            None,
            audit,
            events,
            clock,
            remembered,
        );
        Self { issuers: known, profiles: changed_profiles, issuer_changes, roll_overs, issuer_revocations }
    }
}
