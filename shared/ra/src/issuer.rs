//! Issuers in memory: read once, since an issuer never changes.

use std::{collections::HashMap, sync::Arc};

use ca::{Certificate, Issuer, KeyHandle, Pointers};
use jiff::{SignedDuration, Timestamp};
use store::{IssuerId, IssuerRecord, IssuerRole};
use tokio::sync::RwLock;

use crate::{Authority, Error};

/// An issuer, read and checked.
pub(crate) struct LoadedIssuer {
    pub(crate) id: IssuerId,
    pub(crate) key: KeyHandle,
    pub(crate) issuer: Issuer,
    pub(crate) crl_shards: u16,
    pub(crate) role: IssuerRole,
    parent: IssuerId,
}

impl LoadedIssuer {
    /// The end of the issuer's own certificate.
    pub(crate) fn ends_at(&self) -> Timestamp {
        self.issuer.not_after()
    }
}

impl TryFrom<IssuerRecord> for LoadedIssuer {
    type Error = Error;

    fn try_from(record: IssuerRecord) -> Result<Self, Error> {
        let certificate = Certificate::from_der(&record.certificate).map_err(|error| Error::Issuing(error.into()))?;
        let issuer = Issuer::new(certificate).map_err(|error| Error::Issuing(error.into()))?;
        let IssuerRecord { id, key, crl_shards, parent, role, .. } = record;
        Ok(Self { id, key, issuer, crl_shards, parent, role })
    }
}

/// The issuers that were asked for.
#[derive(Default)]
pub(crate) struct IssuerCache(RwLock<HashMap<IssuerId, Arc<LoadedIssuer>>>);

impl Authority {
    pub(crate) async fn issuer(&self, id: &IssuerId) -> Result<Arc<LoadedIssuer>, Error> {
        if let Some(issuer) = self.issuers.0.read().await.get(id) {
            return Ok(issuer.clone());
        }
        let record = self.store.issuer(id).await?.ok_or_else(|| Error::MissingIssuer(id.clone()))?;
        let issuer = Arc::new(LoadedIssuer::try_from(record)?);
        self.issuers.0.write().await.insert(id.clone(), issuer.clone());
        Ok(issuer)
    }

    /// Asks the signer whether it has the key of the issuer's certificate.
    ///
    /// # Errors
    /// [`Error::ForeignIssuer`] when it has another one; [`Error::MissingIssuer`]; when the signer cannot
    /// answer.
    pub async fn check_issuer_key(&self, id: &IssuerId) -> Result<(), Error> {
        let issuer = self.issuer(id).await?;
        match self.signer.public_key(&issuer.key).await? == *issuer.issuer.certificate().public_key() {
            true => Ok(()),
            false => Err(Error::ForeignIssuer(id.clone())),
        }
    }

    /// The certificates above a leaf of this issuer: its own, then those above it, without the root.
    pub(crate) async fn issuer_certificates(&self, id: &IssuerId) -> Result<Vec<Certificate>, Error> {
        let mut certificates = Vec::new();
        let mut issuer = self.issuer(id).await?;
        while issuer.role != IssuerRole::Root && certificates.len() < LONGEST_CHAIN {
            certificates.push(issuer.issuer.certificate().clone());
            issuer = self.issuer(&issuer.parent).await?;
        }
        Ok(certificates)
    }

    /// Where the things about an issuer are found: its certificate, and the CRL that a shard's
    /// certificates are listed in.
    pub(crate) fn pointers(&self, issuer: &IssuerId, shard: u16) -> Pointers {
        let at = |path: String| self.settings.status_url.as_ref().map(|base| format!("{base}/{path}"));
        Pointers { ca_issuers: at(certificate_path(issuer)), crl: at(crl_path(issuer, shard)) }
    }

    /// The longest life of a certificate in seconds, when there are no revocation pointers: nobody can
    /// learn of a revocation then, so lives are short.
    pub fn longest_validity(&self) -> Option<u32> {
        self.settings.status_url.is_none().then_some(LONGEST_WITHOUT_POINTERS)
    }
}

/// Path of an issuer's certificate below the status URL.
pub(crate) fn certificate_path(issuer: &IssuerId) -> String {
    format!("issuer/{issuer}.cer")
}

/// Path of a CRL below the status URL.
pub(crate) fn crl_path(issuer: &IssuerId, shard: u16) -> String {
    format!("crl/{issuer}/{shard}.crl")
}

const LONGEST_CHAIN: usize = 8;

/// Seven days: the longest life of a short-lived certificate by the public CAs' baseline.
const LONGEST_WITHOUT_POINTERS: u32 = SignedDuration::from_hours(7 * 24).as_secs() as u32;
