//! How the CA is, for whoever runs it.

use std::sync::Arc;

use authority::{Clock, Failure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{
    CrlStore, Der, ExternalAccountStore, IssuerId, IssuerRecord, IssuerRole, IssuerState, IssuerStore, NonceStore,
    ProfileSet, ProfileStore,
};

use crate::Error;

/// How the CA is. Times are UTC.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// When this was asked.
    pub time: Timestamp,
    /// The issuers, by id.
    pub issuers: Vec<IssuerStatus>,
    /// How many ACME Profiles there are.
    pub acme_profiles: usize,
    /// How many RA Profiles there are.
    pub ra_profiles: usize,
    /// When the newest secret of nonces was made; it should be younger than two days.
    pub nonce_secret_made_at: Option<Timestamp>,
    /// Whether keys of external accounts can be minted.
    pub external_accounts: bool,
}

/// How an issuer is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuerStatus {
    /// Its name.
    pub id: IssuerId,
    /// What it may sign.
    pub role: IssuerRole,
    /// What it does at present.
    pub state: IssuerState,
    /// Its name in certificates, or in the request for its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The end of its own certificate; absent while it waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// Which key of the signer is its.
    pub key: String,
    /// Its CRLs, by shard.
    pub crls: Vec<CrlStatus>,
}

/// How a CRL is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CrlStatus {
    /// Which shard.
    pub shard: u16,
    /// Its number; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub this_update: Option<Timestamp>,
    /// When the next one will be there at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<Timestamp>,
}

/// Reports how the CA is.
pub struct StatusReports {
    issuers: Arc<dyn IssuerStore>,
    crls: Arc<dyn CrlStore>,
    profiles: Arc<dyn ProfileStore>,
    nonces: Arc<dyn NonceStore>,
    external_accounts: Arc<dyn ExternalAccountStore>,
    clock: Arc<dyn Clock>,
}

impl StatusReports {
    /// Of this store.
    pub fn new(
        issuers: Arc<dyn IssuerStore>,
        crls: Arc<dyn CrlStore>,
        profiles: Arc<dyn ProfileStore>,
        nonces: Arc<dyn NonceStore>,
        external_accounts: Arc<dyn ExternalAccountStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { issuers, crls, profiles, nonces, external_accounts, clock }
    }

    /// How the CA is.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn report(&self) -> Result<Status, Error> {
        let mut issuers = Vec::new();
        for record in self.issuers.issuers().await? {
            issuers.push(self.issuer_status(record).await?);
        }
        let ProfileSet { acme_profile: acme, ra_profile: ra } = self.profiles.profiles().await?;
        let secrets = self.nonces.nonce_secrets().await?;
        Ok(Status {
            time: acme::whole_seconds(self.clock.now()),
            issuers,
            acme_profiles: acme.len(),
            ra_profiles: ra.len(),
            nonce_secret_made_at: secrets.and_then(|secrets| secrets.live.first().map(|secret| secret.made_at)),
            external_accounts: self.external_accounts.external_account_secret().await?.is_some(),
        })
    }

    async fn issuer_status(&self, record: IssuerRecord) -> Result<IssuerStatus, Error> {
        let state = record.state();
        let request = record.request.map(|Der(der)| ca::AuthorityRequest::from_der(&der)).transpose();
        let requested = request.map_err(Failure::issuing)?.map(|request| request.subject().to_owned());
        let certificate = record.certificate.map(|Der(der)| ca::Certificate::from_der(&der)).transpose();
        let certificate = certificate.map_err(Failure::issuing)?;
        let mut crls = Vec::new();
        // Who waits for a certificate signs nothing yet.
        for shard in certificate.iter().flat_map(|_| 0..record.crl_shards) {
            let crl = self.crls.crl(&record.id, shard).await?;
            crls.push(CrlStatus {
                shard,
                number: crl.as_ref().map(|crl| crl.number),
                this_update: crl.as_ref().map(|crl| crl.this_update),
                next_update: crl.as_ref().map(|crl| crl.next_update),
            });
        }
        Ok(IssuerStatus {
            state,
            subject: certificate.as_ref().map(ca::Certificate::subject).or(requested),
            not_after: certificate.as_ref().map(ca::Certificate::not_after),
            key: record.key.to_string(),
            id: record.id,
            role: record.role,
            crls,
        })
    }
}
