//! Revocation in its three forms (RFC 8555 §7.6).

use std::{collections::HashMap, sync::Arc};

use acme::{
    Account, AuthorizationId, AuthorizationStatus, CertificateId, EventKind, RevocationFacts, RevocationReason,
    RevokedBy,
};
use authority::{Clock, Events, Failure, Rounds, applied, certificate_facts, versioned};
use ca::Certificate;
use issuing::CrlRequests;
use jose::PublicKey;
use store::{
    AccountStore, AuthorizationStore, CertificateRecord, CertificateState, CertificateStore, LookupStore, Revocation,
    Versioned,
};

use crate::{Directory, Error, Refusal, directory_of};

/// The verified signer of a revocation request.
#[derive(Clone, Debug)]
pub enum Revoker<'a> {
    /// An account of this CA.
    Account(&'a Account),
    /// The holder of this private key.
    Key(&'a PublicKey),
}

/// Revokes certificates at the request of clients.
pub struct Revocations {
    certificates: Arc<dyn CertificateStore>,
    authorizations: Arc<dyn AuthorizationStore>,
    accounts: Arc<dyn AccountStore>,
    lookup: Arc<dyn LookupStore>,
    records: Arc<RevocationRecords>,
    clock: Arc<dyn Clock>,
}

impl Revocations {
    /// Revokes certificates of this store.
    pub fn new(
        certificates: Arc<dyn CertificateStore>,
        authorizations: Arc<dyn AuthorizationStore>,
        accounts: Arc<dyn AccountStore>,
        lookup: Arc<dyn LookupStore>,
        records: Arc<RevocationRecords>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { certificates, authorizations, accounts, lookup, records, clock }
    }

    /// Revokes the certificate with exactly these bytes.
    ///
    /// The submitted certificate only says which one is meant. Its bytes must equal the stored
    /// ones, and rights are judged by the stored key: a forged certificate with a known issuer and
    /// serial and the forger's key gets nowhere.
    ///
    /// # Errors
    /// [`Refusal::NotACertificate`], [`Refusal::NotFound`], [`Refusal::MayNotRevoke`],
    /// [`Refusal::AlreadyRevoked`], unless the key itself raises the reason to `keyCompromise`.
    pub async fn revoke(
        &self,
        serving: &Directory,
        revoker: Revoker<'_>,
        der: &[u8],
        reason: RevocationReason,
    ) -> Result<(), Error> {
        let submitted = Certificate::from_der(der).map_err(|_| Refusal::NotACertificate)?;
        let id = submitted.certificate_id();
        // Only its holder can prove that a key is compromised: a reason that an account gives must
        // not block a key that others may use (threat 5).
        let compromised = match (&revoker, reason) {
            (Revoker::Key(key), RevocationReason::KeyCompromise) => Some(*key),
            _ => None,
        };
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            // Clients cannot revoke the host's own certificate.
            let before = self.certificates.certificate(id).await?.filter(|record| record.account.is_some());
            let before = before.ok_or(Refusal::NotFound)?;
            let stored = match &before.state {
                CertificateState::Issued { der: stored } if stored == der => {
                    Certificate::from_der(stored).map_err(Failure::issuing)?
                }
                _ => return Err(Refusal::NotFound.into()),
            };
            let by = self.right(serving, &revoker, &before, &stored).await?;
            // The key is blocked first, so that a crash cannot leave a revocation without the
            // block.
            if let Some(key) = compromised {
                self.certificates.block_key(&key.thumbprint(), self.clock.now()).await?;
            }
            let marked = self.records.revoke(&before, reason, by, None).await?;
            if let Some(key) = compromised
                && !matches!(marked, MarkedRevocation::Overtaken)
            {
                // Also when it was revoked before: an earlier request may have been interrupted.
                self.revoke_others_with(key).await?;
            }
            match marked {
                MarkedRevocation::Now(_) => return Ok(()),
                MarkedRevocation::Before => return Err(Refusal::AlreadyRevoked.into()),
                MarkedRevocation::Overtaken => {}
            }
        }
    }

    /// Revokes every other certificate with the key, in whatever directory it was ordered: all of
    /// them can be misused.
    async fn revoke_others_with(&self, key: &PublicKey) -> Result<(), Error> {
        let (thumbprint, mut before) = (key.thumbprint(), None);
        loop {
            let page = self.lookup.certificates_by_key(&thumbprint, before.as_ref(), PAGE).await?;
            for entry in &page.items {
                self.revoke_compromised(&entry.id).await?;
            }
            before = page.items.last().cloned().filter(|_| page.more);
            if before.is_none() {
                return Ok(());
            }
        }
    }

    async fn revoke_compromised(&self, id: &CertificateId) -> Result<(), Error> {
        let (reason, by) = (RevocationReason::KeyCompromise, RevokedBy::CertificateKey);
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let record = self.certificates.certificate(id).await?;
            let Some(record) = record.filter(|record| record.account.is_some()) else { return Ok(()) };
            if record.not_after <= self.clock.now() {
                return Ok(());
            }
            match self.records.revoke(&record, reason, by, None).await? {
                MarkedRevocation::Now(_) | MarkedRevocation::Before => return Ok(()),
                MarkedRevocation::Overtaken => {}
            }
        }
    }

    /// The right by which the revoker may revoke the certificate.
    async fn right(
        &self,
        serving: &Directory,
        revoker: &Revoker<'_>,
        record: &CertificateRecord,
        stored: &Certificate,
    ) -> Result<RevokedBy, Error> {
        match revoker {
            Revoker::Key(key) if *key == stored.public_key() => Ok(RevokedBy::CertificateKey),
            Revoker::Account(account) if record.account == Some(account.id) => Ok(RevokedBy::Account),
            Revoker::Account(account)
                if self.is_of(serving, record).await? && self.controls_every_name(serving, account, record).await? =>
            {
                Ok(RevokedBy::Authorizations)
            }
            Revoker::Key(_) | Revoker::Account(_) => Err(Refusal::MayNotRevoke.into()),
        }
    }

    /// Whether the certificate was ordered in the directory. What is shown in another one, under
    /// rules that may be weaker, gives no right over it.
    async fn is_of(&self, serving: &Directory, record: &CertificateRecord) -> Result<bool, Error> {
        let directory = match (&record.directory, record.account) {
            (Some(directory), _) => Some(directory.clone()),
            (None, Some(account)) => directory_of(self.accounts.as_ref(), account, &mut HashMap::new()).await?,
            (None, None) => None,
        };
        Ok(directory.as_ref() == Some(&serving.directory))
    }

    /// Whether the account has a valid authorization for each identifier of the certificate.
    async fn controls_every_name(
        &self,
        serving: &Directory,
        account: &Account,
        record: &CertificateRecord,
    ) -> Result<bool, Error> {
        let proofs = self.authorizations.proofs(account.id, &record.identifiers).await?;
        if proofs.len() < record.identifiers.len() {
            return Ok(false);
        }
        let ids: Vec<AuthorizationId> = proofs.iter().map(|proof| proof.authorization).collect();
        let authorizations = self.authorizations.authorizations(account.id, &ids).await?;
        let now = self.clock.now();
        Ok(record.identifiers.iter().all(|name| {
            authorizations.iter().any(|authorization| {
                authorization.identifier == *name
                    && authorization.status(now) == AuthorizationStatus::Valid
                    && serving.counts(authorization)
            })
        }))
    }
}

