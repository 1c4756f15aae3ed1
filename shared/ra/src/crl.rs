//! CRLs: made when something is revoked, and again before the last one ends.

use ca::{CrlEntry, CrlError, CrlTbs};
use jiff::{SignedDuration, Timestamp};
use store::{CrlRecord, IssuerId};

use crate::{
    Authority, CrlTask, Error, PublishedObject,
    authority::{ROUNDS, applied},
    issuance::issuing,
    issuer::{LoadedIssuer, certificate_path, crl_path},
};

impl Authority {
    /// Makes and publishes a CRL with everything that is revoked by now, under the next number.
    ///
    /// # Errors
    /// When it could not be signed, stored or published; the task should come back.
    pub async fn publish_crl(&self, task: &CrlTask) -> Result<(), Error> {
        let issuer = self.issuer(&task.issuer).await?;
        let _turn = self.publishing.lock().await;
        for _ in 0..ROUNDS {
            let last = self.store.crl(&task.issuer, task.shard).await?;
            let number = last.map_or(1, |last| last.number + 1);
            let crl = self.make_crl(&issuer, task.shard, number).await?;
            if applied(self.store.put_crl(&crl).await)? {
                return self.publish(crl).await;
            }
            // Another worker took the number, and its list may be older than ours.
        }
        Err(Error::Busy)
    }

    /// Publishes every issuer's certificate, and makes the CRLs anew that are missing or past half of
    /// their life.
    ///
    /// # Errors
    /// When one of them could not be made or published.
    pub async fn publish_what_is_due(&self) -> Result<(), Error> {
        self.publish_issuers(|crl| self.now() >= half_time(crl)).await
    }

    /// Publishes every issuer's certificate and makes every CRL anew, with what was revoked just
    /// before a crash.
    ///
    /// # Errors
    /// When one of them could not be made or published.
    pub async fn publish_everything(&self) -> Result<(), Error> {
        self.publish_issuers(|_| true).await
    }

    async fn publish_issuers(&self, is_due: impl Fn(&CrlRecord) -> bool) -> Result<(), Error> {
        for record in self.store.issuers().await? {
            let object = PublishedObject {
                path: certificate_path(&record.id),
                media_type: "application/pkix-cert",
                max_age: DAY,
                bytes: record.certificate,
            };
            self.publisher.publish(object).await?;
            if self.issuer(&record.id).await?.ends_at() <= self.now() {
                // Everything that it issued has ended too.
                continue;
            }
            for shard in 0..record.crl_shards {
                if !self.publish_unless(&record.id, shard, &is_due).await? {
                    self.publish_crl(&CrlTask { issuer: record.id.clone(), shard }).await?;
                }
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
        match self.store.crl(issuer, shard).await? {
            Some(crl) if !is_due(&crl) => self.publish(crl).await.map(|()| true),
            _ => Ok(false),
        }
    }

    async fn make_crl(&self, issuer: &LoadedIssuer, shard: u16, number: u64) -> Result<CrlRecord, Error> {
        let this_update = acme::whole_seconds(self.now());
        let next_update = (this_update + LIFE).min(issuer.ends_at());
        // An entry stays one CRL longer than its certificate lives (RFC 5280 §3.3).
        let revoked = self.store.revoked_certificates(&issuer.id, shard, this_update - LIFE).await?;
        let entries = revoked.into_iter().map(|revoked| CrlEntry {
            serial: revoked.serial,
            revoked_at: revoked.at,
            reason: revoked.reason,
        });
        let distribution = match issuer.crl_shards {
            0 | 1 => None,
            _ => self.pointers(&issuer.id, shard).crl,
        };
        let tbs = CrlTbs::build(&issuer.issuer, number, this_update, next_update, entries, distribution.as_deref())
            .map_err(issuing)?;
        let crl = tbs.sign(&issuer.issuer, self.signer.as_ref(), &issuer.key).await.map_err(|error| match error {
            CrlError::Sign(error) => Error::Sign(error),
            other => issuing(other),
        })?;
        Ok(CrlRecord { issuer: issuer.id.clone(), shard, number, this_update, next_update, der: crl.der().to_vec() })
    }

    async fn publish(&self, crl: CrlRecord) -> Result<(), Error> {
        let object = PublishedObject {
            path: crl_path(&crl.issuer, crl.shard),
            media_type: "application/pkix-crl",
            max_age: FIVE_MINUTES,
            bytes: crl.der,
        };
        Ok(self.publisher.publish(object).await?)
    }
}

fn half_time(crl: &CrlRecord) -> Timestamp {
    crl.this_update + crl.next_update.duration_since(crl.this_update) / 2
}

/// From one CRL to the latest date of the next.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
const DAY: u32 = 24 * 60 * 60;
const FIVE_MINUTES: u32 = 5 * 60;
