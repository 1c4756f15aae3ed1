//! Finalize (RFC 8555 §7.4): an order that is ready becomes one certificate.

use std::sync::Arc;

use acme::{Account, Authorization, Issuance, Order, OrderEvent, OrderId, OrderState, OrderStatus};
use authority::{Clock, IssuanceQueue, IssuanceTask, applied, versioned};
use ca::{AuthorizationEvidence, CaaEvidence, CertificateKeyType, Csr, Evidence};
use issuing::{Intended, Intention, Issuance as Signing, Issuers, LoadedIssuer, RequestedValidity, Validities};
use jose::PublicKey;
use store::{AuthorizationStore, Basis, IssuanceStore, RaProfile, Versioned};

use crate::{
    BlockedKeys, Directory, Error, Limits, NamePolicies, OrderView, Orders, Refusal, Renewals, blocked_keys::Block,
    limit, order::authorizations_of, receipt,
};

/// Turns orders that are ready into certificates.
pub struct Finalization {
    orders: Arc<Orders>,
    authorizations: Arc<dyn AuthorizationStore>,
    blocked_keys: Arc<BlockedKeys>,
    issuances: Arc<dyn IssuanceStore>,
    issuers: Arc<Issuers>,
    issuance: Arc<Signing>,
    policies: Arc<NamePolicies>,
    validities: Arc<Validities>,
    limits: Arc<Limits>,
    renewals: Arc<Renewals>,
    issuance_queue: Arc<dyn IssuanceQueue>,
    clock: Arc<dyn Clock>,
}

