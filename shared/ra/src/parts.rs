//! All parts of the authority that clients and the host need, for a host that does everything in
//! one process.

use std::sync::Arc;

use authority::{Clock, CrlQueue, EventSink, Events, IssuanceQueue, Publisher, ValidationQueue};
use ca::Signer;
use issuing::{CrlRequests, Crls, HostCertificates, Issuance, IssuerFiles, Issuers, Resumption, StatusUrl, Validities};
use store::Store;

use crate::{
    AccountChanges, Accounts, Authorizations, Bindings, BlockedKeys, Challenges, Directories, Downloads, Finalization,
    KeyChanges, Limits, NamePolicies, NewAuthorizations, NewOrders, NonceSecretRotation, Nonces, OrderClearance,
    Orders, Refusals, Registrations, RenewalInfos, Renewals, RevocationRecords, Revocations, Settings, Validations,
};

/// The implementations that the host provides.
#[derive(Clone)]
pub struct Seams {
    /// Where all records are stored.
    pub store: Arc<dyn Store>,
    /// Signs with the keys of issuers.
    pub signer: Arc<dyn Signer>,
    /// Takes the tasks of validation workers.
    pub validation_queue: Arc<dyn ValidationQueue>,
    /// Takes the issuances that were interrupted.
    pub issuance_queue: Arc<dyn IssuanceQueue>,
    /// Takes the requests for new CRLs.
    pub crl_queue: Arc<dyn CrlQueue>,
    /// Publishes what relying parties download.
    pub publisher: Arc<dyn Publisher>,
    /// Takes the events, in addition to the log.
    pub events: Arc<dyn EventSink>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Each part once, over one store; the parts share what they cache.
pub struct Parts {
    /// Finds the accounts that requests refer to.
    pub accounts: Arc<Accounts>,
    /// Redeems nonces, and reads the secrets with which they are made.
    pub nonces: Arc<Nonces>,
    /// Emits events about refused requests.
    pub refusals: Arc<Refusals>,
    /// Changes and ends accounts at their own request.
    pub account_changes: AccountChanges,
    /// Creates accounts, and finds them by their key.
    pub registrations: Registrations,
    /// Changes the keys of accounts.
    pub key_changes: KeyChanges,
    /// Creates orders and their authorizations.
    pub new_orders: NewOrders,
    /// Reads the orders of accounts.
    pub orders: Arc<Orders>,
    /// Creates authorizations before an order (pre-authorization).
    pub new_authorizations: NewAuthorizations,
    /// Reads and deactivates authorizations.
    pub authorizations: Arc<Authorizations>,
    /// Starts the validation of challenges.
    pub challenges: Challenges,
    /// Records the results of validations.
    pub validations: Validations,
    /// Turns orders that are ready into certificates.
    pub finalization: Finalization,
    /// Reads the certificates of orders.
    pub downloads: Downloads,
    /// Revokes at the request of clients.
    pub revocations: Revocations,
    /// Suggests when to renew certificates.
    pub renewal_infos: Arc<RenewalInfos>,
    /// Finishes interrupted issuances.
    pub resumption: Resumption,
    /// Signs CRLs and publishes them.
    pub crls: Arc<Crls>,
    /// Publishes the certificates of issuers.
    pub issuer_files: IssuerFiles,
    /// Issues the host's own certificate.
    pub host_certificates: HostCertificates,
    /// Creates and rotates the nonce secrets.
    pub nonce_secret_rotation: Arc<NonceSecretRotation>,
    /// Finds the directories and the profiles behind them.
    pub directories: Arc<Directories>,
    /// Counts against the limits of profiles.
    pub limits: Arc<Limits>,
    /// Decides which identifiers accounts may order.
    pub policies: Arc<NamePolicies>,
    /// Records revocations and requests the CRLs that list them.
    pub revocation_records: Arc<RevocationRecords>,
    /// The issuers, as they were read recently.
    pub issuers: Arc<Issuers>,
    /// Requests CRLs from the process that has the keys.
    pub crl_requests: Arc<CrlRequests>,
}

impl Parts {
    /// The parts on top of these seams.
    pub fn new(seams: Seams, settings: &Settings) -> Self {
        let Seams { store, signer, validation_queue, issuance_queue, crl_queue, publisher, events, clock } = seams;
        let (remembered, status_url) = (settings.profile_cache, StatusUrl(settings.status_url.clone()));
        let events = Events::new(events, clock.clone());
        let directories = Directories::new(store.clone(), clock.clone(), remembered);
        let directories = Arc::new(directories.counting_unvalidated(settings.always_valid()));
        let limits = Arc::new(Limits::new(store.clone(), events.clone(), clock.clone(), remembered));
        let policies = Arc::new(NamePolicies::new(store.clone(), clock.clone(), remembered));
        let issuers = Arc::new(Issuers::new(store.clone(), clock.clone(), remembered));
        let crl_requests = Arc::new(CrlRequests::new(store.clone(), crl_queue));
        let revocation_records =
            Arc::new(RevocationRecords::new(store.clone(), crl_requests.clone(), events.clone(), clock.clone()));
        let validities = Arc::new(Validities::new(status_url.clone(), clock.clone()));
        let clearance = Arc::new(OrderClearance::new(
            store.clone(),
            store.clone(),
            store.clone(),
            directories.clone(),
            policies.clone(),
            clock.clone(),
        ));
        let issuance = Arc::new(Issuance::new(
            issuers.clone(),
            store.clone(),
            signer.clone(),
            clearance,
            events.clone(),
            status_url.clone(),
        ));
        let orders = Arc::new(Orders::new(
            store.clone(),
            store.clone(),
            store.clone(),
            issuance_queue.clone(),
            clock.clone(),
            settings.orders_per_page,
        ));
        let authorizations = Arc::new(Authorizations::new(store.clone(), validation_queue, clock.clone()));
        let renewal_infos = RenewalInfos::new(store.clone(), store.clone(), store.clone(), clock.clone(), remembered);
        let renewal_infos = Arc::new(renewal_infos);
        let renewals = Arc::new(Renewals::new(
            store.clone(),
            store.clone(),
            store.clone(),
            store.clone(),
            renewal_infos.clone(),
            clock.clone(),
        ));
        let blocked_keys = Arc::new(BlockedKeys::new(store.clone(), settings.key_block_list.clone()));
        Self {
            accounts: Arc::new(Accounts::new(store.clone(), clock.clone())),
            nonces: Arc::new(Nonces::new(store.clone())),
            refusals: Arc::new(Refusals::new(events.clone(), clock.clone())),
            account_changes: AccountChanges::new(store.clone(), events.clone(), clock.clone()),
            registrations: Registrations::new(
                store.clone(),
                blocked_keys.clone(),
                Bindings::new(store.clone(), clock.clone()),
                limits.clone(),
                events.clone(),
                clock.clone(),
            ),
            key_changes: KeyChanges::new(store.clone(), blocked_keys.clone(), limits.clone(), clock.clone()),
            new_orders: NewOrders::new(
                store.clone(),
                store.clone(),
                store.clone(),
                issuers.clone(),
                policies.clone(),
                validities.clone(),
                limits.clone(),
                renewals.clone(),
                clock.clone(),
            ),
            new_authorizations: NewAuthorizations::new(store.clone(), policies.clone(), limits.clone(), clock.clone()),
            challenges: Challenges::new(authorizations.clone(), limits.clone()),
            validations: Validations::new(
                store.clone(),
                directories.clone(),
                limits.clone(),
                events.clone(),
                clock.clone(),
            ),
            finalization: Finalization::new(
                orders.clone(),
                store.clone(),
                blocked_keys,
                store.clone(),
                issuers.clone(),
                issuance.clone(),
                policies.clone(),
                validities.clone(),
                limits.clone(),
                renewals,
                issuance_queue,
                clock.clone(),
            ),
            downloads: Downloads::new(store.clone(), store.clone(), issuers.clone()),
            revocations: Revocations::new(
                store.clone(),
                store.clone(),
                store.clone(),
                store.clone(),
                revocation_records.clone(),
                clock.clone(),
            ),
            renewal_infos,
            resumption: Resumption::new(issuance.clone()),
            crls: Arc::new(Crls::new(
                issuers.clone(),
                store.clone(),
                signer.clone(),
                publisher.clone(),
                status_url.clone(),
                clock.clone(),
            )),
            issuer_files: IssuerFiles::new(publisher),
            host_certificates: HostCertificates::new(issuers.clone(), issuance, validities, clock.clone()),
            nonce_secret_rotation: Arc::new(NonceSecretRotation::new(store, clock)),
            directories,
            limits,
            policies,
            revocation_records,
            issuers,
            crl_requests,
            orders,
            authorizations,
        }
    }
}
