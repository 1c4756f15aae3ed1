//! CRLs: generated after a revocation, and again before the last one expires.
//!
//! Several processes may publish concurrently. After publishing, a process reads the store again
//! and publishes any newer CRL, so that the newest CRL is always the last one written.

use std::sync::Arc;

use authority::{Clock, CrlTask, Failure, PublishedObject, Publisher, Rounds, applied};
use ca::{Certificate, Crl, CrlEntry, CrlError, CrlTbs, Signer};
use jiff::{SignedDuration, Timestamp};
use store::{CrlRecord, CrlStore, Der, IssuerId, IssuerRecord, IssuerRole};
use tokio::sync::Mutex;

use crate::{Error, IssuerFiles, Issuers, LoadedIssuer, StatusUrl, status_url::crl_path};

/// Generates, signs and publishes CRLs.
pub struct Crls {
    issuers: Arc<Issuers>,
    crls: Arc<dyn CrlStore>,
    signer: Arc<dyn Signer>,
    publisher: Arc<dyn Publisher>,
    files: IssuerFiles,
    status_url: StatusUrl,
    clock: Arc<dyn Clock>,
    /// Held from reading a CRL to publishing it, so that an older CRL never replaces a newer one.
    publishing: Mutex<()>,
}

impl Crls {
    /// Signs with this signer and publishes with this publisher. Each process has one instance.
    pub fn new(
        issuers: Arc<Issuers>,
        crls: Arc<dyn CrlStore>,
        signer: Arc<dyn Signer>,
        publisher: Arc<dyn Publisher>,
        status_url: StatusUrl,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let files = IssuerFiles::new(publisher.clone());
        Self { issuers, crls, signer, publisher, files, status_url, clock, publishing: Mutex::default() }
    }

