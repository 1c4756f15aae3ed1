//! Certificates, as operators find them.

use std::sync::Arc;

use acme::{AccountId, CertificateId, Identifier, OrderId, Serial};
use authority::Failure;
use ca::{Certificate, Chain, Statement};
use issuing::Issuers;
use jiff::Timestamp;
use jose::Thumbprint;
use store::{
    AccountCertificates, CertificateEntry, CertificateRecord, LookupStore, Page, Receipt, Seal, SealPlace, SealStore,
    SealedPeriod,
};

use crate::{Error, Refusal};

/// Certificates, as operators find them.
pub struct Certificates {
    lookup: Arc<dyn LookupStore>,
    seals: Arc<dyn SealStore>,
    issuers: Arc<Issuers>,
}

impl Certificates {
    /// Those of this store and these issuers.
    pub fn new(lookup: Arc<dyn LookupStore>, seals: Arc<dyn SealStore>, issuers: Arc<Issuers>) -> Self {
        Self { lookup, seals, issuers }
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

    /// The seal that has the receipt of the certificate. Where none has it, that of the time at
    /// which the receipt was written; `None` if that is not sealed yet.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn seal(&self, id: &CertificateId, receipt: &Receipt) -> Result<Option<Seal>, Error> {
        let digest = receipt.digest(id).map_err(Failure::issuing)?;
        let mut last = None;
        let mut before = SealPlace { from: receipt.at, part: u32::MAX };
        while let Some(seal) = self.seals.last_seal(Some(before)).await?.filter(|seal| receipt.at < seal.until) {
            let statement = Statement::verify(SealedPeriod::TYPE, &seal.jws).map_err(Failure::issuing)?;
            let period: SealedPeriod = serde_json::from_slice(statement.payload()).map_err(Failure::issuing)?;
            if period.receipts.contains(&digest) {
                return Ok(Some(seal));
            }
            before = seal.place;
            last = Some(seal);
        }
        Ok(last)
    }

    /// The seals after that place, in the order of the chain.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn seals(&self, after: Option<SealPlace>, limit: usize) -> Result<Page<Seal>, Error> {
        Ok(self.seals.seals(after, limit).await?)
    }

    /// The root above the certificate; `None` where an external CA is above it.
    ///
    /// # Errors
    /// When an issuer cannot be read.
    pub async fn root(&self, certificate: &CertificateRecord) -> Result<Option<Certificate>, Error> {
        Ok(self.issuers.root_of(&certificate.issuer).await?)
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
