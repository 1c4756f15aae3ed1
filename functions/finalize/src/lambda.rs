//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use aws::{Clients, HttpFunction, StartError};
use issuing::{Issuance, Issuers, Validities};
use ra::{
    BlockedKeys, Directories, Finalization, Limits, NamePolicies, OrderClearance, Orders, RenewalInfos, Renewals,
};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    let issuers = Arc::new(Issuers::new(clients.issuer_store(), clients.clock(), clients.remembered()));
    let orders = Orders::new(
        clients.order_store(),
        clients.authorization_store(),
        clients.certificate_store(),
        clients.issuance_queue()?,
        clients.clock(),
        clients.settings().orders_per_page,
    );
    let policies = NamePolicies::new(clients.external_account_store(), clients.clock(), clients.remembered());
    let policies = Arc::new(policies);
    let clearance = OrderClearance::new(
        clients.account_store(),
        clients.authorization_store(),
        clients.certificate_store(),
        Arc::new(Directories::new(clients.profile_store(), clients.clock(), clients.remembered())),
        policies.clone(),
        clients.clock(),
    );
    let issuance = Issuance::new(
        issuers.clone(),
        clients.issuance_store(),
        clients.signer(),
        Arc::new(clearance),
        clients.events(),
        clients.status_url(),
    );
    let limits = Limits::new(clients.limit_store(), clients.events(), clients.clock(), clients.remembered());
    let windows = RenewalInfos::new(
        clients.certificate_store(),
        clients.incident_store(),
        clients.account_store(),
        clients.clock(),
        clients.remembered(),
    );
    let renewals = Renewals::new(
        clients.certificate_store(),
        clients.order_store(),
        clients.authorization_store(),
        clients.lookup_store(),
        Arc::new(windows),
        clients.clock(),
    );
    let blocked_keys = BlockedKeys::new(clients.certificate_store(), clients.settings().key_block_list.clone());
    let part = Finalization::new(
        Arc::new(orders),
        clients.authorization_store(),
        Arc::new(blocked_keys),
        clients.issuance_store(),
        issuers,
        Arc::new(issuance),
        policies,
        Arc::new(Validities::new(clients.status_url(), clients.clock())),
        Arc::new(limits),
        Arc::new(renewals),
        clients.issuance_queue()?,
        clients.clock(),
    );
    HttpFunction::new(
        clients,
        aws::handler(part, |context, part, request| Box::pin(crate::serve(context, part, request))),
    )
}
