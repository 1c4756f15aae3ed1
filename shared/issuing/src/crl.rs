//! CRLs: made when something is revoked, and again before the last one ends.
//!
//! Several processes may publish at the same time. Whoever has published looks at the store again and
//! publishes what is newer, so the last to write always leaves the newest CRL behind.

use std::sync::Arc;

use authority::{Clock, CrlTask, Failure, PublishedObject, Publisher, Rounds, applied};
use ca::{CrlEntry, CrlError, CrlTbs, Signer};
use jiff::{SignedDuration, Timestamp};
use store::{CrlRecord, CrlStore, IssuerId, IssuerRecord, IssuerRole};
use tokio::sync::Mutex;

use crate::{Error, IssuerFiles, Issuers, LoadedIssuer, StatusUrl, status_url::crl_path};

/// Signs CRLs and publishes them.
pub struct Crls {
    issuers: Arc<Issuers>,
    crls: Arc<dyn CrlStore>,
    signer: Arc<dyn Signer>,
    publisher: Arc<dyn Publisher>,
    files: IssuerFiles,
    status_url: StatusUrl,
    clock: Arc<dyn Clock>,
    /// Held from reading a CRL to publishing it, so that an older one never takes a newer one's place.
    publishing: Mutex<()>,
}

impl Crls {
    /// With the keys of this signer, to this place. One for each process.
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

    /// Makes and publishes a CRL with everything that is revoked by now, under the next number. With an
    /// issuer's first one its certificate is published, too.
    ///
    /// # Errors
    /// When it could not be signed, stored or published; the task should come back.
    pub async fn make(&self, task: &CrlTask) -> Result<(), Error> {
        let issuer = self.issuers.issuer(&task.issuer).await?;
        let _turn = self.publishing.lock().await;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let last = self.crls.crl(&task.issuer, task.shard).await?;
            let number = number_after(last.as_ref(), self.clock.now());
            let crl = self.make_crl(&issuer, task.shard, number).await?;
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
            // Another worker took the number, and its list may be older than ours.
        }
    }

    /// Publishes the certificates of all issuers of this role, and makes those of their CRLs anew that
    /// are missing or past half of their life. The roles are asked for one by one because their keys
    /// are in different hands.
    ///
    /// # Errors
    /// When one of them could not be made or published.
    pub async fn make_due(&self, role: IssuerRole) -> Result<(), Error> {
        self.publish_issuers(|of| of == role, |crl| self.clock.now() >= half_time(crl)).await
    }

    /// Publishes every issuer's certificate and makes every CRL anew, with what was revoked just
    /// before a crash.
    ///
    /// # Errors
    /// When one of them could not be made or published.
    pub async fn make_all(&self) -> Result<(), Error> {
        self.publish_issuers(|_| true, |_| true).await
    }

    /// An issuer that fails, such as one whose key is lost, does not keep the others from their CRLs.
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
            // Everything that it issued has ended too.
            return Ok(());
        }
        for shard in 0..record.crl_shards {
            if !self.publish_unless(&record.id, shard, &is_due).await? {
                self.make(&CrlTask { issuer: record.id.clone(), shard }).await?;
            }
        }
        Ok(())
    }

    /// Publishes the stored CRL, and tells whether there was one that is not due.
    async fn publish_unless(
        &self,
        issuer: &IssuerId,
        shard: u16,
        is_due: impl Fn(&CrlRecord) -> bool,
    ) -> Result<bool, Error> {
        let _turn = self.publishing.lock().await;
        match self.crls.crl(issuer, shard).await? {
            Some(crl) if !is_due(&crl) => self.publish(crl).await.map(|()| true),
            _ => Ok(false),
        }
    }

    async fn make_crl(&self, issuer: &LoadedIssuer, shard: u16, number: u64) -> Result<CrlRecord, Error> {
        let this_update = acme::whole_seconds(self.clock.now());
        let life = life(issuer.role);
        let next_update = (this_update + life).min(issuer.ends_at());
        // An entry stays one CRL longer than its certificate lives (RFC 5280 §3.3).
        let revoked = self.crls.revoked_certificates(&issuer.id, shard, this_update - life).await?;
        let entries = revoked.into_iter().map(|revoked| CrlEntry {
            serial: revoked.serial,
            revoked_at: revoked.at,
            reason: revoked.reason,
        });
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
        Ok(CrlRecord { issuer, shard, number, this_update, next_update, der, signer_request })
    }

    /// Publishes a CRL that is stored, and after it those that took its place meanwhile.
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

/// The next number: higher than the last, and never below the second in which it is made. So the
/// numbers go on rising for relying parties also after the store was restored from a backup.
fn number_after(last: Option<&CrlRecord>, now: Timestamp) -> u64 {
    let second = u64::try_from(now.as_second()).unwrap_or(0);
    last.map_or(second, |last| second.max(last.number.saturating_add(1)))
}

fn half_time(crl: &CrlRecord) -> Timestamp {
    crl.this_update + crl.next_update.duration_since(crl.this_update) / 2
}

/// From one CRL to the latest date of the next. A root revokes hardly ever, and its key is used as
/// rarely as it can be.
fn life(role: IssuerRole) -> SignedDuration {
    match role {
        IssuerRole::Root => SignedDuration::from_hours(180 * 24),
        IssuerRole::Issuing => SignedDuration::from_hours(7 * 24),
    }
}

const FIVE_MINUTES: u32 = 5 * 60;
