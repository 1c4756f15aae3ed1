//! Certificates and keys, as operators find, revoke and block them.

use std::collections::BTreeMap;

use acme::{AccountId, CertificateId, Identifier, OrderId, RevocationReason, RevokedBy, Serial};
use authority::{Failure, Rounds};
use ca::{Certificate, Chain};
use jiff::Timestamp;
use jose::Thumbprint;
use ra::MarkedRevocation;
use store::{AccountCertificates, BlockedKey, CertificateEntry, CertificateRecord, CertificateState, Page};

use crate::{Authority, Error, Refusal};

impl Authority {
    /// The certificate of that id.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn find_certificate(&self, id: &CertificateId) -> Result<CertificateRecord, Error> {
        Ok(self.store.certificate(id).await?.ok_or(Refusal::NotFound)?.value)
    }

    /// The certificates with that serial number: one of each issuer at most.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn certificates_by_serial(&self, serial: &Serial) -> Result<Vec<CertificateRecord>, Error> {
        let mut ids = Vec::new();
        for der in self.store.issuers().await?.into_iter().filter_map(|issuer| issuer.certificate) {
            let certificate = Certificate::from_der(&der.0).map_err(Failure::issuing)?;
            let key = certificate.subject_key_identifier().map(<[u8]>::to_vec);
            ids.extend(key.map(|key| CertificateId::new(key, serial.clone())));
        }
        // Two certificates of one key of an issuer lead to the same.
        ids.sort();
        ids.dedup();
        Ok(self.store.certificates(&ids).await?.into_iter().map(|certificate| certificate.value).collect())
    }

    /// The certificate of that id, followed by those of its issuers.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], also when it was intended and not signed.
    pub async fn exported_chain(&self, id: &CertificateId) -> Result<Chain, Error> {
        let record = self.find_certificate(id).await?;
        self.issuers.chain(&record).await?.ok_or(Refusal::NotFound.into())
    }

    /// The certificates for exactly that name, those that end last first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn certificates_by_name(
        &self,
        name: &Identifier,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, Error> {
        Ok(self.store.certificates_by_name(name, before, limit).await?)
    }

    /// The certificates with exactly that key, those that end last first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn certificates_by_key(
        &self,
        key: &Thumbprint,
        before: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, Error> {
        Ok(self.store.certificates_by_key(key, before, limit).await?)
    }

    /// The certificates that end at `from` or later and before `until`, those that end first first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn certificates_ending(
        &self,
        from: Timestamp,
        until: Timestamp,
        after: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<CertificateEntry>, Error> {
        Ok(self.store.certificates_ending(from, until, after, limit).await?)
    }

    /// The certificates of the account's orders, newest order first: looks at `limit` orders older
    /// than `before`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn certificates_of_account(
        &self,
        account: AccountId,
        before: Option<OrderId>,
        limit: usize,
    ) -> Result<AccountCertificates, Error> {
        Ok(self.store.certificates_of_account(account, before, limit).await?)
    }

    /// Revokes a certificate of any account, in the same way as its owner would. With the reason
    /// `keyCompromise` its key is blocked.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::AlreadyRevoked`].
    pub async fn revoke_certificate(
        &self,
        actor: &str,
        id: &CertificateId,
        reason: RevocationReason,
    ) -> Result<CertificateRecord, Error> {
        let detail = BTreeMap::from([("reason".to_owned(), format!("{reason:?}"))]);
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.store.certificate(id).await?.ok_or(Refusal::NotFound)?;
            if before.revocation.is_none() && rounds.is_first() {
                self.audit.record(actor, "certificate revoke", id, detail.clone()).await?;
            }
            self.block_if_compromised(&before, reason).await?;
            match self.revocation_records.revoke(&before, reason, RevokedBy::Operator, Some(actor)).await? {
                MarkedRevocation::Now(revoked) => return Ok(*revoked),
                MarkedRevocation::Before => return Err(Refusal::AlreadyRevoked.into()),
                MarkedRevocation::Overtaken => {}
            }
        }
    }

    /// Blocks the certificate's key when that is why it is revoked: first, so that a crash leaves
    /// no revocation without its block.
    pub(crate) async fn block_if_compromised(
        &self,
        certificate: &CertificateRecord,
        reason: RevocationReason,
    ) -> Result<(), Error> {
        if let (CertificateState::Issued { der }, RevocationReason::KeyCompromise) = (&certificate.state, reason) {
            let key = Certificate::from_der(der).map_err(Failure::issuing)?.public_key().thumbprint();
            self.store.block_key(&key, self.now()).await?;
        }
        Ok(())
    }

    /// Blocks a key: no account and no certificate may use it again.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn block_key(&self, actor: &str, key: &Thumbprint) -> Result<(), Error> {
        self.audit.record(actor, "key block", key, BTreeMap::new()).await?;
        Ok(self.store.block_key(key, self.now()).await?)
    }

    /// The blocked keys by thumbprint: those behind `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn blocked_keys(&self, after: Option<&Thumbprint>, limit: usize) -> Result<Page<BlockedKey>, Error> {
        Ok(self.store.blocked_keys(after, limit).await?)
    }
}
