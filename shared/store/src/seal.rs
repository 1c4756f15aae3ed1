//! Seals: what the CA signed about the receipts of a period. Each seal names the one before it, so
//! that no receipt can be changed, added or left out later without another chain.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Page, Sha256Digest, StoreError, Versioned};

/// Access to the digests of receipts, and to the seals of these.
#[async_trait]
pub trait SealStore: Send + Sync {
    /// The digests of the receipts that were written from `from` (inclusive) to `until`
    /// (exclusive), in any order, of the certificates whose validity ends at `from` or later, and
    /// before `latest`. All certificates that end in that time are looked at. Receipts of the last
    /// seconds may be missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn receipts_written(
        &self,
        from: Timestamp,
        until: Timestamp,
        latest: Timestamp,
    ) -> Result<Vec<Sha256Digest>, StoreError>;

    /// The seals that come after the one at `after`, in the order of the chain, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn seals(&self, after: Option<SealPlace>, limit: usize) -> Result<Page<Seal>, StoreError>;

    /// The last seal of the chain, or of its part before the place `before`; `None` if there is
    /// none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn last_seal(&self, before: Option<SealPlace>) -> Result<Option<Seal>, StoreError>;

    /// Stores the next seal.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when its place is taken by another; [`StoreError::Unavailable`].
    async fn put_seal(&self, seal: &Versioned<Seal>) -> Result<(), StoreError>;
}

/// A seal, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seal {
    /// Where it is in the chain.
    #[serde(flatten)]
    pub place: SealPlace,
    /// The end of the period, exclusive.
    pub until: Timestamp,
    /// The number of seals that the period has.
    pub parts: u32,
    /// A JWS in compact form (RFC 7515 §3.1), signed with the key of an issuing CA.
    pub jws: String,
    /// The request id that the signer assigned to the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer_request: Option<String>,
}

/// The place of a seal in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealPlace {
    /// The beginning of its period.
    pub from: Timestamp,
    /// Its number among the seals of the period, from 0.
    pub part: u32,
}

/// What the CA signs about a period, or about a part of it: the payload of a seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedPeriod {
    /// The number of the seal in the chain, from 0.
    pub number: u64,
    /// The digest of the text of the seal before it; absent in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Sha256Digest>,
    /// The beginning of the period.
    pub from: Timestamp,
    /// The end of the period, exclusive.
    pub until: Timestamp,
    /// The number of this seal among those of the period, from 0.
    pub part: u32,
    /// The number of seals that the period has.
    pub parts: u32,
    /// The digests of the receipts that were written in the period, or of this part of them,
    /// sorted.
    pub receipts: Vec<Sha256Digest>,
}

impl SealedPeriod {
    /// The type of the statement that a seal is (`typ` in its header).
    pub const TYPE: &str = "acme-receipts+jws";

    /// Whether the period has this time.
    pub fn has(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether it is the one right after `before` in the chain, whose text has that digest.
    pub fn follows(&self, before: &Self, digest: Sha256Digest) -> bool {
        let next_part = before.part.checked_add(1).filter(|part| *part < before.parts);
        let is_next = match next_part {
            Some(part) => {
                (self.from, self.until, self.part, self.parts) == (before.from, before.until, part, before.parts)
            }
            None => (self.from, self.part) == (before.until, 0) && self.from < self.until,
        };
        is_next && self.previous == Some(digest) && Some(self.number) == before.number.checked_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_next_part_or_the_period_right_after_the_last_part_follows() {
        let at = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let text = Sha256Digest::of(b"the seal before");
        let first = SealedPeriod {
            number: 3,
            previous: None,
            from: at(1),
            until: at(2),
            part: 0,
            parts: 2,
            receipts: Vec::new(),
        };
        let second = SealedPeriod { number: 4, previous: Some(text), part: 1, ..first.clone() };
        let third = SealedPeriod { number: 5, from: at(2), until: at(9), part: 0, parts: 1, ..second.clone() };
        assert!(second.follows(&first, text) && third.follows(&second, text));
        assert!(first.has(at(1)) && !first.has(at(2)));
        let others = [
            SealedPeriod { number: 6, ..third.clone() },
            SealedPeriod { previous: Some(Sha256Digest::of(b"")), ..third.clone() },
            SealedPeriod { previous: None, ..third.clone() },
            SealedPeriod { from: at(3), ..third.clone() },
            SealedPeriod { until: at(2), ..third.clone() },
            SealedPeriod { part: 1, ..third.clone() },
        ];
        for other in others {
            assert!(!other.follows(&second, text), "{other:?}");
        }
        for other in [third.clone(), first.clone(), SealedPeriod { parts: 3, ..second.clone() }] {
            assert!(!other.follows(&first, text), "{other:?}");
        }
        let last = SealedPeriod { number: u64::MAX, ..second.clone() };
        assert!(!third.follows(&last, text));
        let odd = SealedPeriod { part: u32::MAX, ..second };
        assert!(third.follows(&odd, text), "the one before has no further part");
    }
}
