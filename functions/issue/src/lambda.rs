//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use authority::IssuanceTask;
use aws::{Clients, StartError, Worker};
use issuing::{Issuance, Issuers, Resumption};
use ra::{Directories, NamePolicies, OrderClearance};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<Worker<IssuanceTask>, StartError> {
    let issuers = Issuers::new(clients.issuer_store(), clients.clock(), clients.remembered());
    let (clock, remembered) = (clients.clock(), clients.remembered());
    let clearance = OrderClearance::new(
        clients.account_store(),
        clients.authorization_store(),
        clients.certificate_store(),
        Arc::new(Directories::new(clients.profile_store(), clock.clone(), remembered)),
        Arc::new(NamePolicies::new(clients.external_account_store(), clock.clone(), remembered)),
        clock,
    );
    let issuance = Issuance::new(
        Arc::new(issuers),
        clients.issuance_store(),
        clients.signer(),
        Arc::new(clearance),
        clients.events(),
        clients.status_url(),
    );
    let resumption = Resumption::new(Arc::new(issuance));
    let work = aws::work_by(resumption, |part, task| Box::pin(async move { Ok(crate::work(part, task).await?) }));
    Ok(Worker::new(work, None))
}
