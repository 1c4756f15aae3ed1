//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use aws::{Clients, HttpFunction, StartError};
use ra::RenewalInfos;

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    let part = RenewalInfos::new(
        clients.certificate_store(),
        clients.incident_store(),
        clients.account_store(),
        clients.clock(),
        clients.remembered(),
    );
    HttpFunction::new(
        clients,
        aws::handler(part, |context, part, request| Box::pin(crate::serve(context, part, request))),
    )
}
