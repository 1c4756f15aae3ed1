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
        let incident = self.incident_about(&certificate).await?;
        let usual = SuggestedWindow::of_lifetime(certificate.not_before, certificate.not_after);
        let suggested_window = match (&certificate.revocation, &incident) {
            (Some(_), _) => SuggestedWindow::passed(self.now()),
            (None, Some(incident)) => incident::window(incident, usual),
            (None, None) => usual,
        };
        Ok(RenewalInfo { suggested_window, explanation_url: incident.and_then(|incident| incident.explanation_url) })
    }
}
