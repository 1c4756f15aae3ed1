//! The authority itself: its seams, its settings, and what its verbs share.

use std::sync::Arc;

use acme::{AccountId, DirectoryId, ExternalAccountKeyId, RefusalReason};
use authority::{
    AuditTrail, Cache, Clock, CrlQueue, EventSink, Events, IssuanceQueue, Publisher, RepeatFilter, ValidationQueue,
};
use ca::Signer;
use jiff::{SignedDuration, Timestamp};
use store::{ExternalAccountKey, Incident, IssuerId, LimitWindow, Store};
use tokio::sync::Mutex;

use crate::{Directory, issuer::LoadedIssuer};

/// The registration authority. One for each process; every function asks it for one verb.
pub struct Authority {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) validation_queue: Arc<dyn ValidationQueue>,
    pub(crate) issuance_queue: Arc<dyn IssuanceQueue>,
    pub(crate) crl_queue: Arc<dyn CrlQueue>,
    pub(crate) publisher: Arc<dyn Publisher>,
    pub(crate) events: Events,
    pub(crate) audit: AuditTrail,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    /// Directories by their ids; those that are known not to exist are `None`.
    pub(crate) profiles: Cache<DirectoryId, Option<Arc<Directory>>>,
    pub(crate) external_account_keys: Cache<ExternalAccountKeyId, Option<ExternalAccountKey>>,
    /// Those that go on.
    pub(crate) incidents: Cache<(), Arc<Vec<Incident>>>,
    /// How often was counted, as it was seen last.
    pub(crate) seen_counters: Cache<LimitWindow, u32>,
    /// The refusals that were told lately, by directory, account and reason.
    pub(crate) refusals: RepeatFilter<(DirectoryId, Option<AccountId>, RefusalReason)>,
    /// The limits whose windows go on and that were told as reached.
    pub(crate) full_limits: RepeatFilter<LimitWindow>,
    pub(crate) issuers: Cache<IssuerId, Arc<LoadedIssuer>>,
    /// Held from reading a CRL to publishing it, so that an older one never takes a newer one's place.
    pub(crate) publishing: Mutex<()>,
}

/// What the host puts behind the authority.
#[derive(Clone)]
pub struct Seams {
    /// The memory.
    pub store: Arc<dyn Store>,
    /// The keys.
    pub signer: Arc<dyn Signer>,
    /// Challenges to be probed.
    pub validation_queue: Arc<dyn ValidationQueue>,
    /// Interrupted issuances.
    pub issuance_queue: Arc<dyn IssuanceQueue>,
    /// CRLs to be made.
    pub crl_queue: Arc<dyn CrlQueue>,
    /// Files for relying parties.
    pub publisher: Arc<dyn Publisher>,
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
    /// No status URL, 50 orders a page, profiles cached for ten seconds, fourteen days before the end, 500 certificates a slice.
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
        let Seams { store, signer, validation_queue, issuance_queue, crl_queue, publisher, events, clock } = seams;
        let for_how_long = settings.profile_cache;
        Self {
            audit: AuditTrail::new(store.clone(), clock.clone()),
            events: Events::new(events, clock.clone()),
            store,
            signer,
            validation_queue,
            issuance_queue,
            crl_queue,
            publisher,
            clock,
            settings,
            profiles: Cache::new(for_how_long),
            external_account_keys: Cache::new(for_how_long),
            incidents: Cache::new(for_how_long),
            seen_counters: Cache::new(for_how_long),
            refusals: RepeatFilter::default(),
            full_limits: RepeatFilter::default(),
            issuers: Cache::new(for_how_long),
            publishing: Mutex::default(),
        }
    }

    /// The record of what operators did.
    pub fn audit(&self) -> &AuditTrail {
        &self.audit
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
