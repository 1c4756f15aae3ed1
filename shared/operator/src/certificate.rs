//! Certificates, as operators find them.

use std::sync::Arc;

use acme::{AccountId, CertificateId, Identifier, OrderId, Serial};
use authority::Failure;
use ca::{Certificate, Chain};
use issuing::Issuers;
use jiff::Timestamp;
use jose::Thumbprint;
use store::{AccountCertificates, CertificateEntry, CertificateRecord, LookupStore, Page, Receipt};

use crate::{Error, Refusal};

/// Certificates, as operators find them.
pub struct Certificates {
    lookup: Arc<dyn LookupStore>,
    issuers: Arc<Issuers>,
}

impl Certificates {
    /// Those of this store and these issuers.
    pub fn new(lookup: Arc<dyn LookupStore>, issuers: Arc<Issuers>) -> Self {
        Self { lookup, issuers }
    }

    /// The certificate with this id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn find(&self, id: &CertificateId) -> Result<CertificateRecord, Error> {
        Ok(self.lookup.certificate(id).await?.ok_or(Refusal::NotFound)?.value)
    }

    /// The certificates with this serial number, at most one for each issuer.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn by_serial(&self, serial: &Serial) -> Result<Vec<CertificateRecord>, Error> {
        let mut ids = Vec::new();
        for der in self.issuers.records().await?.into_iter().filter_map(|issuer| issuer.certificate) {
            let certificate = Certificate::from_der(&der.0).map_err(Failure::issuing)?;
            let key = certificate.subject_key_identifier().map(<[u8]>::to_vec);
            ids.extend(key.map(|key| CertificateId::new(key, serial.clone())));
        }
        // Two certificates of an issuer with the same key lead to the same id.
        ids.sort();
        ids.dedup();
        Ok(self.lookup.certificates(&ids).await?.into_iter().map(|certificate| certificate.value).collect())
    }

    /// The certificate with this id, followed by those of its issuers.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], also if it was intended but never signed.
    pub async fn exported_chain(&self, id: &CertificateId) -> Result<Chain, Error> {
        let record = self.find(id).await?;
        self.issuers.chain(&record).await?.ok_or(Refusal::NotFound.into())
    }

    /// Why the certificate was signed; `None` for the host's own, and where an earlier version
    /// issued it.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn receipt(&self, certificate: &CertificateRecord) -> Result<Option<Receipt>, Error> {
        Ok(self.lookup.receipt(certificate).await?)
    }

    /// The certificates for exactly this identifier, latest expiry first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn by_name(
        &self,
        name: &Identifier,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, Error> {
        Ok(self.lookup.certificates_by_name(name, before, limit).await?)
    }

    /// The certificates with exactly this key, latest expiry first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn by_key(
        &self,
        key: &Thumbprint,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, Error> {
        Ok(self.lookup.certificates_by_key(key, before, limit).await?)
    }

    /// The certificates that expire at `from` or later and before `until`, earliest expiry first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ending(
        &self,
        from: Timestamp,
        until: Timestamp,
        after: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, Error> {
        Ok(self.lookup.certificates_ending(from, until, after, limit).await?)
    }

    /// The certificates of the account's orders, newest order first. It looks at `limit` orders
    /// older than `before`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn of_account(
        &self,
        account: AccountId,
        before: Option<OrderId>,
        limit: usize,
    ) -> Result<AccountCertificates, Error> {
        Ok(self.lookup.certificates_of_account(account, before, limit).await?)
    }
}
