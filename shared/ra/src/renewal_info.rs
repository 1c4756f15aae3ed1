//! Renewal information (RFC 9773).

use std::{collections::HashMap, sync::Arc};

use acme::{AccountId, CertificateId, DirectoryId, RenewalInfo, SuggestedWindow};
use authority::{Cache, Clock, Failure};
use jiff::SignedDuration;
use store::{AccountStore, CertificateRecord, CertificateStore, Incident, IncidentStore};

use crate::{Error, Refusal};

/// Suggests when certificates should be renewed.
pub struct RenewalInfos {
    certificates: Arc<dyn CertificateStore>,
    incidents: Arc<dyn IncidentStore>,
    accounts: Arc<dyn AccountStore>,
    clock: Arc<dyn Clock>,
    open: Cache<(), Arc<Vec<Incident>>>,
}

impl RenewalInfos {
    /// Uses the incidents of this store, which are cached for `remembered`.
    pub fn new(
        certificates: Arc<dyn CertificateStore>,
        incidents: Arc<dyn IncidentStore>,
        accounts: Arc<dyn AccountStore>,
        clock: Arc<dyn Clock>,
        remembered: SignedDuration,
    ) -> Self {
        Self { certificates, incidents, accounts, clock, open: Cache::new(remembered) }
    }

    /// When the certificate should be renewed: in the last third of its life, sooner when an
    /// incident concerns it, at once when it is revoked.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn of(&self, id: &CertificateId) -> Result<RenewalInfo, Error> {
        let certificate = self.certificates.certificate(id).await?;
        // Clients cannot renew the host's own certificate.
        let certificate = certificate.filter(|record| record.account.is_some()).ok_or(Refusal::NotFound)?;
        Ok(self.of_certificate(&certificate).await?)
    }

    /// When this certificate should be renewed.
    pub(crate) async fn of_certificate(&self, certificate: &CertificateRecord) -> Result<RenewalInfo, Failure> {
        let incident = self.incident_about(certificate).await?;
        let usual = SuggestedWindow::of_lifetime(certificate.not_before, certificate.not_after);
        let suggested_window = match (&certificate.revocation, &incident) {
            (Some(_), _) => SuggestedWindow::passed(self.clock.now()),
            (None, Some(incident)) => window(incident, usual),
            (None, None) => usual,
        };
        Ok(RenewalInfo { suggested_window, explanation_url: incident.and_then(|incident| incident.explanation_url) })
    }

    /// Clears the cache, because an operator has declared or ended an incident.
    pub async fn forget(&self) {
        self.open.forget().await;
    }

    /// The open incident that affects the certificate; of several, the one with the earliest
    /// deadline.
    async fn incident_about(&self, certificate: &CertificateRecord) -> Result<Option<Incident>, Failure> {
        let read = async {
            let open =
                self.incidents.incidents().await?.into_iter().map(|incident| incident.value).filter(Incident::is_open);
            Ok::<_, Failure>(Arc::new(open.collect::<Vec<_>>()))
        };
        let open = self.open.get_or_read(&(), self.clock.now(), read).await?;
        let (mut found, mut directories): (Option<&Incident>, _) = (None, HashMap::new());
        for incident in open.iter() {
            let directory = match (&incident.affected.directory, certificate.account) {
                (Some(_), Some(account)) => directory_of(self.accounts.as_ref(), account, &mut directories).await?,
                _ => None,
            };
            if incident.is_about(certificate, directory.as_ref())
                && found.is_none_or(|found| incident.renew_by < found.renew_by)
            {
                found = Some(incident);
            }
        }
        Ok(found.cloned())
    }
}

/// The window for an incident: a time of the client's choice until the deadline, so that not all
/// clients come at once. A usual window that ends earlier stays as it is.
fn window(incident: &Incident, usual: SuggestedWindow) -> SuggestedWindow {
    let moved = SuggestedWindow::between(incident.declared_at, incident.renew_by);
    if usual.end < moved.end { usual } else { moved }
}

/// The directory of an account: that of its certificates whose records do not say in which one they
/// were ordered.
///
/// # Errors
/// When the store cannot answer.
pub async fn directory_of(
    accounts: &dyn AccountStore,
    account: AccountId,
    known: &mut HashMap<AccountId, Option<DirectoryId>>,
) -> Result<Option<DirectoryId>, Failure> {
    if let Some(directory) = known.get(&account) {
        return Ok(directory.clone());
    }
    let directory = accounts.account(account).await?.map(|account| account.value.directory);
    known.insert(account, directory.clone());
    Ok(directory)
}
