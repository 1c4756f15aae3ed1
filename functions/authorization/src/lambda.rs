//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use aws::{Clients, HttpFunction, StartError};
use ra::Authorizations;

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    let part = Authorizations::new(clients.authorization_store(), clients.validation_queue()?, clients.clock());
    HttpFunction::new(
        clients,
        aws::handler(part, |context, part, request| Box::pin(crate::serve(context, part, request))),
    )
}
