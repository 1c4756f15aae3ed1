//! The admin function on Lambda, and what it is constructed from. The statements of its role in the
//! template match this.

use std::sync::Arc;

use aws::{Clients, Invocation, StartError};
use operator::{Parts, Seams};

/// Constructs the function.
///
/// # Errors
/// An environment variable is missing or invalid.
pub fn open(clients: &Clients) -> Result<Invocation, StartError> {
    let seams = Seams {
        accounts: clients.account_store(),
        audit: clients.audit_store(),
        authorizations: clients.authorization_store(),
        certificates: clients.certificate_store(),
        crls: clients.crl_store(),
        external_accounts: clients.external_account_store(),
        incidents: clients.incident_store(),
        issuers: clients.issuer_store(),
        limits: clients.limit_store(),
        lookups: clients.lookup_store(),
        orders: clients.order_store(),
        nonces: clients.nonce_store(),
        profiles: clients.profile_store(),
        signer: clients.signer(),
        crl_queue: clients.crl_queue()?,
        // To the log, whose lines a subscription forwards.
        events: Arc::new(()),
        clock: clients.clock(),
    };
    let act = aws::work_by(Parts::new(seams, clients.publisher()?, clients.settings()), |parts, request| {
        Box::pin(async move { Ok(crate::act(parts, request).await?) })
    });
    Ok(Invocation::new(act))
}
