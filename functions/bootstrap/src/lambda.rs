//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use aws::{Clients, CustomResource, StartError};
use issuing::{Crls, IssuerFiles};
use operator::ExternalAccountSecrets;
use ra::NonceSecretRotation;

use crate::Foundation;

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<CustomResource, StartError> {
    let authority = clients.authority()?;
    let foundation = Arc::new(Foundation {
        nonce_secrets: NonceSecretRotation::new(clients.nonce_store(), clients.clock()),
        external_account_secrets: ExternalAccountSecrets::new(clients.external_account_store(), clients.clock()),
        crls: Crls::new(
            authority.issuers.clone(),
            clients.crl_store(),
            clients.signer(),
            clients.publisher()?,
            clients.status_url(),
            clients.clock(),
        ),
        issuer_files: IssuerFiles::new(clients.publisher()?),
        authority,
    });
    let founding = (clients.table_layout(), foundation.clone());
    let establish = aws::work_by(founding, |(layout, ca), properties| {
        Box::pin(async move {
            layout.mark_new_table().await?;
            crate::from_properties(ca, properties).await
        })
    });
    let due = aws::work_by(foundation, |ca, ()| Box::pin(async move { Ok(crate::on_schedule(ca).await?) }));
    Ok(CustomResource::new(clients.config(), establish, due))
}
