//! Many certificates, gone through piece by piece by the narrowest look-up that leads to them.
//!
//! No piece takes long, however many there are: it ends after
//! a given number of certificates, or after a number of days on which
//! none ends. What has ended is passed over.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use acme::{AccountId, CertificateId, DirectoryId, Identifier, OrderId};
use authority::{Clock, Failure};
use ca::Certificate;
use jiff::{SignedDuration, Timestamp};
use jose::Thumbprint;
use ra::directory_of;
use store::{
    AccountStore, CertificateEntry, CertificateRecord, IssuerId, IssuerRole, IssuerStore, LookupStore, Page, Position,
    Selection, Versioned,
};

use crate::Error;

/// A slice of the selected certificates.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The selected certificates that have not expired, including revoked ones.
    pub certificates: Vec<Versioned<CertificateRecord>>,
    /// The number of certificates that were looked at.
    pub looked_at: usize,
    /// Where the next slice starts; `None` if this was the last one.
    pub next: Option<Position>,
}

/// Goes through many certificates.
pub struct Selections {
    lookup: Arc<dyn LookupStore>,
    accounts: Arc<dyn AccountStore>,
    issuers: Arc<dyn IssuerStore>,
    per_slice: usize,
    clock: Arc<dyn Clock>,
}

impl Selections {
    /// Selects from this store, at most `per_slice` certificates in a piece.
    pub fn new(
        lookup: Arc<dyn LookupStore>,
        accounts: Arc<dyn AccountStore>,
        issuers: Arc<dyn IssuerStore>,
        per_slice: usize,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { lookup, accounts, issuers, per_slice, clock }
    }

