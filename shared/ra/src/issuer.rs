//! Issuers in memory: read now and then, since an operator may retire one.

use std::sync::Arc;

use authority::Failure;
use ca::{AuthorityRequest, Certificate, Issuer, KeyHandle, Pointers};
use jiff::{SignedDuration, Timestamp};
use store::{Der, IssuerId, IssuerRecord, IssuerRole, IssuerState};

use crate::{Authority, Error};

/// An issuer that has its certificate, read and checked.
pub(crate) struct LoadedIssuer {
    pub(crate) id: IssuerId,
    pub(crate) key: KeyHandle,
    pub(crate) issuer: Issuer,
    pub(crate) crl_shards: u16,
    pub(crate) role: IssuerRole,
    state: IssuerState,
    parent: IssuerId,
    /// The certificates above its own, when they are of CAs elsewhere.
    chain: Vec<Certificate>,
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
        let state = record.state();
        let IssuerRecord { id, key, certificate, crl_shards, parent, role, chain, .. } = record;
        let Some(certificate) = certificate else { return Err(Error::IssuerOff(id, state)) };
        let read = |Der(der): &Der| Certificate::from_der(der).map_err(Failure::issuing);
        let chain = chain.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let issuer =
            Issuer::new(read(&certificate)?).and_then(|issuer| issuer.below(&chain)).map_err(Failure::issuing)?;
        Ok(Self { id, key, issuer, crl_shards, role, state, parent, chain })
    }
}

impl Authority {
    /// The issuer, whether or not it still issues.
    pub(crate) async fn issuer(&self, id: &IssuerId) -> Result<Arc<LoadedIssuer>, Error> {
        let read = async {
            let record = self.store.issuer(id).await?.ok_or_else(|| Failure::MissingIssuer(id.clone()))?;
            Ok::<_, Error>(Arc::new(LoadedIssuer::try_from(record)?))
        };
        self.issuers.get_or_read(id, self.now(), read).await
    }

    /// The issuer for something new.
    ///
    /// # Errors
    /// [`Error::IssuerOff`] when it issues no more, or not yet.
    pub(crate) async fn active_issuer(&self, id: &IssuerId) -> Result<Arc<LoadedIssuer>, Error> {
        let issuer = self.issuer(id).await?;
        match issuer.state {
            IssuerState::Active => Ok(issuer),
            off => Err(Error::IssuerOff(id.clone(), off)),
        }
    }

    /// Asks the signer whether it has the key of the issuer's certificate.
    ///
    /// # Errors
    /// [`Failure::ForeignIssuer`] when it has another one; [`Failure::MissingIssuer`]; when the signer cannot
    /// answer.
    pub async fn check_issuer_key(&self, id: &IssuerId) -> Result<(), Error> {
        let record = self.store.issuer(id).await?.ok_or_else(|| Failure::MissingIssuer(id.clone()))?;
        let key = match (&record.certificate, &record.request) {
            (Some(Der(der)), _) => Certificate::from_der(der).map_err(Failure::issuing)?.public_key().clone(),
            (None, Some(Der(der))) => AuthorityRequest::from_der(der).map_err(Failure::issuing)?.public_key().clone(),
            (None, None) => return Err(Error::IssuerOff(id.clone(), record.state())),
        };
        match self.signer.public_key(&record.key).await? == key {
            true => Ok(()),
            false => Err(Failure::ForeignIssuer(id.clone()).into()),
        }
    }

    /// The certificates above a leaf of this issuer: its own, then those above it. A root at the end is
    /// left to [`ca::Chain`].
    pub(crate) async fn issuer_certificates(&self, id: &IssuerId) -> Result<Vec<Certificate>, Error> {
        let mut certificates = Vec::new();
        let mut issuer = self.issuer(id).await?;
        while issuer.role != IssuerRole::Root && certificates.len() < MAX_CHAIN {
            certificates.push(issuer.issuer.certificate().clone());
            if !issuer.chain.is_empty() {
                certificates.extend(issuer.chain.iter().cloned());
                break;
            }
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
        self.settings.status_url.is_none().then_some(MAX_WITHOUT_POINTERS)
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

const MAX_CHAIN: usize = 8;

/// Seven days: the longest life of a short-lived certificate by the public CAs' baseline.
const MAX_WITHOUT_POINTERS: u32 = SignedDuration::from_hours(7 * 24).as_secs() as u32;
