//! Seals: a CA signs, day by day, the digests of the receipts that it wrote.
//!
//! A day is sealed after it has ended and every receipt of it is certainly stored, so the digests
//! of a day are the same whichever process reads them, and several processes may seal at once: the
//! store takes each place of the chain once. A process that ends between two seals of a day is
//! continued by the next.

use std::sync::Arc;

use acme::ProfileName;
use authority::{Clock, Failure, applied, versioned};
use ca::{Signer, Statement};
use jiff::{SignedDuration, Timestamp};
use store::{IssuerRole, IssuerState, ProfileStore, Seal, SealPlace, SealStore, SealedPeriod, Sha256Digest};

use crate::{Error, Issuers, LoadedIssuer};

/// Seals the receipts of past days.
pub struct Sealing {
    issuers: Arc<Issuers>,
    store: Arc<dyn SealStore>,
    profiles: Arc<dyn ProfileStore>,
    signer: Arc<dyn Signer>,
    clock: Arc<dyn Clock>,
}

impl Sealing {
    /// Seals what is in this store with the keys of these issuers.
    pub fn new(
        issuers: Arc<Issuers>,
        store: Arc<dyn SealStore>,
        profiles: Arc<dyn ProfileStore>,
        signer: Arc<dyn Signer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { issuers, store, profiles, signer, clock }
    }

    /// Seals the days that have ended since the last seal, an hour after the end of the last one.
    /// The first call begins the chain, with a seal that has no receipts. Costs one read when
    /// nothing is due.
    ///
    /// # Errors
    /// Nothing can be signed or stored now, or what is stored contradicts the chain.
    pub async fn seal_due(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let Some(last) = self.store.last_seal(None).await? else {
            return self.append(first_of_chain(day_of(now - BEFORE_FIRST))).await.map(drop);
        };
        let mut last = Sealed::read(last)?;
        let is_begun = last.period.part + 1 < last.period.parts;
        let (from, until) =
            if is_begun { (last.period.from, last.period.until) } else { (last.period.until, day_of(now - SETTLED)) };
        if from >= until {
            return Ok(());
        }
        let digests = self.digests(from, until).await?;
        let parts: Vec<Vec<Sha256Digest>> = if digests.is_empty() {
            vec![Vec::new()]
        } else {
            digests.chunks(MOST_OF_SEAL).map(<[_]>::to_vec).collect()
        };
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let done = if is_begun { last.period.part + 1 } else { 0 };
        if is_begun && count != last.period.parts {
            // A receipt of the period was removed or added since.
            return Err(Failure::RecordLost("receipt").into());
        }
        for (part, receipts) in (0..count).zip(parts).skip(done as usize) {
            let number = last.period.number + 1;
            let previous = Some(last.digest);
            let period = SealedPeriod { number, previous, from, until, part, parts: count, receipts };
            match self.append(period).await? {
                Some(sealed) => last = sealed,
                // Another process seals the same.
                None => return Ok(()),
            }
        }
        tracing::info!(%from, %until, receipts = digests.len(), "the receipts are sealed");
        Ok(())
    }

    /// Signs and stores the next seal; `None` if another process stored one.
    async fn append(&self, period: SealedPeriod) -> Result<Option<Sealed>, Error> {
        let Some(issuer) = self.sealing_issuer().await? else {
            tracing::warn!("no issuing CA is valid now, so the receipts are sealed later");
            return Ok(None);
        };
        let payload = serde_json::to_vec(&period).map_err(Failure::issuing)?;
        let signed =
            Statement::sign(SealedPeriod::TYPE, &payload, &issuer.issuer, self.signer.as_ref(), &issuer.key).await;
        let signed = signed.map_err(|error| match error {
            ca::StatementError::Sign(error) => Failure::Sign(error),
            other => Failure::issuing(other),
        })?;
        let seal = Seal {
            place: SealPlace { from: period.from, part: period.part },
            until: period.until,
            parts: period.parts,
            jws: signed.value,
            signer_request: signed.signer_request,
        };
        let digest = Sha256Digest::of(seal.jws.as_bytes());
        let is_ours = applied(self.store.put_seal(&versioned(seal)?).await)?;
        Ok(is_ours.then_some(Sealed { period, digest }))
    }

