//! Renewals: which certificate an order replaces (RFC 9773 §5), and whether it renews it, so that
//! limits on rates exempt it.
//!
//! An order renews a certificate of its account if it is for exactly the same identifiers, the
//! certificate's window for renewal is open (RFC 9773 §4.2) and the certificate has not ended. The
//! certificate is marked with the order, and no other order replaces it while that one can still be
//! completed. Once the order has failed, another one may, but only [`MAX_RENEWALS`] orders for one
//! certificate are exempt. Limits that bound what the account leaves on disk exempt no
//! order.

use std::sync::Arc;

use acme::{Account, CertificateId, Identifier, OrderId, OrderStatus};
use authority::{Clock, Failure, Rounds, applied, versioned};
use jiff::SignedDuration;
use store::{
    AuthorizationStore, CertificateRecord, CertificateState, CertificateStore, LookupStore, OrderStore, Replacement,
    Versioned,
};

use crate::{Directory, Error, Refusal, RenewalInfos, order::authorizations_of};

/// Decides which certificates orders replace, and marks those.
pub struct Renewals {
    certificates: Arc<dyn CertificateStore>,
    orders: Arc<dyn OrderStore>,
    authorizations: Arc<dyn AuthorizationStore>,
    lookup: Arc<dyn LookupStore>,
    windows: Arc<RenewalInfos>,
    clock: Arc<dyn Clock>,
}

/// A certificate that an order may replace.
pub(crate) struct Replaceable {
    record: Versioned<CertificateRecord>,
    /// Whether the order renews it.
    pub(crate) is_renewal: bool,
}

impl Renewals {
    /// Finds the certificates of this store. These windows say when they should be renewed.
    pub fn new(
        certificates: Arc<dyn CertificateStore>,
        orders: Arc<dyn OrderStore>,
        authorizations: Arc<dyn AuthorizationStore>,
        lookup: Arc<dyn LookupStore>,
        windows: Arc<RenewalInfos>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { certificates, orders, authorizations, lookup, windows, clock }
    }

    /// The certificate that an order says it replaces. Nothing is written.
    ///
    /// # Errors
    /// [`Refusal::Replaces`], [`Refusal::AlreadyReplaced`].
    pub(crate) async fn named(
        &self,
        serving: &Directory,
        account: &Account,
        names: &[Identifier],
        text: &str,
    ) -> Result<Replaceable, Error> {
        let id: CertificateId = text.parse().map_err(|_| Refusal::Replaces("that is no certificate id"))?;
        let record = self.certificates.certificate(&id).await?.filter(|record| is_of(record, serving, account));
        let record = record.ok_or(Refusal::Replaces("this account has no such certificate"))?;
        if !record.identifiers.iter().any(|name| names.contains(name)) {
            return Err(Refusal::Replaces("the order shares no name with it").into());
        }
        if self.is_being_replaced(&record).await? {
            return Err(Refusal::AlreadyReplaced.into());
        }
        let is_renewal = self.renews(&record, names).await?;
        Ok(Replaceable { record, is_renewal })
    }

    /// A certificate that an order for these identifiers renews although it does not say so. This
    /// is only asked when a limit is reached.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub(crate) async fn unnamed(
        &self,
        serving: &Directory,
        account: &Account,
        names: &[Identifier],
    ) -> Result<Option<Replaceable>, Error> {
        let Some(first) = names.first() else { return Ok(None) };
        let found = self.lookup.certificates_by_name(first, None, MAX_LOOKED_AT).await?;
        for entry in found.items {
            let Some(record) = self.certificates.certificate(&entry.id).await? else { continue };
            if is_of(&record, serving, account)
                && self.renews(&record, names).await?
                && !self.is_being_replaced(&record).await?
            {
                return Ok(Some(Replaceable { record, is_renewal: true }));
            }
        }
        Ok(None)
    }

    /// Marks the certificate as replaced by the order `by`.
    ///
    /// The mark is written before the order. A crash in between leaves a mark that points to no
    /// order. The next order overwrites it, as it overwrites the mark of a failed order.
    ///
    /// # Errors
    /// [`Refusal::AlreadyReplaced`] if another order was faster.
    pub(crate) async fn mark(&self, replaced: Replaceable, by: OrderId) -> Result<CertificateId, Error> {
        let Replaceable { record: mut before, is_renewal } = replaced;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let account = before.account.ok_or(Failure::RecordLost("account of a certificate"))?;
            let renewals = renewals_of(&before).saturating_add(u8::from(is_renewal));
            let replacement = Some(Replacement { account, order: by, renewals });
            let after = versioned(CertificateRecord { replacement, ..before.value.clone() })?;
            if applied(self.certificates.update_certificate(&before, &after).await)? {
                return Ok(after.value.id);
            }
            let again = self.certificates.certificate(&before.id).await?;
            before = again.ok_or(Refusal::Replaces("this account has no such certificate"))?;
            if self.is_being_replaced(&before).await? || (is_renewal && renewals_of(&before) >= MAX_RENEWALS) {
                return Err(Refusal::AlreadyReplaced.into());
            }
        }
    }

    /// Whether an order for these identifiers renews the certificate now.
    async fn renews(&self, certificate: &CertificateRecord, names: &[Identifier]) -> Result<bool, Error> {
        let now = self.clock.now();
        let is_same = certificate.identifiers.len() == names.len()
            && certificate.identifiers.iter().all(|name| names.contains(name));
        if !is_same
            || !matches!(certificate.state, CertificateState::Issued { .. })
            || certificate.not_after <= now
            || renewals_of(certificate) >= MAX_RENEWALS
        {
            return Ok(false);
        }
        Ok(self.windows.of_certificate(certificate).await?.suggested_window.start <= now)
    }

    /// Whether an order replaces the certificate that has not failed.
    async fn is_being_replaced(&self, certificate: &CertificateRecord) -> Result<bool, Error> {
        let Some(replacement) = certificate.replacement else { return Ok(false) };
        let now = self.clock.now();
        let Some(order) = self.orders.order(replacement.account, replacement.order).await? else {
            // The mark was written a moment ago and the order is about to be written, or a crash
            // prevented that.
            return Ok(now.duration_since(replacement.order.made_at()) < ON_ITS_WAY);
        };
        let authorizations = authorizations_of(self.authorizations.as_ref(), &order).await?;
        Ok(order.status(&authorizations, now) != OrderStatus::Invalid)
    }
}

/// Whether the account ordered the certificate in the directory.
fn is_of(certificate: &CertificateRecord, serving: &Directory, account: &Account) -> bool {
    certificate.account == Some(account.id)
        && certificate.directory.as_ref().is_none_or(|directory| *directory == serving.directory)
}

/// The number of orders that were exempt because they renew the certificate.
fn renewals_of(certificate: &CertificateRecord) -> u8 {
    certificate.replacement.map_or(0, |replacement| replacement.renewals)
}

/// The maximum number of orders that are exempt because they renew one certificate: the first, and
/// as many as a client may need when its orders fail. Further ones are counted like any other.
const MAX_RENEWALS: u8 = 10;

/// The maximum number of certificates for a name that are looked at, latest expiry first.
const MAX_LOOKED_AT: usize = 10;

/// The maximum time between the mark on the certificate and the order.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(1);
