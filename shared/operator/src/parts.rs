//! All parts that operators ask, for a process that answers every question of theirs.

use std::{collections::BTreeMap, sync::Arc};

use authority::{AuditTrail, Clock, CrlQueue, EventSink, Events, Publisher};
use ca::Signer;
use issuing::{Ceremony, CrlRequests, Crls, Issuers, StatusUrl};
use jiff::SignedDuration;
use ra::{Directories, Limits, NamePolicies, RenewalInfos, RevocationRecords, Settings};
use store::{
    AccountStore, AuditStore, AuthorizationStore, CertificateStore, CrlStore, ExternalAccountStore, GrantStore,
    IncidentStore, IssuerStore, LimitStore, LookupStore, NonceStore, OrderStore, ProfileStore, SealStore, Store,
};

use crate::{
    Accounts, BlockedKeys, Ceremonies, CeremonyPlace, Certificates, EnrolmentGrants, Explanations, ExternalAccountKeys,
    Incidents, IssuerChanges, IssuerRevocations, Profiles, Revocations, RollOvers, Selections, StagedRevocations,
    StatusReports, TestEvents,
};

/// Each part once. The parts share what they remember.
pub struct Parts {
    /// Reads and changes profiles.
    pub profiles: Arc<Profiles>,
    /// Adds, installs and retires issuers.
    pub issuer_changes: Arc<IssuerChanges>,
    /// What the root signs, or who performs it.
    pub ceremonies: CeremonyPlace,
    /// Mints, rotates and revokes external account keys.
    pub external_account_keys: ExternalAccountKeys,
    /// Gives and takes grants of enrolment.
    pub enrolment_grants: EnrolmentGrants,
    /// Finds, disables and ends accounts.
    pub accounts: Arc<Accounts>,
    /// Finds certificates by serial, fingerprint or key.
    pub certificates: Certificates,
    /// Goes through many certificates.
    pub selections: Arc<Selections>,
    /// Revokes certificates, one at a time or a selection.
    pub revocations: Arc<Revocations>,
    /// Blocks keys for accounts and certificates.
    pub blocked_keys: BlockedKeys,
    /// Declares and ends incidents.
    pub incidents: Arc<Incidents>,
    /// Revokes what incidents are about.
    pub staged_revocations: Arc<StagedRevocations>,
    /// Reports how the CA is.
    pub status_reports: StatusReports,
    /// Explains orders, names and accounts.
    pub explanations: Explanations,
    /// Emits events on purpose.
    pub test_events: TestEvents,
    /// The audit records of operators' actions.
    pub audit: Arc<AuditTrail>,
    /// The issuers, as they were read recently.
    pub issuers: Arc<Issuers>,
    /// Signs with the root, and checks the keys of issuers.
    pub ceremony: Arc<Ceremony>,
    /// The settings that every host has.
    pub settings: Settings,
    /// What else the configuration of this host says, as far as it may be shown to others.
    pub host_settings: BTreeMap<String, String>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// What a host puts behind the parts: the traits of the store that they use, and the seams.
pub struct Seams {
    /// The store of accounts.
    pub accounts: Arc<dyn AccountStore>,
    /// The store of audit records.
    pub audit: Arc<dyn AuditStore>,
    /// The store of authorizations.
    pub authorizations: Arc<dyn AuthorizationStore>,
    /// The store of certificates.
    pub certificates: Arc<dyn CertificateStore>,
    /// The store of CRLs.
    pub crls: Arc<dyn CrlStore>,
    /// The store of external account keys.
    pub external_accounts: Arc<dyn ExternalAccountStore>,
    /// The store of grants of enrolment.
    pub grants: Arc<dyn GrantStore>,
    /// The store of incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// The store of issuers.
    pub issuers: Arc<dyn IssuerStore>,
    /// The store of counters of limits.
    pub limits: Arc<dyn LimitStore>,
    /// The store of look-ups of certificates.
    pub lookups: Arc<dyn LookupStore>,
    /// The store of orders.
    pub orders: Arc<dyn OrderStore>,
    /// The store of nonce secrets.
    pub nonces: Arc<dyn NonceStore>,
    /// The store of profiles.
    pub profiles: Arc<dyn ProfileStore>,
    /// The store of seals.
    pub seals: Arc<dyn SealStore>,
    /// Signs with the keys of issuers.
    pub signer: Arc<dyn Signer>,
    /// Takes the requests for new CRLs.
    pub crl_queue: Arc<dyn CrlQueue>,
    /// Takes the events, in addition to the log.
    pub events: Arc<dyn EventSink>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Seams {
    /// All of them over one store.
    pub fn over(
        store: Arc<dyn Store>,
        signer: Arc<dyn Signer>,
        crl_queue: Arc<dyn CrlQueue>,
        events: Arc<dyn EventSink>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            accounts: store.clone(),
            audit: store.clone(),
            authorizations: store.clone(),
            certificates: store.clone(),
            crls: store.clone(),
            external_accounts: store.clone(),
            grants: store.clone(),
            incidents: store.clone(),
            issuers: store.clone(),
            limits: store.clone(),
            lookups: store.clone(),
            orders: store.clone(),
            nonces: store.clone(),
            profiles: store.clone(),
            seals: store,
            signer,
            crl_queue,
            events,
            clock,
        }
    }
}

/// Who signs with the root, and how the CRLs that it signs here are made.
enum Signing {
    Here(Arc<Crls>),
    Function(String),
}

/// What the parts share with those that answer clients in the same process.
struct Shared {
    directories: Arc<Directories>,
    limits: Arc<Limits>,
    policies: Arc<NamePolicies>,
    revocation_records: Arc<RevocationRecords>,
    renewal_infos: Arc<RenewalInfos>,
    issuers: Arc<Issuers>,
    crl_requests: Arc<CrlRequests>,
    root: Signing,
    /// For how long other processes may answer from memory.
    settling: SignedDuration,
}

impl Parts {
    /// The parts of a process that answers no clients, and publishes the CRLs of roots with this
    /// publisher.
    pub fn new(seams: Seams, publisher: Arc<dyn Publisher>, settings: &Settings) -> Self {
        let issuers = Self::issuers(&seams, settings);
        let crls = Crls::new(
            issuers.clone(),
            seams.crls.clone(),
            seams.signer.clone(),
            publisher,
            StatusUrl(settings.status_url.clone()),
            seams.clock.clone(),
        );
        Self::alone(seams, issuers, Signing::Here(Arc::new(crls)), settings)
    }