    /// Generates and publishes a CRL with all present revocations and the next number. With the
    /// first CRL of an issuer its certificate is published too.
    ///
    /// # Errors
    /// The CRL could not be signed, stored or published; the task should be retried.
    pub async fn make(&self, task: &CrlTask) -> Result<(), Error> {
        let issuer = self.issuers.issuer(&task.issuer).await?;
        let _turn = self.publishing.lock().await;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let last = self.crls.crl(&task.issuer, task.shard).await?;
            let number = Crl::number_after(last.as_ref().map(|last| last.number), self.clock.now());
            let crl = self.make_crl(&issuer, task.shard, number, last.as_ref()).await?;
            if applied(self.crls.put_crl(&crl).await)? {
                self.publish(crl).await?;
                return match last {
                    None => self
                        .files
                        .publish_certificate(&issuer.id, issuer.issuer.certificate())
                        .await
                        .map_err(Error::from),
                    Some(_) => Ok(()),
                };
            }
            // Another worker used the number, and its CRL may contain fewer revocations than ours.
        }
    }

    /// Publishes the certificates of all issuers with this role, and renews those of their CRLs
    /// that are missing, past half of their lifetime, older than a revocation, or from a clock that
    /// was ahead. Roles are handled separately because different functions may use their keys.
    ///
    /// # Errors
    /// A CRL or certificate could not be generated or published.
    pub async fn make_due(&self, role: IssuerRole) -> Result<(), Error> {
        self.publish_issuers(|of| of == role, |crl| is_due(crl, self.clock.now())).await
    }

    /// Publishes the certificate of every issuer and renews every CRL, with revocations from just
    /// before a crash.
    ///
    /// # Errors
    /// A CRL or certificate could not be generated or published.
    pub async fn make_all(&self) -> Result<(), Error> {
        self.publish_issuers(|_| true, |_| true).await
    }

    /// Publishes a CRL that has all present revocations: the stored one if it has them, otherwise a
    /// new one.
    ///
    /// # Errors
    /// The CRL could not be signed, stored or published; the task should be retried.
    pub async fn make_complete(&self, task: &CrlTask) -> Result<(), Error> {
        if self.publish_unless(&task.issuer, task.shard, |_| false).await? {
            return Ok(());
        }
        self.make(task).await
    }

    /// A failing issuer, such as one whose key is lost, does not prevent the CRLs of others.
    async fn publish_issuers(
        &self,
        is_meant: impl Fn(IssuerRole) -> bool,
        is_due: impl Fn(&CrlRecord) -> bool,
    ) -> Result<(), Error> {
        let mut outcome = Ok(());
        for record in self.issuers.records().await?.into_iter().filter(|record| is_meant(record.role)) {
            if let Err(error) = self.publish_issuer(&record, &is_due).await {
                let (issuer, error_text) = (&record.id, &error as &dyn std::error::Error);
                tracing::error!(%issuer, error = error_text, "the CRLs of an issuer were not published");
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    }

    async fn publish_issuer(&self, record: &IssuerRecord, is_due: impl Fn(&CrlRecord) -> bool) -> Result<(), Error> {
        if record.certificate.is_none() {
            return Ok(());
        }
        self.files.publish(record).await?;
        if self.issuers.issuer(&record.id).await?.ends_at() <= self.clock.now() {
            // All certificates that it issued have expired too.
            return Ok(());
        }
        for shard in 0..record.crl_shards {
            if !self.publish_unless(&record.id, shard, &is_due).await? {
                self.make(&CrlTask { issuer: record.id.clone(), shard }).await?;
            }
        }
        Ok(())
    }

    /// Publishes the stored CRL, and returns whether there was one that is not due.
    async fn publish_unless(
        &self,
        issuer: &IssuerId,
        shard: u16,
        is_due: impl Fn(&CrlRecord) -> bool,
    ) -> Result<bool, Error> {
        let _turn = self.publishing.lock().await;
        match self.crls.crl(issuer, shard).await? {
            Some(crl) if !is_due(&crl) && !self.misses_revocation(&crl).await? => {
                self.publish(crl).await.map(|()| true)
            }
            _ => Ok(false),
        }
    }

    /// Whether a revocation, or the reason that it was raised to, is not on the CRL, because a
    /// process crashed before it requested one.
    /// Times are whole seconds: a CRL of the same second may have been generated before.
    async fn misses_revocation(&self, crl: &CrlRecord) -> Result<bool, Error> {
        let revoked = self.revoked_certificates(&crl.issuer, crl.shard, self.clock.now()).await?;
        Ok(revoked.iter().any(|(_, since)| *since >= crl.made_at()))
    }

    /// The entries for the certificates of a shard whose validity ends after `ended_after`, each
    /// with the time since which CRLs have to have it: those of the store, and issuing CAs that the
    /// issuer certified. The latter are in the records of the issuers.
    async fn revoked_certificates(
        &self,
        issuer: &IssuerId,
        shard: u16,
        ended_after: Timestamp,
    ) -> Result<Vec<(CrlEntry, Timestamp)>, Error> {
        let leaves = self.crls.revoked_certificates(issuer, shard, ended_after).await?.into_iter().map(|revoked| {
            let (since, reason_code) = (revoked.listed_since(), revoked.reason.code());
            (CrlEntry { serial: revoked.serial, revoked_at: revoked.at, reason_code }, since)
        });
        let mut entries: Vec<_> = leaves.collect();
        let certifies_issuers = self.issuers.issuer(issuer).await?.role == IssuerRole::Root;
        let records = if certifies_issuers { self.issuers.records().await? } else { Vec::new() };
        for record in records.into_iter().filter(|record| record.parent == *issuer && record.id != *issuer) {
            let (Some(Der(der)), Some(revocation)) = (&record.certificate, &record.revocation) else { continue };
            let certificate = Certificate::from_der(der).map_err(Failure::issuing)?;
            // Certificates of CAs are few: all of them are in the first shard.
            if shard == 0 && certificate.not_after() > ended_after {
                let (serial, reason_code) = (certificate.certificate_id().serial().clone(), revocation.reason.code());
                let entry = CrlEntry { serial, revoked_at: revocation.at, reason_code };
                entries.push((entry, revocation.listed_since()));
            }
        }
        Ok(entries)
    }

    async fn make_crl(
        &self,
        issuer: &LoadedIssuer,
        shard: u16,
        number: u64,
        last: Option<&CrlRecord>,
    ) -> Result<CrlRecord, Error> {
        let now = acme::whole_seconds(self.clock.now());
        let this_update = begin(issuer, last, now);
        // An entry stays on one CRL after its certificate has expired (RFC 5280 §3.3).
        let revoked = self.revoked_certificates(&issuer.id, shard, now - life(issuer.role, true)).await?;
        let next_update = (now + life(issuer.role, !revoked.is_empty())).min(issuer.ends_at());
        let entries = revoked.into_iter().map(|(entry, _)| entry);
        let distribution = match issuer.crl_shards {
            0 | 1 => None,
            _ => self.status_url.pointers(&issuer.id, shard).crl,
        };
        let tbs = CrlTbs::build(&issuer.issuer, number, this_update, next_update, entries, distribution.as_deref())
            .map_err(Failure::issuing)?;
        let crl = tbs.sign(&issuer.issuer, self.signer.as_ref(), &issuer.key).await.map_err(|error| match error {
            CrlError::Sign(error) => Failure::Sign(error),
            other => Failure::issuing(other),
        })?;
        let (issuer, der, signer_request) = (issuer.id.clone(), crl.value.der().to_vec(), crl.signer_request);
        let made_at = Some(now).filter(|made_at| *made_at != this_update);
        Ok(CrlRecord { issuer, shard, number, this_update, next_update, der, signer_request, made_at })
    }

    /// Publishes a stored CRL, and then any that have replaced it in the meantime.
    async fn publish(&self, crl: CrlRecord) -> Result<(), Error> {
        let mut newest = crl;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let CrlRecord { issuer, shard, number, next_update, der, .. } = newest;
            let object = PublishedObject {
                path: crl_path(&issuer, shard),
                media_type: "application/pkix-crl",
                max_age: FIVE_MINUTES,
                bytes: der,
            };
            self.publisher.publish(object).await?;
            let seconds_left = next_update.duration_since(self.clock.now()).as_secs();
            tracing::info!(%issuer, shard, number, seconds_left, "a CRL is published");
            newest = match self.crls.crl(&issuer, shard).await? {
                Some(newer) if newer.number > number => newer,
                _ => return Ok(()),
            };
        }
    }
}