/// The outcome of a revocation.
#[derive(Clone, Debug)]
pub enum MarkedRevocation {
    /// The certificate was revoked now.
    Now(Box<CertificateRecord>),
    /// The certificate was already revoked.
    Before,
    /// Another write has changed the certificate in the meantime, and nothing was written.
    Overtaken,
}

/// Whether this would raise the reason of a revoked certificate to `keyCompromise`. Only the key
/// itself and operators can say so (threat 5); whatever else is said of a revoked certificate comes
/// too late.
pub fn raises(certificate: &CertificateRecord, reason: RevocationReason, by: RevokedBy) -> bool {
    let is_proven = matches!(by, RevokedBy::CertificateKey | RevokedBy::Operator);
    let revocation = certificate.revocation.as_ref();
    is_proven
        && reason == RevocationReason::KeyCompromise
        && revocation.is_some_and(|before| before.reason != RevocationReason::KeyCompromise)
}

/// Records revocations and requests CRLs for them, for clients and for operators.
pub struct RevocationRecords {
    certificates: Arc<dyn CertificateStore>,
    crl_requests: Arc<CrlRequests>,
    events: Events,
    clock: Arc<dyn Clock>,
}

impl RevocationRecords {
    /// Records revocations in this store, and requests CRLs through `crl_requests`.
    pub fn new(
        certificates: Arc<dyn CertificateStore>,
        crl_requests: Arc<CrlRequests>,
        events: Events,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { certificates, crl_requests, events, clock }
    }

