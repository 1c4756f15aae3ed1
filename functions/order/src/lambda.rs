//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use aws::{Clients, HttpFunction, StartError};
use ra::Orders;

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<HttpFunction, StartError> {
    let part = Orders::new(
        clients.order_store(),
        clients.authorization_store(),
        clients.certificate_store(),
        clients.issuance_queue()?,
        clients.clock(),
        clients.settings().orders_per_page,
    );
    HttpFunction::new(
        clients,
        aws::handler(part, |context, part, request| Box::pin(crate::serve(context, part, request))),
    )
}
