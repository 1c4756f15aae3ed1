//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use aws::{Clients, HttpFunction, StartError};
use issuing::Issuers;
use ra::Downloads;

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    let issuers = Issuers::new(clients.issuer_store(), clients.clock(), clients.remembered());
    let part = Downloads::new(clients.order_store(), clients.certificate_store(), Arc::new(issuers));
    HttpFunction::new(
        clients,
        aws::handler(part, |context, part, request| Box::pin(crate::serve(context, part, request))),
    )
}