    /// The digests of the receipts of the period, sorted.
    async fn digests(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Sha256Digest>, Error> {
        // What was written in the period ended in it at the earliest.
        let latest = until + POSTDATED + self.longest_validity().await?;
        let mut digests = self.store.receipts_written(from, until, latest).await?;
        digests.sort_unstable();
        Ok(digests)
    }

    /// The longest time that certificates may be valid.
    async fn longest_validity(&self) -> Result<SignedDuration, Error> {
        let (mut longest, mut after): (_, Option<ProfileName>) = (AT_LEAST, None);
        loop {
            let page = self.profiles.ra_profiles_page(after.as_ref(), PAGE).await?;
            let of_profiles = page.items.iter().map(|profile| profile.certificate_validity.maximum);
            let of_profiles = of_profiles.max().unwrap_or_default();
            longest = longest.max(SignedDuration::from_secs(of_profiles.into()));
            after = page.items.into_iter().next_back().map(|profile| profile.name);
            if !page.more {
                return Ok(longest);
            }
        }
    }

    /// The issuing CA that signs seals: one that issues before one that is retired, and the one
    /// that ends last.
    async fn sealing_issuer(&self) -> Result<Option<Arc<LoadedIssuer>>, Error> {
        let mut candidates = Vec::new();
        for record in self.issuers.records().await?.iter().filter(|record| record.role == IssuerRole::Issuing) {
            let state = record.state();
            if record.certificate.is_some() && state != IssuerState::Revoked {
                let issuer = self.issuers.issuer(&record.id).await?;
                if let Ok(issuer) = issuer.valid_at(self.clock.now()) {
                    candidates.push((state == IssuerState::Active, issuer.ends_at(), issuer));
                }
            }
        }
        Ok(candidates.into_iter().max_by_key(|(is_active, ends_at, _)| (*is_active, *ends_at)).map(|(.., it)| it))
    }
}

/// A seal of the chain.
struct Sealed {
    period: SealedPeriod,
    /// That of its text, by which the next one names it.
    digest: Sha256Digest,
}

impl Sealed {
    fn read(seal: Seal) -> Result<Self, Error> {
        let statement = Statement::verify(SealedPeriod::TYPE, &seal.jws).map_err(Failure::issuing)?;
        let period = serde_json::from_slice(statement.payload()).map_err(Failure::issuing)?;
        Ok(Self { period, digest: Sha256Digest::of(seal.jws.as_bytes()) })
    }
}

/// It says from when on the chain has every receipt.
fn first_of_chain(until: Timestamp) -> SealedPeriod {
    let from = Timestamp::UNIX_EPOCH;
    SealedPeriod { number: 0, previous: None, from, until, part: 0, parts: 1, receipts: Vec::new() }
}

/// The beginning of the day (UTC) of that time.
fn day_of(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(A_DAY)).unwrap_or(at)
}

const A_DAY: i64 = 24 * 60 * 60;

/// How long after it was written a receipt is certainly stored: no request takes as long.
const SETTLED: SignedDuration = SignedDuration::from_hours(1);

/// How long before its first seal the chain begins, so that it has the receipts from before the
/// first run of this, too.
const BEFORE_FIRST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long after it is written a certificate begins at the latest, and an hour.
const POSTDATED: SignedDuration = SignedDuration::from_hours(25);

/// How long certificates may be valid at least, as far as this looks: a profile that was made
/// shorter, or deleted, allowed longer lives before.
const AT_LEAST: SignedDuration = SignedDuration::from_hours(400 * 24);

/// The most receipts of a seal: its text is some 62 kB then, of the 400 kB of an item.
const MOST_OF_SEAL: usize = 1_000;

/// How many profiles are read at once.
const PAGE: usize = 100;
