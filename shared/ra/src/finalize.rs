//! Finalize (RFC 8555 §7.4): an order that is ready becomes one certificate.

use acme::{Account, AccountId, Authorization, Issuance, Order, OrderEvent, OrderId, OrderState, OrderStatus};
use authority::{Failure, IssuanceTask, applied, versioned};
use ca::{AuthorizationEvidence, CaaEvidence, CertificateKeyType, Chain, Csr, Evidence};
use issuing::{Intention, LoadedIssuer, RequestedValidity};
use jose::PublicKey;
use store::{CertificateRecord, RaProfile, Versioned};

use crate::{Authority, Directory, Error, OrderView, limit};

impl Authority {
    /// Finalizes an order. The same request again answers the same order; only the first makes a
    /// certificate.
    ///
    /// When the signer cannot be reached the order stays `processing`, and the issuance is handed
    /// over to be finished later. When it refuses, the order becomes `invalid`.
    ///
    /// # Errors
    /// [`Error::OrderNotReady`], [`Error::OtherCsr`], and every refusal of the request and its key.
    pub async fn finalize(
        &self,
        serving: &Directory,
        account: &Account,
        id: OrderId,
        csr: &[u8],
    ) -> Result<OrderView, Error> {
        let finalized = self.finalize_order(serving, account, id, csr).await;
        self.told(serving, Some(account.id), finalized)
    }

    async fn finalize_order(
        &self,
        serving: &Directory,
        account: &Account,
        id: OrderId,
        csr: &[u8],
    ) -> Result<OrderView, Error> {
        let order = self.owned_order(account.id, id).await?;
        if !matches!(order.state, OrderState::Open) {
            return self.finalized(order, &Csr::from_der(csr)?).await;
        }
        let authorizations = self.authorizations_of(&order).await?;
        match order.status(&authorizations, self.now()) {
            OrderStatus::Ready => {}
            other => return Err(Error::OrderNotReady(other)),
        }
        let profile = serving.issuing_profile(order.profile.as_deref())?;
        let issuer = self.issuers.active(&profile.issuer).await?;
        self.name_policy(serving, account).await?.below(&issuer).check(&order.identifiers, &authorizations)?;
        let csr = Csr::from_der(csr)?;
        csr.check_names(&order.identifiers)?;
        self.check_certificate_key(profile, account, csr.public_key()).await?;
        self.count_certificate(serving, account, &order).await?;
        let evidence = evidence(&order, &authorizations);
        let (processing, record) = match self.begin(&issuer, profile, &order, &csr, &evidence).await? {
            Some(begun) => begun,
            // Another request was faster; it decides which certificate the order has.
            None => {
                let winner = self.owned_order(account.id, id).await?;
                return self.finalized(winner, &csr).await;
            }
        };
        match self.issuance.complete_order(processing.clone(), record).await {
            Ok(finished) => self.view(finished).await,
            Err(error) if error.is_transient() => {
                tracing::warn!(order = %id, error = &error as &dyn std::error::Error, "signing is put off");
                let task = IssuanceTask { account: account.id, order: id };
                self.issuance_queue.issue(task).await?;
                Ok(OrderView { order: processing.value, authorizations })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Counts the certificate of an order. One that renews another goes on when a limit is reached, but
    /// not that of certificates for the same names, unless the order says which one it replaces.
    async fn count_certificate(&self, serving: &Directory, account: &Account, order: &Order) -> Result<(), Error> {
        if order.replaces.is_some() {
            return Ok(());
        }
        let mut counts = limit::of_certificate(serving, account, &order.identifiers);
        match self.count(serving, &counts).await {
            Err(Error::LimitReached(reached))
                if reached.name != limit::SAME_NAMES && self.renews(account, &order.identifiers).await? =>
            {
                counts.truncate(1);
                self.count(serving, &counts).await
            }
            counted => counted,
        }
    }

    /// Stores the intended certificate and points the order to it; `None` when another request
    /// pointed it elsewhere first. The certificate that lost is never signed.
    async fn begin(
        &self,
        issuer: &LoadedIssuer,
        profile: &RaProfile,
        order: &Versioned<Order>,
        csr: &Csr,
        evidence: &Evidence,
    ) -> Result<Option<(Versioned<Order>, Versioned<CertificateRecord>)>, Error> {
        let wish = RequestedValidity { not_before: order.not_before, not_after: order.not_after };
        let validity = self.validities.period(issuer, profile, wish, order.created_at)?;
        let intention = Intention {
            owner: Some((order.account, order.id)),
            public_key: csr.public_key(),
            identifiers: &order.identifiers,
            validity,
            profile,
            evidence,
        };
        let record = self.issuance.intend(issuer, intention)?;
        let issuance = Issuance {
            certificate: record.id.clone(),
            csr_digest: csr.digest().to_vec(),
            began_at: self.now(),
            not_after: validity.not_after,
            ra_profile: Some(profile.name.clone()),
        };
        let processing = versioned(order.transition(OrderEvent::IssuanceBegan(issuance))?)?;
        let won = applied(self.store.begin_issuance(&record, order, &processing).await)?;
        if won {
            // Counted against those that became issued, so that one which never does is seen.
            tracing::info!(certificate = %record.id, order = %order.id, "a certificate is intended");
        }
        Ok(won.then_some((processing, record)))
    }

    /// The answer for an order that was finalized before: the order, to the same request.
    async fn finalized(&self, order: Versioned<Order>, csr: &Csr) -> Result<OrderView, Error> {
        match order.issuance() {
            Some(issuance) if issuance.csr_digest == csr.digest() => self.view(order).await,
            Some(_) => Err(Error::OtherCsr),
            None => Err(Error::OrderNotReady(order.status(&[], self.now()))),
        }
    }

    async fn check_certificate_key(
        &self,
        profile: &RaProfile,
        account: &Account,
        key: &PublicKey,
    ) -> Result<(), Error> {
        if *key == account.key {
            return Err(Error::CertificateKey(
                "the certificate must not have the account's key; make a key of its own",
            ));
        }
        if !profile.key_types.contains(&CertificateKeyType::of(key)) {
            return Err(Error::CertificateKey("this profile does not certify keys of that type"));
        }
        match self.store.is_key_blocked(&key.thumbprint()).await? {
            true => Err(Error::CertificateKey("this key was reported as compromised; make a new one")),
            false => Ok(()),
        }
    }
}

impl Authority {
    /// The certificate of one of the account's orders (RFC 8555 §7.4.2).
    ///
    /// # Errors
    /// [`Error::NotFound`] while there is none.
    pub async fn certificate_chain(&self, account: AccountId, order: OrderId) -> Result<Chain, Error> {
        let order = self.owned_order(account, order).await?;
        let issuance = order.issuance().ok_or(Error::NotFound)?;
        let record = self.store.certificate(&issuance.certificate).await?;
        let record = record.ok_or(Failure::RecordLost("certificate"))?;
        self.issuers.chain(&record).await?.ok_or(Error::NotFound)
    }
}

/// Which authorization stands for which name. A name without one is a gap that stops the issue.
fn evidence(order: &Order, authorizations: &[Authorization]) -> Evidence {
    let mut evidence = Evidence::new();
    for authorization in authorizations.iter().filter(|a| order.authorizations.contains(&a.id)) {
        let shown = AuthorizationEvidence::Authorization(authorization.id);
        evidence.insert(authorization.identifier.clone(), shown, CaaEvidence::PolicyOff);
    }
    evidence
}
