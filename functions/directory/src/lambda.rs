//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use aws::{Clients, HttpFunction, StartError};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    HttpFunction::new(clients, aws::handler((), |context, _, request| Box::pin(crate::serve(context, request))))
}
