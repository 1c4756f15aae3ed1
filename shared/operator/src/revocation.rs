//! Revocation of one certificate, and of many, piece by piece. A piece that was interrupted is done
//! again without harm: what is revoked is passed over, and its CRL is asked for when it is missing
//! there.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use acme::{CertificateId, RevocationReason, RevokedBy};
use authority::{AuditTrail, Clock, Failure, Rounds};
use ca::Certificate;
use futures_util::future::join_all;
use issuing::CrlRequests;
use jiff::Timestamp;
use ra::{MarkedRevocation, RevocationRecords, raises};
use store::{CertificateRecord, CertificateState, CertificateStore, IssuerId, Position, Selection, Versioned};

use crate::{Error, Refusal, Selections};

/// The outcome of a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedSlice {
    /// How many certificates were revoked now.
    pub revoked: usize,
    /// The number that were already revoked.
    pub already: usize,
    /// The number of certificates that were looked at.
    pub looked_at: usize,
    /// Where the next slice starts; `None` if this was the last one.
    pub next: Option<Position>,
}

/// Revokes certificates at the request of operators.
pub struct Revocations {
    certificates: Arc<dyn CertificateStore>,
    selections: Arc<Selections>,
    records: Arc<RevocationRecords>,
    crl_requests: Arc<CrlRequests>,
    audit: Arc<AuditTrail>,
    clock: Arc<dyn Clock>,
}

impl Revocations {
    /// Those of this store, written down by these records.
    pub fn new(
        certificates: Arc<dyn CertificateStore>,
        selections: Arc<Selections>,
        records: Arc<RevocationRecords>,
        crl_requests: Arc<CrlRequests>,
        audit: Arc<AuditTrail>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { certificates, selections, records, crl_requests, audit, clock }
    }

    /// Revokes a certificate of any account, as its owner could. With the reason `keyCompromise`
    /// its key is blocked.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::AlreadyRevoked`].
    pub async fn revoke(
        &self,
        actor: &str,
        id: &CertificateId,
        reason: RevocationReason,
    ) -> Result<CertificateRecord, Error> {
        let detail = BTreeMap::from([("reason".to_owned(), format!("{reason:?}"))]);
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.certificates.certificate(id).await?.ok_or(Refusal::NotFound)?;
            let is_new = before.revocation.is_none() || raises(&before, reason, RevokedBy::Operator);
            if is_new && rounds.is_first() {
                self.audit.record(actor, "certificate revoke", id, detail.clone()).await?;
            }
            self.block_if_compromised(&before, reason).await?;
            match self.records.revoke(&before, reason, RevokedBy::Operator, Some(actor)).await? {
                MarkedRevocation::Now(revoked) => return Ok(*revoked),
                MarkedRevocation::Before => return Err(Refusal::AlreadyRevoked.into()),
                MarkedRevocation::Overtaken => {}
            }
        }
    }

    /// Blocks the certificate's key if it is revoked for key compromise. This comes before the
    /// revocation, so that a crash cannot leave a revocation without the block.
    async fn block_if_compromised(
        &self,
        certificate: &CertificateRecord,
        reason: RevocationReason,
    ) -> Result<(), Error> {
        if let (CertificateState::Issued { der }, RevocationReason::KeyCompromise) = (&certificate.state, reason) {
            let key = Certificate::from_der(der).map_err(Failure::issuing)?.public_key().thumbprint();
            self.certificates.block_key(&key, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Revokes the piece of the certificates that are meant which begins at `position`, as
    /// [`Revocations::revoke`] would each of them; their CRLs are asked for once.
    ///
    /// # Errors
    /// When some could not be revoked; the same piece can be asked for again.
    pub async fn revoke_selected(
        &self,
        actor: &str,
        selection: &Selection,
        reason: RevocationReason,
        position: Option<&Position>,
    ) -> Result<RevokedSlice, Error> {
        let slice = self.selections.slice(selection, position).await?;
        let good = slice.certificates.iter().filter(|certificate| certificate.revocation.is_none()).count();
        if good > 0 {
            let detail = [("reason", format!("{reason:?}")), ("certificates", good.to_string())];
            let detail = detail.map(|(name, value)| (name.to_owned(), value)).into();
            self.audit.record(actor, "certificates revoke", selection, detail).await?;
        }
        let revoked = self.revoke_all(actor, &slice.certificates, reason).await?;
        let already = slice.certificates.len().saturating_sub(revoked);
        Ok(RevokedSlice { revoked, already, looked_at: slice.looked_at, next: slice.next })
    }

    /// Revokes those that are not revoked, and requests each CRL that lacks one of them. Returns
    /// the number of certificates it revoked.
    pub(crate) async fn revoke_all(
        &self,
        actor: &str,
        certificates: &[Versioned<CertificateRecord>],
        reason: RevocationReason,
    ) -> Result<usize, Error> {
        let (mut count, mut failure) = (0, None);
        let mut lists = Lists::default();
        // After an interrupted revocation, a revoked certificate may be missing on its CRL.
        for certificate in certificates {
            lists.note(certificate);
        }
        self.keep_those_that_lack(&mut lists).await?;
        for some in certificates.chunks(AT_A_TIME) {
            for done in join_all(some.iter().map(|certificate| self.revoke_one(actor, certificate, reason))).await {
                match done {
                    Ok(None) => {}
                    Ok(Some(revoked)) => {
                        count += 1;
                        lists.note(&revoked);
                    }
                    Err(error) => failure = Some(error),
                }
            }
            if failure.is_some() {
                break;
            }
        }
        // Also after a failure, so that relying parties learn what has been revoked.
        for (issuer, shard) in lists.0.into_keys() {
            self.crl_requests.request(&issuer, shard).await?;
        }
        failure.map_or(Ok(count), Err)
    }

    /// Revokes one certificate; `None` if it is already revoked.
    async fn revoke_one(
        &self,
        actor: &str,
        certificate: &Versioned<CertificateRecord>,
        reason: RevocationReason,
    ) -> Result<Option<CertificateRecord>, Error> {
        let mut before = certificate.clone();
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            if before.revocation.is_some() && !raises(&before, reason, RevokedBy::Operator) {
                return Ok(None);
            }
            self.block_if_compromised(&before, reason).await?;
            if let Some(revoked) = self.records.mark(&before, reason, RevokedBy::Operator, Some(actor)).await? {
                return Ok(Some(revoked));
            }
            before = self.certificates.certificate(&before.id).await?.ok_or(Failure::RecordLost("certificate"))?;
        }
    }

    /// Of the CRLs for earlier revocations, keeps those that are older than the revocation.
    async fn keep_those_that_lack(&self, lists: &mut Lists) -> Result<(), Error> {
        for ((issuer, shard), at) in std::mem::take(&mut lists.0) {
            if !self.crl_requests.is_listed(&issuer, shard, at).await? {
                lists.0.insert((issuer, shard), at);
            }
        }
        Ok(())
    }
}

/// CRLs by issuer and shard, with the latest revocation that belongs on each.
#[derive(Default)]
struct Lists(HashMap<(IssuerId, u16), Timestamp>);

impl Lists {
    fn note(&mut self, certificate: &CertificateRecord) {
        if let Some(revocation) = &certificate.revocation {
            let list = self.0.entry((certificate.issuer.clone(), certificate.crl_shard));
            let list = list.or_insert(revocation.listed_since());
            *list = revocation.listed_since().max(*list);
        }
    }
}

/// The number of certificates that are revoked concurrently.
const AT_A_TIME: usize = 16;
