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
    /// The first call begins the chain with a seal that has no receipts. Costs one read when
    /// nothing is due.
    ///
    /// # Errors
    /// Nothing can be signed or stored now, or what is stored contradicts the chain.
    pub async fn seal_due(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let mut last = match self.store.last_seal(None).await? {
            Some(last) => Some(Sealed::read(last)?),
            None => self.append(first_of_chain(day_of(now - BEFORE_FIRST))).await?,
        };
        let ended = day_of(now - SETTLED);
        while let Some((period, before)) = last.as_ref().and_then(|last| Some((last.due(ended)?, last))) {
            last = self.seal(period, before).await?;
        }
        Ok(())
    }

    /// Begins the chain if there is none, and returns whether there are days to be sealed, for
    /// which all certificates will be looked at.
    ///
    /// # Errors
    /// As [`Sealing::seal_due`].
    pub async fn begin(&self) -> Result<bool, Error> {
        match self.store.last_seal(None).await? {
            None => self.seal_due().await.map(|()| false),
            Some(last) => Ok(Sealed::read(last)?.due(day_of(self.clock.now() - SETTLED)).is_some()),
        }
    }

    /// Stores the seals of a period, or the rest of them, and returns the last; `None` if another
    /// process seals the same.
    async fn seal(&self, Due { from, until, sealed }: Due, before: &Sealed) -> Result<Option<Sealed>, Error> {
        let digests = self.digests(from, until).await?;
        let mut parts: Vec<&[Sha256Digest]> = digests.chunks(MOST_OF_SEAL).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        if sealed > 0 && count != before.period.parts {
            // A receipt of the period was removed or added since.
            return Err(Failure::RecordLost("receipt").into());
        }
        let (mut number, mut previous) = (before.period.number, before.digest);
        let mut last = None;
        for (part, receipts) in (0..count).zip(parts).skip(sealed as usize) {
            number += 1;
            let receipts = receipts.to_vec();
            let period = SealedPeriod { number, previous: Some(previous), from, until, part, parts: count, receipts };
            let Some(seal) = self.append(period).await? else { return Ok(None) };
            previous = seal.digest;
            last = Some(seal);
        }
        tracing::info!(%from, %until, receipts = digests.len(), "the receipts are sealed");
        Ok(last)
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
    /// What is to be sealed next, of the days that have ended: the rest of its own period, or all
    /// days after that.
    fn due(&self, ended: Timestamp) -> Option<Due> {
        let SealedPeriod { from, until, part, parts, .. } = self.period;
        if part + 1 < parts {
            return Some(Due { from, until, sealed: part + 1 });
        }
        (until < ended).then_some(Due { from: until, until: ended, sealed: 0 })
    }

    fn read(seal: Seal) -> Result<Self, Error> {
        let statement = Statement::verify(SealedPeriod::TYPE, &seal.jws).map_err(Failure::issuing)?;
        let period = serde_json::from_slice(statement.payload()).map_err(Failure::issuing)?;
        Ok(Self { period, digest: Sha256Digest::of(seal.jws.as_bytes()) })
    }
}

/// A period that is to be sealed.
struct Due {
    from: Timestamp,
    until: Timestamp,
    /// How many seals it has already.
    sealed: u32,
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
