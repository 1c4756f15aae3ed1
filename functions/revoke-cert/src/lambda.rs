//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use aws::{Clients, HttpFunction, StartError};
use issuing::CrlRequests;
use ra::{RevocationRecords, Revocations};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    let requests = CrlRequests::new(clients.crl_store(), clients.crl_queue()?);
    let records =
        RevocationRecords::new(clients.certificate_store(), Arc::new(requests), clients.events(), clients.clock());
    let part = Revocations::new(
        clients.certificate_store(),
        clients.authorization_store(),
        clients.account_store(),
        clients.lookup_store(),
        Arc::new(records),
        clients.clock(),
    );
    HttpFunction::new(
        clients,
        aws::handler(part, |context, part, request| Box::pin(crate::serve(context, part, request))),
    )
}
