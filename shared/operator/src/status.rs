//! The status of the CA, for operators.

use std::sync::Arc;

use acme::IssuerRevocationReason;
use authority::{Clock, Failure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{
    CrlStore, Der, ExternalAccountStore, IssuerId, IssuerRecord, IssuerRevocation, IssuerRole, IssuerState,
    IssuerStore, NonceStore, ProfileSet, ProfileStore,
};

use crate::Error;

/// The status of the CA. All times are UTC.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The time of this status.
    pub time: Timestamp,
    /// The issuers, sorted by id.
    pub issuers: Vec<IssuerStatus>,
    /// The number of ACME Profiles.
    pub acme_profiles: usize,
    /// The number of RA Profiles.
    pub ra_profiles: usize,
    /// When the newest nonce secret was created; it should be younger than two days.
    pub nonce_secret_made_at: Option<Timestamp>,
    /// Whether external account keys can be created.
    pub external_accounts: bool,
}

/// The status of an issuer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuerStatus {
    /// The id of the issuer.
    pub id: IssuerId,
    /// Whether it is a root or an issuing CA.
    pub role: IssuerRole,
    /// Whether it is requested, active or retired.
    pub state: IssuerState,
    /// The subject of its certificate, or of the request for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The latest `notBefore` of its certificate and of those above it; absent as long as it has
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The earliest expiry of its certificate and of those above it; absent as long as it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// Its revocation; absent if it is not revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<RevocationStatus>,
    /// The subject of the CA above it that ends first, if it ends no later than the issuer's own
    /// certificate, so that a new certificate from there would last no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_with: Option<String>,
    /// Whether an external CA signed its certificate, or is to sign it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_external: bool,
    /// The handle of its key at the signer.
    pub key: String,
    /// The status of its CRLs, by shard.
    pub crls: Vec<CrlStatus>,
}

/// The revocation of an issuer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevocationStatus {
    /// The time of the revocation.
    pub at: Timestamp,
    /// The reason code (RFC 5280 §5.3.1).
    pub reason: IssuerRevocationReason,
    /// The serial number of its certificate, in hexadecimal digits.
    pub serial: String,
    /// Whether the present CRL of the root lists it; absent if an external CA has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<bool>,
}

/// The status of a CRL.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CrlStatus {
    /// The number of the shard.
    pub shard: u16,
    /// The CRL number; absent as long as there is no CRL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The time at which the CRL was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub this_update: Option<Timestamp>,
    /// The time by which the next CRL is due.
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

    /// The current status of the CA.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn report(&self) -> Result<Status, Error> {
        let mut issuers = Vec::new();
        let records = self.issuers.issuers().await?;
        for record in records.clone() {
            issuers.push(self.issuer_status(record, &records).await?);
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

    async fn issuer_status(&self, record: IssuerRecord, all: &[IssuerRecord]) -> Result<IssuerStatus, Error> {
        let (state, is_external) = (record.state(), record.is_below_external_ca());
        let revocation = self.revocation_status(&record).await?;
        let request = record.request.map(|Der(der)| ca::AuthorityRequest::from_der(&der)).transpose();
        let requested = request.map_err(Failure::issuing)?.map(|request| request.subject().to_owned());
        let certificate = record.certificate.map(|Der(der)| ca::Certificate::from_der(&der)).transpose();
        let certificate = certificate.map_err(Failure::issuing)?;
        let above = record.chain.iter().map(|Der(der)| ca::Certificate::from_der(der));
        let above = above.collect::<Result<Vec<_>, _>>().map_err(Failure::issuing)?;
        let path = || certificate.iter().chain(&above);
        let not_before = path().map(ca::Certificate::not_before).max().filter(|_| certificate.is_some());
        let not_after = path().map(ca::Certificate::not_after).min().filter(|_| certificate.is_some());
        let parent = all.iter().find(|other| other.id == record.parent && other.id != record.id);
        let parent = parent.and_then(|parent| parent.certificate.as_ref());
        let parent = parent.map(|Der(der)| ca::Certificate::from_der(der)).transpose().map_err(Failure::issuing)?;
        let first = parent.iter().chain(&above).min_by_key(|above| above.not_after());
        let is_first =
            |above: &&ca::Certificate| certificate.as_ref().is_some_and(|own| above.not_after() <= own.not_after());
        let ends_with = first.filter(is_first).map(ca::Certificate::subject);
        let mut crls = Vec::new();
        // An issuer that waits for its certificate signs nothing yet.
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
            not_before,
            not_after,
            revocation,
            ends_with,
            is_external,
            key: record.key.to_string(),
            id: record.id,
            role: record.role,
            crls,
        })
    }

    async fn revocation_status(&self, record: &IssuerRecord) -> Result<Option<RevocationStatus>, Error> {
        let (Some(IssuerRevocation { at, reason, .. }), Some(Der(der))) = (&record.revocation, &record.certificate)
        else {
            return Ok(None);
        };
        let certificate = ca::Certificate::from_der(der).map_err(Failure::issuing)?;
        let serial = certificate.certificate_id().serial();
        let listed = if record.is_below_external_ca() {
            None
        } else {
            let crl = self.crls.crl(&record.parent, 0).await?.map(|crl| ca::Crl::from_der(&crl.der));
            let crl = crl.transpose().map_err(Failure::issuing)?;
            Some(crl.map(|crl| crl.lists(serial)).transpose().map_err(Failure::issuing)?.unwrap_or(false))
        };
        Ok(Some(RevocationStatus { at: *at, reason: *reason, serial: serial.to_string(), listed }))
    }
}
