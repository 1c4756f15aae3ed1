//! Renewal information (RFC 9773).

use acme::{CertificateId, RenewalInfo, SuggestedWindow};

use crate::{Authority, Error, incident};

impl Authority {
    /// When the certificate should be renewed: in the last third of its life, sooner when an incident concerns it,
    /// at once when it is revoked.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn renewal_info(&self, id: &CertificateId) -> Result<RenewalInfo, Error> {
        let certificate = self.store.certificate(id).await?;
        // The host's own certificate is nobody's to renew.
        let certificate = certificate.filter(|record| record.account.is_some()).ok_or(Error::NotFound)?;
        if certificate.revocation.is_some() {
            return Ok(RenewalInfo { suggested_window: SuggestedWindow::passed(self.now()), explanation_url: None });
        }
        let usual = SuggestedWindow::of_lifetime(certificate.not_before, certificate.not_after);
        Ok(match self.incident_about(&certificate).await? {
            None => RenewalInfo { suggested_window: usual, explanation_url: None },
            Some(incident) => RenewalInfo {
                suggested_window: incident::window(&incident, usual),
                explanation_url: incident.explanation_url,
            },
        })
    }
}
