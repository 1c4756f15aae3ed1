//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use aws::{Clients, HttpFunction, StartError};
use ra::{Bindings, BlockedKeys, Limits, Registrations};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    let limits = Limits::new(clients.limit_store(), clients.events(), clients.clock(), clients.remembered());
    let part = Registrations::new(
        clients.account_store(),
        Arc::new(BlockedKeys::new(clients.certificate_store(), clients.settings().key_block_list.clone())),
        Bindings::new(clients.external_account_store(), clients.clock()),
        Arc::new(limits),
        clients.events(),
        clients.clock(),
    );
    HttpFunction::new(
        clients,
        aws::handler(part, |context, part, request| Box::pin(crate::serve(context, part, request))),
    )
}