    /// Marks the certificate as revoked and requests its CRL. `actor` is the operator.
    ///
    /// # Errors
    /// When the store or the queue cannot answer.
    pub async fn revoke(
        &self,
        before: &Versioned<CertificateRecord>,
        reason: RevocationReason,
        by: RevokedBy,
        actor: Option<&str>,
    ) -> Result<MarkedRevocation, Failure> {
        if let Some(revocation) = &before.revocation
            && !raises(before, reason, by)
        {
            self.list_if_missing(before, revocation).await?;
            return Ok(MarkedRevocation::Before);
        }
        let Some(revoked) = self.mark(before, reason, by, actor).await? else {
            return Ok(MarkedRevocation::Overtaken);
        };
        self.list(&revoked).await?;
        Ok(MarkedRevocation::Now(Box::new(revoked)))
    }

    /// Marks the certificate as revoked, or raises the reason of its revocation; `None` if another
    /// write has changed it in the meantime. The caller requests the CRL afterwards.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn mark(
        &self,
        before: &Versioned<CertificateRecord>,
        reason: RevocationReason,
        by: RevokedBy,
        actor: Option<&str>,
    ) -> Result<Option<CertificateRecord>, Failure> {
        let now = acme::whole_seconds(self.clock.now());
        let revocation = Some(match &before.revocation {
            None => Revocation { at: now, reason, raised_at: None },
            // What was revoked stays revoked since then.
            Some(first) => Revocation { at: first.at, reason, raised_at: Some(now) },
        });
        let after = versioned(CertificateRecord { revocation, ..before.value.clone() })?;
        if !applied(self.certificates.update_certificate(before, &after).await)? {
            return Ok(None);
        }
        self.events.emit(EventKind::CertificateRevoked(RevocationFacts {
            certificate: certificate_facts(&after, None),
            reason_code: reason.code(),
            by,
            actor: actor.map(str::to_owned),
        }));
        Ok(Some(after.value))
    }

    async fn list(&self, revoked: &CertificateRecord) -> Result<(), Failure> {
        self.crl_requests.request(&revoked.issuer, revoked.crl_shard).await
    }

    /// Requests the CRL of a certificate that is revoked but missing on its CRL, because an earlier
    /// request was interrupted.
    async fn list_if_missing(&self, revoked: &CertificateRecord, revocation: &Revocation) -> Result<(), Failure> {
        if self.crl_requests.is_listed(&revoked.issuer, revoked.crl_shard, revocation.listed_since()).await? {
            Ok(())
        } else {
            self.list(revoked).await
        }
    }
}

/// The number of certificates with a key that are looked up at once.
const PAGE: usize = 100;