    /// The slice of the selected certificates that starts at `position`; the first one if that is
    /// `None` or belongs to another look-up.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn slice(&self, selection: &Selection, position: Option<&Position>) -> Result<Slice, Error> {
        let meant = |certificate: &CertificateRecord, directory: Option<&DirectoryId>| {
            selection.includes(certificate, directory)
        };
        self.select(selection, position, meant).await
    }

    /// Makes a piece of all certificates that have not expired findable by their keys, those of
    /// versions that did not record the key included. Returns how many were looked at, and where
    /// the next piece starts.
    ///
    /// # Errors
    /// When the store cannot answer; the same piece can be asked for again.
    pub async fn index_keys(&self, position: Option<&Position>) -> Result<(usize, Option<Position>), Error> {
        let Slice { certificates, looked_at, next } = self.slice(&Selection::default(), position).await?;
        self.lookup.index_keys(&certificates).await?;
        Ok((looked_at, next))
    }

    /// The issuers that sign certificates, or have signed some.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn issuers(&self) -> Result<BTreeSet<IssuerId>, Error> {
        let issuers = self.issuers.issuers().await?.into_iter();
        Ok(issuers.filter(|issuer| issuer.role == IssuerRole::Issuing).map(|issuer| issuer.id).collect())
    }

    /// The same, for certificates that also satisfy `meant`.
    pub(crate) async fn select(
        &self,
        selection: &Selection,
        position: Option<&Position>,
        meant: impl Fn(&CertificateRecord, Option<&DirectoryId>) -> bool,
    ) -> Result<Slice, Error> {
        let (entries, next) = match (selection, position) {
            (Selection { name: Some(name), .. }, Some(Position::Before(entry))) => {
                self.named(name, Some(entry)).await?
            }
            (Selection { name: Some(name), .. }, _) => self.named(name, None).await?,
            (Selection { key: Some(key), .. }, Some(Position::Before(entry))) => self.keyed(key, Some(entry)).await?,
            (Selection { key: Some(key), .. }, _) => self.keyed(key, None).await?,
            (Selection { account: Some(id), .. }, Some(Position::OlderThan(order))) => {
                self.ordered_by(*id, Some(*order)).await?
            }
            (Selection { account: Some(id), .. }, _) => self.ordered_by(*id, None).await?,
            _ => self.ending(selection, position).await?,
        };
        let ids: Vec<CertificateId> = entries.into_iter().map(|entry| entry.id).collect();
        let (mut certificates, mut directories) = (Vec::new(), HashMap::new());
        for record in self.lookup.certificates(&ids).await? {
            let directory = match (&selection.directory, &record.directory, record.account) {
                (Some(_), None, Some(account)) => {
                    directory_of(self.accounts.as_ref(), account, &mut directories).await?
                }
                _ => None,
            };
            if record.not_after > self.clock.now() && meant(&record, directory.as_ref()) {
                certificates.push(record);
            }
        }
        Ok(Slice { certificates, looked_at: ids.len(), next })
    }

    /// The certificates with the identifier, latest expiry first.
    async fn named(&self, name: &Identifier, before: Option<&CertificateEntry>) -> Result<FoundEntries, Error> {
        Ok(self.good_of(self.lookup.certificates_by_name(name, before, self.per_slice).await?))
    }

    /// The certificates with the key, latest expiry first.
    async fn keyed(&self, key: &Thumbprint, before: Option<&CertificateEntry>) -> Result<FoundEntries, Error> {
        Ok(self.good_of(self.lookup.certificates_by_key(key, before, self.per_slice).await?))
    }

    /// Those of a page that have not expired, and where the next page starts.
    fn good_of(&self, page: Page<CertificateEntry>) -> FoundEntries {
        let now = self.clock.now();
        let good: Vec<_> = page.items.into_iter().take_while(|entry| entry.not_after > now).collect();
        let goes_on = page.more && good.len() == self.per_slice;
        let next = good.last().filter(|_| goes_on).cloned().map(Position::Before);
        (good, next)
    }

    /// The certificates of the account's orders, newest order first.
    async fn ordered_by(&self, account: AccountId, before: Option<OrderId>) -> Result<FoundEntries, Error> {
        let most = self.per_slice.min(MAX_ORDERS);
        let page = self.lookup.certificates_of_account(account, before, most).await?;
        Ok((page.certificates, page.next.map(Position::OlderThan)))
    }

    /// All certificates, earliest expiry first.
    async fn ending(&self, selection: &Selection, position: Option<&Position>) -> Result<FoundEntries, Error> {
        let (most, last) = (self.per_slice, self.last_end(selection).await?);
        let (mut from, mut after) = match position {
            Some(Position::Behind(entry)) => (entry.not_after, Some(entry.clone())),
            Some(Position::EndingFrom(from)) => (*from, None),
            _ => (self.clock.now(), None),
        };
        let mut found = Vec::new();
        for _ in 0..PORTIONS {
            let until = from.checked_add(PORTION).unwrap_or(Timestamp::MAX).min(last);
            let page =
                self.lookup.certificates_ending(from, until, after.as_ref(), most.saturating_sub(found.len())).await?;
            found.extend(page.items);
            if page.more {
                let behind = found.last().cloned().map(Position::Behind);
                return Ok((found, behind));
            }
            if until >= last {
                return Ok((found, None));
            }
            (from, after) = (until, None);
            if found.len() >= most {
                break;
            }
        }
        Ok((found, Some(Position::EndingFrom(from))))
    }

    /// The time after which no certificate expires, because none outlasts its issuer.
    async fn last_end(&self, selection: &Selection) -> Result<Timestamp, Error> {
        let mut last = Timestamp::MIN;
        for issuer in self.issuers.issuers().await? {
            let is_meant = selection.issuer.as_ref().is_none_or(|id| *id == issuer.id);
            if let (IssuerRole::Issuing, true, Some(der)) = (issuer.role, is_meant, &issuer.certificate) {
                last = last.max(Certificate::from_der(&der.0).map_err(Failure::issuing)?.not_after());
            }
        }
        Ok(last.checked_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX))
    }
}

/// The entries to look at, and where the next slice starts.
type FoundEntries = (Vec<CertificateEntry>, Option<Position>);

/// The maximum number of orders in a slice; they are read one by one.
const MAX_ORDERS: usize = 200;
/// The longest time that is searched at once: an engine may need one look-up for each day.
const PORTION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The maximum number of such searches in a slice.
const PORTIONS: usize = 8;
