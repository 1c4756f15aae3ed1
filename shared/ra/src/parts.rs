//! All parts of the authority that clients ask and that its host needs, for a host that does
//! everything in one process.

use std::sync::Arc;

use authority::{IssuanceQueue, Publisher, ValidationQueue};
use issuing::{Crls, HostCertificates, Issuance, IssuerFiles, Resumption, Validities};

use crate::{
    AccountChanges, Accounts, Authority, Authorizations, Bindings, Challenges, Downloads, ExpiryNotices, Finalization,
    KeyChanges, NewAuthorizations, NewOrders, NonceSecretRotation, Nonces, Orders, Refusals, Registrations,
    RenewalInfos, Renewals, Revocations, Validations,
};

/// Each part once, over the store of one authority. What they remember they share with it.
pub struct Parts {
    /// Finds accounts.
    pub accounts: Arc<Accounts>,
    /// Redeems nonces.
    pub nonces: Arc<Nonces>,
    /// Emits refusals.
    pub refusals: Arc<Refusals>,
    /// Changes and ends accounts.
    pub account_changes: AccountChanges,
    /// Makes accounts.
    pub registrations: Registrations,
    /// Gives accounts other keys.
    pub key_changes: KeyChanges,
    /// Makes orders.
    pub new_orders: NewOrders,
    /// Reads orders.
    pub orders: Arc<Orders>,
    /// Authorizes names ahead of an order.
    pub new_authorizations: NewAuthorizations,
    /// Reads authorizations and gives them up.
    pub authorizations: Arc<Authorizations>,
    /// Starts validations.
    pub challenges: Challenges,
    /// Takes the results of validations.
    pub validations: Validations,
    /// Makes orders into certificates.
    pub finalization: Finalization,
    /// Reads the certificates of orders.
    pub downloads: Downloads,
    /// Revokes at the request of clients.
    pub revocations: Revocations,
    /// Says when to renew.
    pub renewal_infos: Arc<RenewalInfos>,
    /// Finishes interrupted issuances.
    pub resumption: Resumption,
    /// Signs CRLs and publishes them.
    pub crls: Arc<Crls>,
    /// Publishes the certificates of issuers.
    pub issuer_files: IssuerFiles,
    /// Issues to the host itself.
    pub host_certificates: HostCertificates,
    /// Makes the secrets of nonces.
    pub nonce_secret_rotation: Arc<NonceSecretRotation>,
    /// Emits that certificates end soon.
    pub expiry_notices: Arc<ExpiryNotices>,
}

impl Parts {
    /// The parts beside this authority, with the seams that operators' verbs do not use.
    pub fn new(
        authority: &Authority,
        validation_queue: Arc<dyn ValidationQueue>,
        issuance_queue: Arc<dyn IssuanceQueue>,
        publisher: Arc<dyn Publisher>,
    ) -> Self {
        let Authority { store, signer, events, clock, settings, directories, limits, policies, issuers, .. } =
            authority;
        let (status_url, records) = (&authority.status_url, &authority.revocation_records);
        let validities = Arc::new(Validities::new(status_url.clone(), clock.clone()));
        let issuance =
            Arc::new(Issuance::new(issuers.clone(), store.clone(), signer.clone(), events.clone(), status_url.clone()));
        let orders = Arc::new(Orders::new(
            store.clone(),
            store.clone(),
            store.clone(),
            issuance_queue.clone(),
            clock.clone(),
            settings.orders_per_page,
        ));
        let authorizations = Arc::new(Authorizations::new(store.clone(), validation_queue, clock.clone()));
        Self {
            accounts: Arc::new(Accounts::new(store.clone())),
            nonces: Arc::new(Nonces::new(store.clone())),
            refusals: Arc::new(Refusals::new(events.clone(), clock.clone())),
            account_changes: AccountChanges::new(store.clone(), events.clone(), clock.clone()),
            registrations: Registrations::new(
                store.clone(),
                store.clone(),
                Bindings::new(store.clone(), clock.clone()),
                limits.clone(),
                events.clone(),
                clock.clone(),
            ),
            key_changes: KeyChanges::new(store.clone(), store.clone(), limits.clone()),
            new_orders: NewOrders::new(
                store.clone(),
                store.clone(),
                store.clone(),
                issuers.clone(),
                policies.clone(),
                validities.clone(),
                limits.clone(),
                Renewals::new(store.clone()),
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
                store.clone(),
                store.clone(),
                issuers.clone(),
                issuance.clone(),
                policies.clone(),
                validities.clone(),
                limits.clone(),
                Renewals::new(store.clone()),
                issuance_queue,
                clock.clone(),
            ),
            downloads: Downloads::new(store.clone(), store.clone(), issuers.clone()),
            revocations: Revocations::new(store.clone(), store.clone(), records.clone(), clock.clone()),
            renewal_infos: authority.renewal_infos.clone(),
            resumption: Resumption::new(issuance.clone(), store.clone()),
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
            nonce_secret_rotation: Arc::new(NonceSecretRotation::new(store.clone(), clock.clone())),
            expiry_notices: Arc::new(ExpiryNotices::new(
                store.clone(),
                store.clone(),
                events.clone(),
                clock.clone(),
                settings.expiring,
            )),
            orders,
            authorizations,
        }
    }
}
