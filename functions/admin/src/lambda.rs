//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use aws::{Clients, Invocation, StartError};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<Invocation, StartError> {
    let act = aws::work_by(clients.authority()?, |authority, request| {
        Box::pin(async move { Ok(crate::act(authority, request).await?) })
    });
    Ok(Invocation::new(act))
}