/// The `thisUpdate` of a CRL that is made now. It is backdated for relying parties whose clocks are
/// slow, but neither to before the issuer began nor to before the last CRL, which some of them
/// would then take for the newer one. A last CRL of the future is from a clock that was ahead.
fn begin(issuer: &LoadedIssuer, last: Option<&CrlRecord>, now: Timestamp) -> Timestamp {
    let not_before = [Some(issuer.issuer.not_before()), last.map(|last| last.this_update)];
    let not_before = not_before.into_iter().flatten().filter(|time| *time <= now);
    not_before.fold(now - issuer.crl_backdate.duration(), Timestamp::max)
}

/// Past half of its lifetime, or from the future: then it was made while the clock was ahead.
fn is_due(crl: &CrlRecord, now: Timestamp) -> bool {
    let made_at = crl.made_at();
    now < made_at || now >= made_at + crl.next_update.duration_since(made_at) / 2
}

/// The time from `thisUpdate` to `nextUpdate`. A root rarely revokes, and its key is used as rarely
/// as possible; once it has revoked, those who keep a CRL learn of the next revocation sooner.
fn life(role: IssuerRole, has_entries: bool) -> SignedDuration {
    match (role, has_entries) {
        (IssuerRole::Root, false) => SignedDuration::from_hours(180 * 24),
        (IssuerRole::Root, true) => SignedDuration::from_hours(30 * 24),
        (IssuerRole::Issuing, _) => SignedDuration::from_hours(7 * 24),
    }
}

const FIVE_MINUTES: u32 = 5 * 60;
