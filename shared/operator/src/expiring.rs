//! Events about certificates that expire soon. Each certificate is reported once, unless it is
//! revoked or replaced.
//!
//! The store remembers up to which date certificates were reported. A process that dies between
//! reporting and remembering reports again.

use std::sync::Arc;

use acme::{EventKind, OrderState};
use authority::{Clock, Events, Failure, applied, certificate_facts, versioned};
use jiff::SignedDuration;
use store::{CertificateEntry, CertificateRecord, CertificateState, ExpiryWatch, LookupStore, WatchStore};

/// Emits an event for each certificate that expires soon.
pub struct ExpiryNotices {
    lookup: Arc<dyn LookupStore>,
    watch: Arc<dyn WatchStore>,
    events: Events,
    clock: Arc<dyn Clock>,
    ahead: SignedDuration,
}

impl ExpiryNotices {
    /// Reports the certificates of this store that expire within `ahead`; none if that is zero.
    pub fn new(
        lookup: Arc<dyn LookupStore>,
        watch: Arc<dyn WatchStore>,
        events: Events,
        clock: Arc<dyn Clock>,
        ahead: SignedDuration,
    ) -> Self {
        Self { lookup, watch, events, clock, ahead }
    }

    /// Reports the certificates that came within that time of their expiry since the last run, a
    /// bounded number of them. It looks at most once an hour, however often it is called.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn emit(&self) -> Result<(), Failure> {
        let now = acme::whole_seconds(self.clock.now());
        let horizon = now + self.ahead;
        for _ in 0..MAX_PAGES {
            let before = self.watch.expiry_watch().await?;
            let (from, after) = match before.as_ref().map(|watch| &watch.value) {
                Some(watch) if watch.after.is_none() && horizon.duration_since(watch.until) < PAUSE => return Ok(()),
                Some(watch) if watch.until > now => (watch.until, watch.after.clone()),
                // A certificate that has already expired needs no renewal.
                _ => (now, None),
            };
            let page = self.lookup.certificates_ending(from, horizon, after.as_ref(), PAGE).await?;
            for entry in &page.items {
                if let Some(record) = self.ends_without_another(entry).await? {
                    self.events.emit(EventKind::CertificateExpiring(certificate_facts(&record, None)));
                }
            }
            let (until, after) = match (page.more, page.items.last()) {
                (true, Some(last)) => (from, Some(last.clone())),
                _ => (horizon, None),
            };
            let looked = versioned(ExpiryWatch { until, after })?;
            let was_first = applied(self.watch.put_expiry_watch(before.map(|watch| watch.version), &looked).await)?;
            if looked.after.is_none() || !was_first {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The certificate of an entry, if its holder should know that it expires.
    async fn ends_without_another(&self, entry: &CertificateEntry) -> Result<Option<CertificateRecord>, Failure> {
        let Some(record) = self.lookup.certificate(&entry.id).await? else { return Ok(None) };
        let record = record.value;
        // The host renews its own certificate.
        if record.account.is_none() || !is_good(&record) {
            return Ok(None);
        }
        if let Some(by) = record.replacement
            && let Some(order) = self.lookup.order(by.account, by.order).await?
            && matches!(order.state, OrderState::Valid(_))
        {
            return Ok(None);
        }
        Ok((!self.has_another(&record).await?).then_some(record))
    }

    /// Whether the account has a certificate for the same identifiers that expires later.
    async fn has_another(&self, record: &CertificateRecord) -> Result<bool, Failure> {
        let Some(name) = record.identifiers.first() else { return Ok(false) };
        // The list starts with the latest expiry.
        let latest = self.lookup.certificates_by_name(name, None, MAX_LOOKED_AT).await?;
        for entry in latest.items.iter().filter(|entry| entry.not_after > record.not_after) {
            let Some(other) = self.lookup.certificate(&entry.id).await? else { continue };
            if other.account == record.account
                && is_good(&other)
                && other.identifiers.len() == record.identifiers.len()
                && other.identifiers.iter().all(|name| record.identifiers.contains(name))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn is_good(record: &CertificateRecord) -> bool {
    record.revocation.is_none() && matches!(record.state, CertificateState::Issued { .. })
}

/// A thousand certificates in one run: they take some seconds on AWS, where a schedule runs every
/// hour.
const MAX_PAGES: usize = 10;
const PAGE: usize = 100;

/// A little less than the hour of the schedule, which may run early.
const PAUSE: SignedDuration = SignedDuration::from_mins(50);

/// The maximum number of certificates for a name among which a later one is searched.
const MAX_LOOKED_AT: usize = 5;
