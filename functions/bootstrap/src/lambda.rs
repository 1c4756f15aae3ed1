//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use authority::{AuditTrail, Metric};
use aws::{Clients, CustomResource, Deployment, StartError};
use issuing::{Ceremony, CrlRequests, Crls, IssuerFiles, Issuers};
use operator::{ExternalAccountSecrets, InitialProfiles, Profiles};
use ra::{Directories, NonceSecretRotation, Openness};

use crate::{Foundation, Founding, Terms};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<CustomResource, StartError> {
    let issuers = Arc::new(Issuers::new(clients.issuer_store(), clients.clock(), clients.remembered()));
    let profiles = Profiles::new(
        clients.profile_store(),
        clients.issuer_store(),
        Arc::new(Directories::new(clients.profile_store(), clients.clock(), clients.remembered())),
        Arc::new(AuditTrail::new(clients.audit_store(), clients.clock())),
        clients.events(),
        // The plan says whether the first profile is open.
        Openness::Opened,
    );
    let foundation = Arc::new(Foundation {
        nonce_secrets: NonceSecretRotation::new(clients.nonce_store(), clients.clock()),
        external_account_secrets: ExternalAccountSecrets::new(clients.external_account_store(), clients.clock()),
        ceremony: Ceremony::new(
            issuers.clone(),
            clients.issuer_store(),
            clients.signer(),
            clients.status_url(),
            clients.clock(),
        ),
        initial_profiles: InitialProfiles::new(Arc::new(profiles), clients.profile_store(), clients.issuer_store()),
        crl_requests: CrlRequests::new(clients.crl_store(), clients.crl_queue()?),
        status_url: clients.status_url(),
        crls: Crls::new(
            issuers.clone(),
            clients.crl_store(),
            clients.signer(),
            clients.publisher()?,
            clients.status_url(),
            clients.clock(),
        ),
        issuer_files: IssuerFiles::new(clients.publisher()?),
        issuers,
    });
    let founding = (clients.table_layout(), foundation.clone());
    let establish = aws::work_by(founding, |(layout, ca), deployment: Deployment| {
        Box::pin(async move {
            let founding = Founding::of(&deployment.properties);
            let before = deployment.before.as_ref().map(Founding::of);
            // Nothing is written for properties that cannot be meant.
            let plan = crate::plan(deployment.properties, ca.status_url.max_validity())?;
            layout.mark_new_table().await?;
            ca.initial_profiles.mark_new_store().await?;
            Terms::of(&ca.initial_profiles, &founding, before).await?.allow(&plan, &founding)?;
            let root = crate::establish(ca, &plan).await?;
            Metric::RootCrlRuns.measured(1);
            Ok(crate::attributes(&root))
        })
    });
    let due = aws::work_by(foundation, |ca, ()| {
        Box::pin(async move {
            crate::on_schedule(ca).await?;
            Metric::RootCrlRuns.measured(1);
            Ok(())
        })
    });
    Ok(CustomResource::new(clients.config(), establish, due))
}
