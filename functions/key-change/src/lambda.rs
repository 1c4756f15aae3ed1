//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use aws::{Clients, HttpFunction, StartError};
use ra::{BlockedKeys, KeyChanges, Limits};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    let limits = Limits::new(clients.limit_store(), clients.events(), clients.clock(), clients.remembered());
    let blocked_keys = BlockedKeys::new(clients.certificate_store(), clients.settings().key_block_list.clone());
    let part = KeyChanges::new(clients.account_store(), Arc::new(blocked_keys), Arc::new(limits), clients.clock());
    HttpFunction::new(
        clients,
        aws::handler(part, |context, part, request| Box::pin(crate::serve(context, part, request))),
    )
}