impl Finalization {
    /// Finalizes these orders; this issuance signs the certificates.
    pub fn new(
        orders: Arc<Orders>,
        authorizations: Arc<dyn AuthorizationStore>,
        blocked_keys: Arc<BlockedKeys>,
        issuances: Arc<dyn IssuanceStore>,
        issuers: Arc<Issuers>,
        issuance: Arc<Signing>,
        policies: Arc<NamePolicies>,
        validities: Arc<Validities>,
        limits: Arc<Limits>,
        renewals: Arc<Renewals>,
        issuance_queue: Arc<dyn IssuanceQueue>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            orders,
            authorizations,
            blocked_keys,
            issuances,
            issuers,
            issuance,
            policies,
            validities,
            limits,
            renewals,
            issuance_queue,
            clock,
        }
    }

    /// Finalizes an order. The same request again gets the same order, and only the first one
    /// creates a certificate.
    ///
    /// When the signer cannot be reached, the order stays `processing`, and its issuance is queued
    /// to be finished later. When the signer refuses, the order becomes `invalid`.
    ///
    /// # Errors
    /// [`Refusal::OrderNotReady`], [`Refusal::OtherCsr`], and every refusal of the certificate
    /// request and its key.
    pub async fn finalize(
        &self,
        serving: &Directory,
        account: &Account,
        id: OrderId,
        csr: &[u8],
    ) -> Result<OrderView, Error> {
        let order = self.orders.owned(account.id, id).await?;
        if !matches!(order.state, OrderState::Open) {
            return self.finalized(order, &Csr::from_der(csr)?).await;
        }
        let authorizations = authorizations_of(self.authorizations.as_ref(), &order).await?;
        match order.status(&authorizations, self.clock.now()) {
            OrderStatus::Ready => {}
            other => return Err(Refusal::OrderNotReady(other).into()),
        }
        let profile = serving.issuing_profile(order.profile.as_deref())?;
        let issuer = self.issuers.active(&profile.issuer).await?;
        let policy = self.policies.of(serving, account).await?.below(&issuer);
        policy.check(serving, &order.identifiers, &authorizations)?;
        let csr = Csr::from_der(csr)?;
        csr.check_names(&order.identifiers)?;
        self.check_certificate_key(profile, account, csr.public_key()).await?;
        self.count_certificate(serving, account, &order).await?;
        let evidence = evidence(serving, &order, &authorizations);
        let basis = receipt::basis(serving, profile, &order, &authorizations, self.clock.now())?;
        let begun = self.begin(&issuer, profile, &order, &csr, &evidence, basis).await?;
        let (processing, intended) = match begun {
            Some(begun) => begun,
            // Another request was faster, and has decided which certificate the order gets.
            None => {
                let winner = self.orders.owned(account.id, id).await?;
                return self.finalized(winner, &csr).await;
            }
        };
        match self.issuance.complete_order(processing.clone(), intended).await {
            Ok(finished) => self.orders.view(finished).await,
            Err(error) if error.is_transient() => {
                tracing::warn!(order = %id, error = &error as &dyn std::error::Error, "signing is postponed");
                let task = IssuanceTask { account: account.id, order: id };
                self.issuance_queue.issue(task).await?;
                Ok(OrderView { order: processing.value, authorizations })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Counts the certificate of an order. A renewal counts for the same identifiers alone, unless
    /// it says which certificate it replaces: then it counts nowhere. An order that was not known
    /// for one is accepted when another rate is reached, if it renews a certificate.
    async fn count_certificate(&self, serving: &Directory, account: &Account, order: &Order) -> Result<(), Error> {
        if order.is_renewal && order.replaces.is_some() {
            return Ok(());
        }
        let mut counts = limit::of_certificate(serving, account, &order.identifiers);
        if order.is_renewal {
            counts.truncate(1);
        }
        match self.limits.count(serving, &counts).await {
            Err(Error::Refused(Refusal::LimitReached(reached)))
                if order.replaces.is_none() && reached.name != limit::SAME_NAMES =>
            {
                let renewed = self.renewals.unnamed(serving, account, &order.identifiers).await?.ok_or(reached)?;
                counts.truncate(1);
                self.limits.count(serving, &counts).await?;
                self.renewals.mark(renewed, order.id).await.map(drop)
            }
            counted => counted,
        }
    }

    /// Stores the intended certificate and makes the order point to it; `None` if another request
    /// has made the order point elsewhere. A certificate that no order points to is never signed.
    async fn begin(
        &self,
        issuer: &LoadedIssuer,
        profile: &RaProfile,
        order: &Versioned<Order>,
        csr: &Csr,
        evidence: &Evidence,
        basis: Basis,
    ) -> Result<Option<(Versioned<Order>, Intended)>, Error> {
        let wish = RequestedValidity { not_before: order.not_before, not_after: order.not_after };
        let validity = self.validities.period(issuer, profile, wish, order.created_at)?;
        let intention = Intention {
            owner: Some((order.account, order.id)),
            public_key: csr.public_key(),
            identifiers: &order.identifiers,
            validity,
            profile,
            evidence,
            basis: Some(basis),
        };
        let intended = self.issuance.intend(issuer, intention)?;
        let record = &intended.record;
        let issuance = Issuance {
            certificate: record.id.clone(),
            csr_digest: csr.digest().to_vec(),
            began_at: self.clock.now(),
            not_after: validity.not_after,
            ra_profile: Some(profile.name.clone()),
        };
        let processing = versioned(order.transition(OrderEvent::IssuanceBegan(issuance))?)?;
        // Before anything is stored: were it done afterwards, a process that ends between the two
        // would leave an order that no one but its client could finish.
        self.issuance_queue.issue_later(IssuanceTask { account: order.account, order: order.id }).await?;
        let won = applied(self.issuances.begin_issuance(record, order, &processing).await)?;
        if won {
            tracing::info!(certificate = %record.id, order = %order.id, "a certificate is intended");
        }
        Ok(won.then_some((processing, intended)))
    }

    /// The answer for an order that was finalized before, if this request is the same.
    async fn finalized(&self, order: Versioned<Order>, csr: &Csr) -> Result<OrderView, Error> {
        match order.issuance() {
            Some(issuance) if issuance.csr_digest == csr.digest() => self.orders.view(order).await,
            Some(_) => Err(Refusal::OtherCsr.into()),
            None => Err(Refusal::OrderNotReady(order.status(&[], self.clock.now())).into()),
        }
    }

    async fn check_certificate_key(
        &self,
        profile: &RaProfile,
        account: &Account,
        key: &PublicKey,
    ) -> Result<(), Error> {
        if *key == account.key {
            return Err(Refusal::CertificateKey(
                "the certificate must not have the account's key; make a key of its own",
            )
            .into());
        }
        if !profile.key_types.contains(&CertificateKeyType::of(key)) {
            return Err(Refusal::CertificateKey("this profile does not certify keys of that type").into());
        }
        match self.blocked_keys.block(key).await? {
            None => Ok(()),
            Some(Block::Reported) => {
                Err(Refusal::CertificateKey("this key was reported as compromised; make a new one").into())
            }
            Some(Block::Listed) => Err(Refusal::CertificateKey(
                "others can have the private key of this key: it was published, or made by a broken generator; make a \
                 new one",
            )
            .into()),
        }
    }
}

/// The authorization for each identifier. If one has none, issuing stops.
fn evidence(serving: &Directory, order: &Order, authorizations: &[Authorization]) -> Evidence {
    let mut evidence = Evidence::new();
    for authorization in authorizations.iter().filter(|a| order.authorizations.contains(&a.id)) {
        let shown = AuthorizationEvidence::Authorization(authorization.id);
        let caa = match serving.acme.enforces_caa() {
            false => CaaEvidence::PolicyOff,
            true if authorization.identifier.is_address() => CaaEvidence::NotApplicable,
            // `NamePolicy::check` has seen the permission of each.
            true => CaaEvidence::Permitted,
        };
        evidence.insert(authorization.identifier.clone(), shown, caa);
    }
    evidence
}
