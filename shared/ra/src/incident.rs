//! Incidents: certificates that clients are told to replace before their time (RFC 9773 §4.2).

use std::{collections::BTreeMap, sync::Arc};

use acme::{IncidentId, SuggestedWindow};
use store::{CertificateRecord, Incident, Versioned};

use crate::{
    Authority, Error,
    authority::{ROUNDS, applied, versioned},
    random,
};

impl Authority {
    /// Declares an incident: `make` is given its id. From the next look at renewal information on, within
    /// the time of [`crate::Settings::profile_cache`], the clients concerned are told to renew.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn declare_incident(
        &self,
        actor: &str,
        make: impl FnOnce(IncidentId) -> Incident,
    ) -> Result<Incident, Error> {
        let incident = make(IncidentId::new(self.now(), random()?));
        let detail = BTreeMap::from([
            ("description".to_owned(), incident.description.clone()),
            ("renewBy".to_owned(), incident.renew_by.to_string()),
        ]);
        self.record_act(actor, "incident declare", incident.id, detail).await?;
        let incident = versioned(incident)?;
        self.store.put_incident(None, &incident).await?;
        self.incidents.forget().await;
        Ok(incident.value)
    }

    /// Ends an incident: clients are told nothing of it any more. Ending twice is harmless.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the store cannot answer.
    pub async fn end_incident(&self, actor: &str, id: IncidentId) -> Result<Incident, Error> {
        for _ in 0..ROUNDS {
            let before = self.incidents().await?.into_iter().find(|incident| incident.id == id);
            let before = before.ok_or(Error::NotFound)?;
            if !before.is_open() {
                return Ok(before.value);
            }
            self.record_act(actor, "incident end", id, BTreeMap::new()).await?;
            let ended_at = Some(acme::whole_seconds(self.now()));
            let after = versioned(Incident { ended_at, ..before.value.clone() })?;
            if applied(self.store.put_incident(Some(before.version), &after).await)? {
                self.incidents.forget().await;
                return Ok(after.value);
            }
        }
        Err(Error::Busy)
    }

    /// All incidents, oldest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn incidents(&self) -> Result<Vec<Versioned<Incident>>, Error> {
        Ok(self.store.incidents().await?)
    }

    /// The incident that goes on and concerns the certificate; of several the one that is most urgent.
    pub(crate) async fn incident_about(&self, certificate: &CertificateRecord) -> Result<Option<Incident>, Error> {
        let read = async {
            let open = self.incidents().await?.into_iter().map(|incident| incident.value).filter(Incident::is_open);
            Ok::<_, Error>(Arc::new(open.collect::<Vec<_>>()))
        };
        let open = self.incidents.get_or_read(&(), self.now(), read).await?;
        let mut found: Option<&Incident> = None;
        for incident in open.iter() {
            // The certificate does not say in which directory it was ordered; its account does.
            let directory = match (&incident.affected.directory, certificate.account) {
                (Some(_), Some(account)) => self.store.account(account).await?.map(|account| account.value.directory),
                _ => None,
            };
            if incident.affected.includes(certificate, directory.as_ref())
                && found.is_none_or(|found| incident.renew_by < found.renew_by)
            {
                found = Some(incident);
            }
        }
        Ok(found.cloned())
    }
}

/// When a certificate is to be renewed for the incident: at a time of the client's choice until then, so
/// that not all of them come at once. What is due sooner anyway stays so.
pub(crate) fn window(incident: &Incident, usual: SuggestedWindow) -> SuggestedWindow {
    let moved = SuggestedWindow::between(incident.declared_at, incident.renew_by);
    if usual.end < moved.end { usual } else { moved }
}
