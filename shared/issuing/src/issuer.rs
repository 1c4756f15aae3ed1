//! Issuers in memory: read again from time to time, because an operator may retire one.

use std::sync::Arc;

use authority::{Cache, Clock, Failure};
use ca::{Certificate, Chain, Issuer, KeyHandle};
use jiff::{SignedDuration, Timestamp};
use store::{
    CertificateRecord, CertificateState, CrlBackdate, Der, IssuerId, IssuerRecord, IssuerRole, IssuerState, IssuerStore,
};

use crate::Error;

/// An issuer that has its certificate, read and checked.
pub struct LoadedIssuer {
    /// Its name in profiles and URLs.
    pub id: IssuerId,
    /// The handle of its key at the signer.
    pub key: KeyHandle,
    /// Its certificate and the constraints on it.
    pub issuer: Issuer,
    /// The number of CRLs that share its revocations.
    pub crl_shards: u16,
    /// By how much the `thisUpdate` of its CRLs is earlier than their creation.
    pub crl_backdate: CrlBackdate,
    /// Whether it is a root or an issuing CA.
    pub role: IssuerRole,
    state: IssuerState,
    parent: IssuerId,
    /// The certificates above its own that external CAs issued.
    chain: Vec<Certificate>,
}

impl LoadedIssuer {
    /// The earliest `notAfter` of the issuer's own certificate and of those above it.
    pub fn ends_at(&self) -> Timestamp {
        self.issuer.not_after()
    }

    /// The issuer, if relying parties accept what it signs at this time.
    ///
    /// # Errors
    /// [`Failure::IssuerNotValid`] before its path begins and after it ended.
    pub fn valid_at(self: Arc<Self>, now: Timestamp) -> Result<Arc<Self>, Failure> {
        let (begins, ends) = (self.issuer.not_before(), self.ends_at());
        if now < begins || now >= ends {
            return Err(Failure::IssuerNotValid { issuer: self.id.clone(), begins, ends });
        }
        Ok(self)
    }
}

impl TryFrom<IssuerRecord> for LoadedIssuer {
    type Error = Error;

    fn try_from(record: IssuerRecord) -> Result<Self, Error> {
        let state = record.state();
        let IssuerRecord { id, key, certificate, crl_shards, crl_backdate, parent, role, chain, .. } = record;
        let Some(certificate) = certificate else { return Err(Error::IssuerOff(id, state)) };
        let read = |Der(der): &Der| Certificate::from_der(der).map_err(Failure::issuing);
        let chain = chain.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let issuer = Issuer::new(read(&certificate)?).and_then(|issuer| issuer.below(&chain));
        let issuer = issuer.map_err(Failure::issuing)?;
        Ok(Self { id, key, issuer, crl_shards, crl_backdate, role, state, parent, chain })
    }
}

/// The issuers, as they were read recently.
pub struct Issuers {
    store: Arc<dyn IssuerStore>,
    clock: Arc<dyn Clock>,
    loaded: Cache<IssuerId, Arc<LoadedIssuer>>,
}

impl Issuers {
    /// The issuers of this store, each cached for `remembered`.
    pub fn new(store: Arc<dyn IssuerStore>, clock: Arc<dyn Clock>, remembered: SignedDuration) -> Self {
        Self { store, clock, loaded: Cache::new(remembered) }
    }

    /// The issuer, whether or not it is retired.
    ///
    /// # Errors
    /// [`Error::IssuerOff`] while it has no certificate; [`Failure::MissingIssuer`].
    pub async fn issuer(&self, id: &IssuerId) -> Result<Arc<LoadedIssuer>, Error> {
        let read = async {
            let record = self.store.issuer(id).await?.ok_or_else(|| Failure::MissingIssuer(id.clone()))?;
            Ok::<_, Error>(Arc::new(LoadedIssuer::try_from(record)?))
        };
        self.loaded.get_or_read(id, self.clock.now(), read).await
    }

    /// The issuer for a new certificate.
    ///
    /// # Errors
    /// [`Error::IssuerOff`] when it is retired or has no certificate yet;
    /// [`Failure::IssuerNotValid`], [`Failure::MissingIssuer`].
    pub async fn active(&self, id: &IssuerId) -> Result<Arc<LoadedIssuer>, Error> {
        let issuer = self.issuer(id).await?;
        match issuer.state {
            IssuerState::Active => Ok(issuer.valid_at(self.clock.now())?),
            off => Err(Error::IssuerOff(id.clone(), off)),
        }
    }

    /// The records of all issuers, as they are stored now.
    ///
    /// # Errors
    /// The store is unavailable, or a record cannot be decoded.
    pub async fn records(&self) -> Result<Vec<IssuerRecord>, Failure> {
        Ok(self.store.issuers().await?)
    }

    /// The certificate of the record with those above it; `None` if it is intended and not signed.
    ///
    /// # Errors
    /// An issuer cannot be read.
    pub async fn chain(&self, record: &CertificateRecord) -> Result<Option<Chain>, Error> {
        let CertificateState::Issued { der } = &record.state else { return Ok(None) };
        let leaf = Certificate::from_der(der).map_err(Failure::issuing)?;
        self.chain_of(leaf, &record.issuer).await.map(Some)
    }

    /// A leaf of this issuer with the certificates above it: the issuer's own, then those above
    /// that. A root at the end is left to [`Chain`].
    pub(crate) async fn chain_of(&self, leaf: Certificate, issuer: &IssuerId) -> Result<Chain, Error> {
        let mut certificates = Vec::new();
        let mut issuer = self.issuer(issuer).await?;
        while issuer.role != IssuerRole::Root && certificates.len() < MAX_CHAIN {
            certificates.push(issuer.issuer.certificate().clone());
            if !issuer.chain.is_empty() {
                certificates.extend(issuer.chain.iter().cloned());
                break;
            }
            issuer = self.issuer(&issuer.parent).await?;
        }
        Ok(Chain::new(leaf, certificates).map_err(Failure::issuing)?)
    }

    /// The certificate of the root above this issuer; `None` where an external CA is above it.
    ///
    /// # Errors
    /// An issuer cannot be read.
    pub async fn root_of(&self, issuer: &IssuerId) -> Result<Option<Certificate>, Error> {
        let mut issuer = self.issuer(issuer).await?;
        for _ in 0..MAX_CHAIN {
            if issuer.role == IssuerRole::Root {
                return Ok(Some(issuer.issuer.certificate().clone()));
            }
            if !issuer.chain.is_empty() || issuer.parent == issuer.id {
                break;
            }
            issuer = self.issuer(&issuer.parent).await?;
        }
        Ok(None)
    }

    /// Clears the cache after an operator has changed an issuer.
    pub async fn forget(&self) {
        self.loaded.forget().await;
    }
}

const MAX_CHAIN: usize = 8;
