//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use aws::{Clients, HttpFunction, StartError};
use issuing::{Issuers, Validities};
use ra::{Limits, NamePolicies, NewOrders, RenewalInfos, Renewals};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    let issuers = Issuers::new(clients.issuer_store(), clients.clock(), clients.remembered());
    let policies = NamePolicies::new(clients.external_account_store(), clients.clock(), clients.remembered());
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
    let part = NewOrders::new(
        clients.account_store(),
        clients.order_store(),
        clients.authorization_store(),
        Arc::new(issuers),
        Arc::new(policies),
        Arc::new(Validities::new(clients.status_url(), clients.clock())),
        Arc::new(limits),
        Arc::new(renewals),
        clients.clock(),
    );
    HttpFunction::new(
        clients,
        aws::handler(part, |context, part, request| Box::pin(crate::serve(context, part, request))),
    )
}