    /// The parts of a process that answers no clients and has no right to the root's key: the
    /// function with this name or ARN performs what the root signs.
    pub fn without_ceremonies(seams: Seams, function: String, settings: &Settings) -> Self {
        let issuers = Self::issuers(&seams, settings);
        Self::alone(seams, issuers, Signing::Function(function), settings)
    }

    fn issuers(seams: &Seams, settings: &Settings) -> Arc<Issuers> {
        Arc::new(Issuers::new(seams.issuers.clone(), seams.clock.clone(), settings.profile_cache))
    }

    fn alone(seams: Seams, issuers: Arc<Issuers>, root: Signing, settings: &Settings) -> Self {
        let (clock, remembered) = (seams.clock.clone(), settings.profile_cache);
        let events = Events::new(seams.events.clone(), clock.clone());
        let crl_requests = Arc::new(CrlRequests::new(seams.crls.clone(), seams.crl_queue.clone()));
        let renewal_infos = RenewalInfos::new(
            seams.certificates.clone(),
            seams.incidents.clone(),
            seams.accounts.clone(),
            clock.clone(),
            remembered,
        );
        let revocation_records =
            RevocationRecords::new(seams.certificates.clone(), crl_requests.clone(), events.clone(), clock.clone());
        let directories = Directories::new(seams.profiles.clone(), clock.clone(), remembered);
        let shared = Shared {
            directories: Arc::new(directories.counting_unvalidated(settings.always_valid())),
            limits: Arc::new(Limits::new(seams.limits.clone(), events, clock.clone(), remembered)),
            policies: Arc::new(NamePolicies::new(seams.external_accounts.clone(), clock, remembered)),
            revocation_records: Arc::new(revocation_records),
            renewal_infos: Arc::new(renewal_infos),
            issuers,
            crl_requests,
            root,
            settling: remembered,
        };
        Self::with(shared, seams, settings)
    }

    /// The parts beside those that answer clients in the same process.
    pub fn beside(parts: &ra::Parts, seams: Seams, settings: &Settings) -> Self {
        let shared = Shared {
            directories: parts.directories.clone(),
            limits: parts.limits.clone(),
            policies: parts.policies.clone(),
            revocation_records: parts.revocation_records.clone(),
            renewal_infos: parts.renewal_infos.clone(),
            issuers: parts.issuers.clone(),
            crl_requests: parts.crl_requests.clone(),
            root: Signing::Here(parts.crls.clone()),
            // What clients are answered from is the same memory.
            settling: SignedDuration::ZERO,
        };
        Self::with(shared, seams, settings)
    }

