//! What operators' verbs share: the parts of the authority that they use, and its settings.

use std::sync::Arc;

use authority::{AuditTrail, Clock, CrlQueue, EventSink, Events};
use ca::Signer;
use issuing::{Ceremony, CrlRequests, Issuers, StatusUrl};
use jiff::{SignedDuration, Timestamp};
use store::Store;

use crate::{Directories, Limits, NamePolicies, RenewalInfos, RevocationRecords};

/// What operators ask. It shares its parts, and what they remember, with [`crate::Parts`], which
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

/// What the host decides once, for all profiles.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where relying parties find CRLs and issuer certificates: an `http://` URL without a slash at
    /// its end. Without one, certificates hold no pointers and live seven days at most.
    pub status_url: Option<String>,
    /// How many orders a page of a list has.
    pub orders_per_page: usize,
    /// For how long a profile, and what else operators decide, may be answered from memory.
    pub profile_cache: SignedDuration,
    /// So long before its end a certificate is told as expiring; never when zero.
    pub expiring: SignedDuration,
    /// How many certificates are looked at, at most, in a piece of work on many of them.
    pub certificates_per_slice: usize,
}

impl Default for Settings {
    /// No status URL, 50 orders a page, profiles cached for ten seconds, fourteen days before the
    /// end, 500 certificates a slice.
    fn default() -> Self {
        Self {
            status_url: None,
            orders_per_page: 50,
            profile_cache: SignedDuration::from_secs(10),
            expiring: SignedDuration::from_hours(14 * 24),
            certificates_per_slice: 500,
        }
    }
}

impl Authority {
    /// An authority over these seams.
    pub fn new(seams: Seams, settings: Settings) -> Self {
        let Seams { store, signer, crl_queue, events, clock } = seams;
        let remembered = settings.profile_cache;
        let status_url = StatusUrl(settings.status_url.clone());
        let events = Events::new(events, clock.clone());
        let issuers = Arc::new(Issuers::new(store.clone(), clock.clone(), remembered));
        let crl_requests = Arc::new(CrlRequests::new(store.clone(), crl_queue));
        let revocation_records =
            RevocationRecords::new(store.clone(), crl_requests.clone(), events.clone(), clock.clone());
        let renewal_infos = RenewalInfos::new(store.clone(), store.clone(), store.clone(), clock.clone(), remembered);
        let ceremony = Ceremony::new(issuers.clone(), store.clone(), signer.clone(), status_url.clone(), clock.clone());
        Self {
            audit: AuditTrail::new(store.clone(), clock.clone()),
            directories: Arc::new(Directories::new(store.clone(), clock.clone(), remembered)),
            limits: Arc::new(Limits::new(store.clone(), events.clone(), clock.clone(), remembered)),
            policies: Arc::new(NamePolicies::new(store.clone(), clock.clone(), remembered)),
            revocation_records: Arc::new(revocation_records),
            renewal_infos: Arc::new(renewal_infos),
            ceremony,
            issuers,
            crl_requests,
            status_url,
            events,
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
