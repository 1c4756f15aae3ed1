//! Renewal information (RFC 9773).

use acme::{CertificateId, RenewalInfo, SuggestedWindow};

use crate::{Authority, Error};

impl Authority {
    /// When the certificate should be renewed: in the last third of its life, or at once when it is
    /// revoked.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn renewal_info(&self, id: &CertificateId) -> Result<RenewalInfo, Error> {
        let certificate = self.store.certificate(id).await?;
        // The host's own certificate is nobody's to renew.
        let certificate = certificate.filter(|record| record.account.is_some()).ok_or(Error::NotFound)?;
        let suggested_window = match certificate.revocation {
            Some(_) => SuggestedWindow::passed(self.now()),
            None => SuggestedWindow::of_lifetime(certificate.not_before, certificate.not_after),
        };
        Ok(RenewalInfo { suggested_window, explanation_url: None })
    }
}