    fn with(shared: Shared, seams: Seams, settings: &Settings) -> Self {
        let Shared { directories, limits, policies, revocation_records, renewal_infos, issuers, .. } = shared;
        let (crl_requests, root, settling) = (shared.crl_requests, shared.root, shared.settling);
        let (clock, status_url) = (seams.clock, StatusUrl(settings.status_url.clone()));
        let events = Events::new(seams.events, clock.clone());
        let audit = Arc::new(AuditTrail::new(seams.audit, clock.clone()));
        let ceremony = Arc::new(Ceremony::new(
            issuers.clone(),
            seams.issuers.clone(),
            seams.signer.clone(),
            status_url.clone(),
            clock.clone(),
        ));
        let profiles = Arc::new(Profiles::new(
            seams.profiles.clone(),
            seams.issuers.clone(),
            directories.clone(),
            audit.clone(),
            events.clone(),
            settings.openness,
        ));
        let issuer_changes = Arc::new(IssuerChanges::new(
            seams.issuers.clone(),
            seams.profiles.clone(),
            issuers.clone(),
            ceremony.clone(),
            seams.signer,
            crl_requests.clone(),
            audit.clone(),
            status_url,
            clock.clone(),
        ));
        let selections = Arc::new(Selections::new(
            seams.lookups.clone(),
            seams.accounts.clone(),
            seams.issuers.clone(),
            settings.certificates_per_slice,
            clock.clone(),
        ));
        let revocations = Arc::new(Revocations::new(
            seams.certificates,
            selections.clone(),
            revocation_records,
            crl_requests,
            audit.clone(),
            clock.clone(),
        ));
        let accounts =
            Arc::new(Accounts::new(seams.accounts.clone(), seams.lookups.clone(), audit.clone(), events.clone()));
        let incidents =
            Arc::new(Incidents::new(seams.incidents.clone(), Some(renewal_infos), audit.clone(), clock.clone()));
        let staged_revocations = Arc::new(StagedRevocations::new(
            seams.incidents,
            selections.clone(),
            revocations.clone(),
            audit.clone(),
            clock.clone(),
        ));
        let blocked_keys = BlockedKeys::new(
            seams.lookups.clone(),
            accounts.clone(),
            selections.clone(),
            incidents.clone(),
            staged_revocations.clone(),
            audit.clone(),
            clock.clone(),
        );
        let ceremonies = match root {
            Signing::Function(name) => CeremonyPlace::Function(name),
            Signing::Here(crls) => {
                let roll_overs =
                    Arc::new(RollOvers::new(seams.issuers.clone(), issuer_changes.clone(), profiles.clone()));
                let issuer_revocations = IssuerRevocations::new(
                    seams.issuers.clone(),
                    issuers.clone(),
                    crls,
                    profiles.clone(),
                    roll_overs.clone(),
                    incidents.clone(),
                    Some(staged_revocations.clone()),
                    audit.clone(),
                    events.clone(),
                    clock.clone(),
                    settling,
                );
                CeremonyPlace::Here(Ceremonies {
                    issuers: issuers.clone(),
                    profiles: profiles.clone(),
                    issuer_changes: issuer_changes.clone(),
                    roll_overs,
                    issuer_revocations,
                })
            }
        };
        Self {
            ceremonies,
            external_account_keys: ExternalAccountKeys::new(
                seams.external_accounts.clone(),
                policies.clone(),
                audit.clone(),
                clock.clone(),
            ),
            enrolment_grants: EnrolmentGrants::new(seams.grants, audit.clone(), clock.clone()),
            accounts,
            certificates: Certificates::new(seams.lookups.clone(), seams.seals.clone(), issuers.clone()),
            blocked_keys,
            incidents,
            staged_revocations,
            status_reports: StatusReports::new(
                seams.issuers,
                seams.crls,
                seams.profiles.clone(),
                seams.nonces,
                seams.external_accounts.clone(),
                clock.clone(),
            ),
            explanations: Explanations::new(
                seams.accounts,
                seams.authorizations,
                seams.external_accounts,
                seams.orders,
                seams.lookups,
                seams.profiles,
                audit.clone(),
                directories,
                limits,
                policies,
                issuers.clone(),
                clock.clone(),
            ),
            test_events: TestEvents::new(audit.clone(), events),
            profiles,
            issuer_changes,
            selections,
            revocations,
            audit,
            issuers,
            ceremony,
            settings: settings.clone(),
            host_settings: BTreeMap::new(),
            clock,
        }
    }
}
