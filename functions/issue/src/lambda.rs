//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use authority::IssuanceTask;
use aws::{Clients, StartError, Worker};
use issuing::{Issuance, Issuers, Resumption};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<Worker<IssuanceTask>, StartError> {
    let issuers = Issuers::new(clients.issuer_store(), clients.clock(), clients.remembered());
    let issuance = Issuance::new(
        Arc::new(issuers),
        clients.issuance_store(),
        clients.signer(),
        clients.events(),
        clients.status_url(),
    );
    let resumption = Resumption::new(Arc::new(issuance), clients.account_store());
    let work = aws::work_by(resumption, |part, task| Box::pin(async move { Ok(crate::work(part, task).await?) }));
    Ok(Worker::new(work, None))
}
