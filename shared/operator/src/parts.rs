//! What operators' verbs share: the parts of the authority that they use, and its settings.

use std::sync::Arc;

use authority::{AuditTrail, Clock, CrlQueue, EventSink, Events};
use ca::Signer;
use issuing::{Ceremony, CrlRequests, Issuers, StatusUrl};
use jiff::Timestamp;
use ra::{Directories, Limits, NamePolicies, Parts, RenewalInfos, RevocationRecords, Settings};
use store::Store;

/// What operators ask. It shares its parts, and what they remember, with [`Parts`], which
/// answer clients in the same process.
pub struct Authority {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) events: Events,
    pub(crate) audit: AuditTrail,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    /// Finds directories.
    pub directories: Arc<Directories>,
    /// Counts what is limited.
    pub limits: Arc<Limits>,
    /// Knows what accounts may ask for.
    pub policies: Arc<NamePolicies>,
    /// Writes revocations down.
    pub revocation_records: Arc<RevocationRecords>,
    /// Says when to renew.
    pub renewal_infos: Arc<RenewalInfos>,
    /// The issuers, as they were read recently.
    pub issuers: Arc<Issuers>,
    /// Asks for CRLs.
    pub crl_requests: Arc<CrlRequests>,
    /// Has the root sign.
    pub ceremony: Ceremony,
    /// Where relying parties find CRLs and issuer certificates.
    pub status_url: StatusUrl,
}

/// What the host puts behind the authority.
#[derive(Clone)]
pub struct Seams {
    /// The memory.
    pub store: Arc<dyn Store>,
    /// The keys.
    pub signer: Arc<dyn Signer>,
    /// CRLs to be made.
    pub crl_queue: Arc<dyn CrlQueue>,
    /// Events, beside the log.
    pub events: Arc<dyn EventSink>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What it shares with the parts that answer clients.
struct Shared {
    directories: Arc<Directories>,
    limits: Arc<Limits>,
    policies: Arc<NamePolicies>,
    revocation_records: Arc<RevocationRecords>,
    renewal_infos: Arc<RenewalInfos>,
    issuers: Arc<Issuers>,
    crl_requests: Arc<CrlRequests>,
}

impl Authority {
    /// An authority over these seams, in a process that answers no clients.
    pub fn new(seams: Seams, settings: Settings) -> Self {
        let Seams { store, crl_queue, clock, .. } = &seams;
        let events = Events::new(seams.events.clone(), clock.clone());
        let remembered = settings.profile_cache;
        let crl_requests = Arc::new(CrlRequests::new(store.clone(), crl_queue.clone()));
        let renewal_infos = RenewalInfos::new(store.clone(), store.clone(), store.clone(), clock.clone(), remembered);
        let revocation_records =
            RevocationRecords::new(store.clone(), crl_requests.clone(), events.clone(), clock.clone());
        let shared = Shared {
            directories: Arc::new(Directories::new(store.clone(), clock.clone(), remembered)),
            limits: Arc::new(Limits::new(store.clone(), events, clock.clone(), remembered)),
            policies: Arc::new(NamePolicies::new(store.clone(), clock.clone(), remembered)),
            revocation_records: Arc::new(revocation_records),
            renewal_infos: Arc::new(renewal_infos),
            issuers: Arc::new(Issuers::new(store.clone(), clock.clone(), remembered)),
            crl_requests,
        };
        Self::with(shared, seams, settings)
    }

    /// An authority beside the parts that answer clients in the same process.
    pub fn beside(parts: &Parts, seams: Seams, settings: Settings) -> Self {
        let shared = Shared {
            directories: parts.directories.clone(),
            limits: parts.limits.clone(),
            policies: parts.policies.clone(),
            revocation_records: parts.revocation_records.clone(),
            renewal_infos: parts.renewal_infos.clone(),
            issuers: parts.issuers.clone(),
            crl_requests: parts.crl_requests.clone(),
        };
        Self::with(shared, seams, settings)
    }

    fn with(shared: Shared, seams: Seams, settings: Settings) -> Self {
        let Shared { directories, limits, policies, revocation_records, renewal_infos, issuers, crl_requests } = shared;
        let Seams { store, signer, events, clock, .. } = seams;
        let status_url = StatusUrl(settings.status_url.clone());
        Self {
            audit: AuditTrail::new(store.clone(), clock.clone()),
            ceremony: Ceremony::new(issuers.clone(), store.clone(), signer.clone(), status_url.clone(), clock.clone()),
            events: Events::new(events, clock.clone()),
            directories,
            limits,
            policies,
            revocation_records,
            renewal_infos,
            issuers,
            crl_requests,
            status_url,
            store,
            signer,
            clock,
            settings,
        }
    }

    /// The record of what operators did.
    pub fn audit(&self) -> &AuditTrail {
        &self.audit
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
