//! What a request counts, the narrowest counter first.

use acme::{Account, AccountId, Identifier};

use super::{Count, registered_domains, set_of_names};
use crate::Directory;

/// Counts for the rate of orders, which exempt renewals.
pub(crate) fn of_order(serving: &Directory, account: &Account, names: &[Identifier]) -> Vec<Count> {
    let limits = &serving.acme.limits;
    let mut counts = vec![Count::of_account("newOrdersPerAccount", limits.new_orders_per_account, account.id)];
    if let Some(key) = account.external_account {
        let limit = limits.new_orders_per_external_account_key;
        counts.push(Count::of_external_account("newOrdersPerExternalAccountKey", limit, key));
    }
    let per_domain = |domain| Count::of_domain(ORDERS_OF_DOMAIN, limits.new_orders_per_registered_domain, domain);
    counts.extend(registered_domains(names).into_iter().map(per_domain));
    counts.push(Count::of_profile("newOrders", limits.new_orders));
    counts
}

/// Counts for what an order leaves on disk, which exempt no order: the order, and this number of
/// new pending authorizations.
pub(crate) fn of_stored_order(serving: &Directory, account: AccountId, pending: usize) -> Vec<Count> {
    let limit = serving.acme.limits.pending_orders_per_account;
    let order = Count::of_account("pendingOrdersPerAccount", limit, account);
    vec![order, of_pending_authorizations(serving, account, pending)]
}

/// Counts for new pending authorizations.
pub(crate) fn of_pending_authorizations(serving: &Directory, account: AccountId, pending: usize) -> Count {
    let limit = serving.acme.limits.pending_authorizations_per_account;
    Count::of_account("pendingAuthorizationsPerAccount", limit, account).times(pending)
}

/// The count for a failed validation.
pub(crate) fn of_failed_validation(serving: &Directory, account: AccountId) -> Count {
    let limit = serving.acme.limits.failed_validations_per_account;
    Count::of_account("failedValidationsPerAccount", limit, account)
}

/// Counts for a certificate that renews none. The first one, [`SAME_NAMES`], also counts renewals
/// that do not say so.
pub(crate) fn of_certificate(serving: &Directory, account: &Account, names: &[Identifier]) -> Vec<Count> {
    let limits = &serving.acme.limits;
    let mut counts = vec![
        Count::of_names(SAME_NAMES, limits.certificates_per_set_of_names, set_of_names(names)),
        Count::of_account("certificatesPerAccount", limits.certificates_per_account, account.id),
    ];
    let limit = limits.certificates_per_registered_domain;
    let per_domain = |domain| Count::of_domain(CERTIFICATES_OF_DOMAIN, limit, domain);
    counts.extend(registered_domains(names).into_iter().map(per_domain));
    counts.push(Count::of_profile("certificates", limits.certificates));
    counts
}

/// The count for a key change.
pub(crate) fn of_key_change(serving: &Directory, account: AccountId) -> Count {
    Count::of_account("keyChangesPerAccount", serving.acme.limits.key_changes_per_account, account)
}

/// What an order and a certificate for the name count, whichever account asks.
pub(crate) fn of_name(serving: &Directory, name: &Identifier) -> Vec<Count> {
    let limits = &serving.acme.limits;
    let per_domain = |domain: String| {
        [
            Count::of_domain(ORDERS_OF_DOMAIN, limits.new_orders_per_registered_domain, domain.clone()),
            Count::of_domain(CERTIFICATES_OF_DOMAIN, limits.certificates_per_registered_domain, domain),
        ]
    };
    let mut counts = vec![Count::of_names(
        SAME_NAMES,
        limits.certificates_per_set_of_names,
        set_of_names(std::slice::from_ref(name)),
    )];
    counts.extend(registered_domains(std::slice::from_ref(name)).into_iter().flat_map(per_domain));
    counts.push(Count::of_profile("newOrders", limits.new_orders));
    counts.push(Count::of_profile("certificates", limits.certificates));
    counts
}

/// The only rate that also counts renewals, unless the order says which certificate it replaces.
pub(crate) const SAME_NAMES: &str = "certificatesPerSetOfNames";
const ORDERS_OF_DOMAIN: &str = "newOrdersPerRegisteredDomain";
const CERTIFICATES_OF_DOMAIN: &str = "certificatesPerRegisteredDomain";
