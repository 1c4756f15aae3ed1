//! Revocation of many certificates, piece by piece. A piece that was interrupted is done again
//! without harm: what is revoked is passed over, and its CRL is asked for when it is missing there.

use std::collections::{BTreeMap, HashMap};

use acme::{RevocationReason, RevokedBy};
use authority::{Failure, Rounds};
use futures_util::future::join_all;
use jiff::Timestamp;
use store::{CertificateRecord, IssuerId, Position, Selection, Versioned};

use crate::{Authority, Error};

/// What became of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedSlice {
    /// How many were revoked.
    pub revoked: usize,
    /// How many were revoked before.
    pub already: usize,
    /// How many were looked at.
    pub looked_at: usize,
    /// Where the next piece begins; `None` when this was the last one.
    pub next: Option<Position>,
}

impl Authority {
    /// Revokes the piece of the certificates that are meant which begins at `position`, as
    /// [`Authority::revoke_certificate`] would each of them; their CRLs are asked for once.
    ///
    /// # Errors
    /// When some could not be revoked; the same piece can be asked for again.
    pub async fn revoke_certificates(
        &self,
        actor: &str,
        selection: &Selection,
        reason: RevocationReason,
        position: Option<&Position>,
    ) -> Result<RevokedSlice, Error> {
        let slice = self.select_certificates(selection, position).await?;
        let good = slice.certificates.iter().filter(|certificate| certificate.revocation.is_none()).count();
        if good > 0 {
            let detail = [("reason", format!("{reason:?}")), ("certificates", good.to_string())];
            let detail = detail.map(|(name, value)| (name.to_owned(), value)).into();
            self.audit.record(actor, "certificates revoke", in_words(selection), detail).await?;
        }
        let revoked = self.revoke_all(actor, &slice.certificates, reason).await?;
        let already = slice.certificates.len().saturating_sub(revoked);
        Ok(RevokedSlice { revoked, already, looked_at: slice.looked_at, next: slice.next })
    }

    /// Revokes those of them that are not, and has each list made once that lacks one of them.
    /// Answers how many it revoked.
    pub(crate) async fn revoke_all(
        &self,
        actor: &str,
        certificates: &[Versioned<CertificateRecord>],
        reason: RevocationReason,
    ) -> Result<usize, Error> {
        let (mut count, mut failure) = (0, None);
        let mut lists = Lists::default();
        // The record of a revocation that was interrupted may be on no list yet.
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
        // Also after a failure: what is revoked is to be known.
        for (issuer, shard) in lists.0.into_keys() {
            self.crl_requests.request(&issuer, shard).await?;
        }
        failure.map_or(Ok(count), Err)
    }

    /// Marks one as revoked; `None` when it is already.
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
            if before.revocation.is_some() {
                return Ok(None);
            }
            self.block_if_compromised(&before, reason).await?;
            if let Some(revoked) =
                self.revocation_records.mark(&before, reason, RevokedBy::Operator, Some(actor)).await?
            {
                return Ok(Some(revoked));
            }
            before = self.store.certificate(&before.id).await?.ok_or(Failure::RecordLost("certificate"))?;
        }
    }

    /// Of the lists of what was revoked before, keeps those that are older than the revocation.
    async fn keep_those_that_lack(&self, lists: &mut Lists) -> Result<(), Error> {
        for ((issuer, shard), at) in std::mem::take(&mut lists.0) {
            if !self.crl_requests.is_listed(&issuer, shard, at).await? {
                lists.0.insert((issuer, shard), at);
            }
        }
        Ok(())
    }
}

/// Lists by issuer and shard, with the last revocation that belongs on each.
#[derive(Default)]
struct Lists(HashMap<(IssuerId, u16), Timestamp>);

impl Lists {
    fn note(&mut self, certificate: &CertificateRecord) {
        if let Some(revocation) = &certificate.revocation {
            let list = self.0.entry((certificate.issuer.clone(), certificate.crl_shard)).or_insert(revocation.at);
            *list = revocation.at.max(*list);
        }
    }
}

/// What is meant, for the record of the act: `issuer=issuing name=www.example.com`.
pub(crate) fn in_words(selection: &Selection) -> String {
    let Selection { issuer, directory, account, name, from, until, unknown } = selection;
    let mut words = BTreeMap::new();
    words.insert("issuer", issuer.as_ref().map(ToString::to_string));
    words.insert("profile", directory.as_ref().map(ToString::to_string));
    words.insert("account", account.map(|account| account.to_string()));
    words.insert("name", name.as_ref().map(ToString::to_string));
    words.insert("from", from.map(|from| from.to_string()));
    words.insert("until", until.map(|until| until.to_string()));
    words.insert("others", (!unknown.is_empty()).then(|| "of a newer version".to_owned()));
    let words = words.into_iter().filter_map(|(word, value)| value.map(|value| format!("{word}={value}")));
    words.collect::<Vec<_>>().join(" ")
}

/// How many are written at the same time.
const AT_A_TIME: usize = 16;
