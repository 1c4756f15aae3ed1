//! The ceremony function on Lambda, and what it is constructed from. The statements of its role in
//! the template match this.

use std::sync::Arc;

use aws::{Asked, Clients, Invocation, StartError};
use operator::{Ceremonies, CeremonySeams};

/// Constructs the function.
///
/// # Errors
/// An environment variable is missing or invalid.
pub fn open(clients: &Clients) -> Result<Invocation, StartError> {
    let seams = CeremonySeams {
        audit: clients.audit_store(),
        crls: clients.crl_store(),
        incidents: clients.incident_store(),
        issuers: clients.issuer_store(),
        profiles: clients.profile_store(),
        signer: clients.signer(),
        publisher: clients.publisher()?,
        crl_queue: clients.crl_queue()?,
        // To the log, whose lines a subscription forwards.
        events: Arc::new(()),
        clock: clients.clock(),
    };
    let hold = aws::work_by(Ceremonies::new(seams, clients.settings()), |ceremonies, asked: Asked| {
        // Any principal that may invoke the function, or an alias of it, may have the root sign.
        Box::pin(async move { Ok(admin::hold(ceremonies, asked.request).await?) })
    });
    Ok(Invocation::new(hold))
}
