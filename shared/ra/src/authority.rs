//! The authority itself: its seams, its settings, and what its verbs share.

use std::sync::Arc;

use acme::{AccountId, DirectoryId, ExternalAccountKeyId, RefusalReason};
use authority::{
    AuditTrail, Cache, Clock, CrlQueue, EventSink, Events, IssuanceQueue, Publisher, RepeatFilter, ValidationQueue,
};
use ca::Signer;
use issuing::{
    Ceremony, CrlRequests, Crls, HostCertificates, Issuance, IssuerFiles, Issuers, Resumption, StatusUrl, Validities,
};
use jiff::{SignedDuration, Timestamp};
use store::{ExternalAccountKey, Incident, LimitWindow, Store};

use crate::Directory;

/// The registration authority. One for each process; every function asks it for one verb.
pub struct Authority {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) validation_queue: Arc<dyn ValidationQueue>,
    pub(crate) issuance_queue: Arc<dyn IssuanceQueue>,
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
    pub(crate) issuers: Arc<Issuers>,
    pub(crate) validities: Arc<Validities>,
    pub(crate) issuance: Arc<Issuance>,
    pub(crate) status_url: StatusUrl,
    resumption: Resumption,
    crls: Crls,
    pub(crate) crl_requests: CrlRequests,
    issuer_files: IssuerFiles,
    ceremony: Ceremony,
    host_certificates: HostCertificates,
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
        let status_url = StatusUrl(settings.status_url.clone());
        let events = Events::new(events, clock.clone());
        let issuers = Arc::new(Issuers::new(store.clone(), clock.clone(), for_how_long));
        let validities = Arc::new(Validities::new(status_url.clone(), clock.clone()));
        let issuance =
            Issuance::new(issuers.clone(), store.clone(), signer.clone(), events.clone(), status_url.clone());
        let issuance = Arc::new(issuance);
        Self {
            audit: AuditTrail::new(store.clone(), clock.clone()),
            resumption: Resumption::new(issuance.clone(), store.clone()),
            crls: Crls::new(
                issuers.clone(),
                store.clone(),
                signer.clone(),
                publisher.clone(),
                status_url.clone(),
                clock.clone(),
            ),
            crl_requests: CrlRequests::new(store.clone(), crl_queue),
            issuer_files: IssuerFiles::new(publisher),
            ceremony: Ceremony::new(issuers.clone(), store.clone(), signer.clone(), status_url.clone(), clock.clone()),
            host_certificates: HostCertificates::new(
                issuers.clone(),
                issuance.clone(),
                validities.clone(),
                clock.clone(),
            ),
            issuers,
            validities,
            issuance,
            status_url,
            events,
            store,
            signer,
            validation_queue,
            issuance_queue,
            clock,
            settings,
            profiles: Cache::new(for_how_long),
            external_account_keys: Cache::new(for_how_long),
            incidents: Cache::new(for_how_long),
            seen_counters: Cache::new(for_how_long),
            refusals: RepeatFilter::default(),
            full_limits: RepeatFilter::default(),
        }
    }

    /// The issuers, as they were read recently.
    pub fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// What finishes interrupted issuances.
    pub fn resumption(&self) -> &Resumption {
        &self.resumption
    }

    /// What signs CRLs.
    pub fn crls(&self) -> &Crls {
        &self.crls
    }

    /// What asks for CRLs.
    pub fn crl_requests(&self) -> &CrlRequests {
        &self.crl_requests
    }

    /// What publishes the certificates of issuers.
    pub fn issuer_files(&self) -> &IssuerFiles {
        &self.issuer_files
    }

    /// What has the root sign.
    pub fn ceremony(&self) -> &Ceremony {
        &self.ceremony
    }

    /// What issues to the host itself.
    pub fn host_certificates(&self) -> &HostCertificates {
        &self.host_certificates
    }

    /// Where relying parties find CRLs and issuer certificates.
    pub fn status_url(&self) -> &StatusUrl {
        &self.status_url
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
