//! One certificate, exactly once: intended, then signed, then issued.
//!
//! The TBS bytes are stored before anything is signed, and every continuation signs the stored
//! bytes. However often a crash or a lost answer makes it begin again, there are never two
//! certificates with one serial, and none that is not on record.

use acme::{
    AccountId, AccountStatus, CertificateId, EventKind, FailureFacts, Identifier, Order, OrderEvent, OrderId,
    OrderState, Problem, ProblemType, Serial,
};
use authority::{Failure, IssuanceTask, Rounds, applied, certificate_facts, names, random, versioned};
use ca::{Certificate, Chain, Evidence, Leaf, LintedTbs};
use jose::PublicKey;
use store::{CertificateRecord, CertificateState, RaProfile, Versioned};

use crate::{Authority, Error, issuer::LoadedIssuer, validity::ValidityPeriod};

/// What a certificate is to be made of.
pub(crate) struct Intention<'a> {
    pub(crate) owner: Option<(AccountId, OrderId)>,
    pub(crate) public_key: &'a PublicKey,
    pub(crate) identifiers: &'a [Identifier],
    pub(crate) validity: ValidityPeriod,
    pub(crate) profile: &'a RaProfile,
    pub(crate) evidence: &'a Evidence,
}

impl Authority {
    /// Builds and lints a certificate, to be stored as intended. Nothing is signed here.
    pub(crate) fn intend(
        &self,
        issuer: &LoadedIssuer,
        intention: Intention<'_>,
    ) -> Result<Versioned<CertificateRecord>, Error> {
        let serial = Serial::from_random(random()?);
        let crl_shard = shard_of(&serial, issuer.crl_shards);
        let pointers = self.pointers(&issuer.id, crl_shard);
        let leaf = Leaf {
            issuer: &issuer.issuer,
            serial,
            public_key: intention.public_key,
            identifiers: intention.identifiers,
            not_before: intention.validity.not_before,
            not_after: intention.validity.not_after,
            profile: &intention.profile.leaf(),
            pointers: &pointers,
            evidence: intention.evidence,
        };
        let linted = leaf.tbs().map_err(Failure::issuing)?.lint().map_err(Failure::issuing)?;
        Ok(versioned(CertificateRecord {
            id: linted.certificate_id().clone(),
            issuer: issuer.id.clone(),
            crl_shard,
            account: intention.owner.map(|(account, _)| account),
            order: intention.owner.map(|(_, order)| order),
            identifiers: intention.identifiers.to_vec(),
            not_before: intention.validity.not_before,
            not_after: intention.validity.not_after,
            state: CertificateState::Intended { tbs: linted.bytes().to_vec() },
            revocation: None,
            replacement: None,
        })?)
    }

    /// Stores an intended certificate that belongs to no order, signs it and records it as issued.
    pub(crate) async fn issue_without_order(&self, record: Versioned<CertificateRecord>) -> Result<Certificate, Error> {
        self.store.intend_certificate(&record).await?;
        let (certificate, issued) = self.sign(&record).await?;
        match applied(self.store.update_certificate(&record, &issued).await)? {
            true => Ok(certificate),
            // Nobody else knows of it yet.
            false => Err(Failure::Busy.into()),
        }
    }

    /// Signs a certificate that is on record as intended: exactly the bytes that stand there. An
    /// issued one is given back as it is.
    async fn sign(
        &self,
        record: &Versioned<CertificateRecord>,
    ) -> Result<(Certificate, Versioned<CertificateRecord>), Error> {
        let tbs = match &record.state {
            CertificateState::Issued { der } => {
                return Ok((Certificate::from_der(der).map_err(Failure::issuing)?, record.clone()));
            }
            CertificateState::Intended { tbs } => tbs,
        };
        // Also what was intended before its issuer retired is not signed after.
        let issuer = self.active_issuer(&record.issuer).await?;
        let linted =
            LintedTbs::from_stored(tbs.clone(), &issuer.issuer, &record.identifiers).map_err(Failure::issuing)?;
        let certificate =
            linted.sign(&issuer.issuer, self.signer.as_ref(), &issuer.key).await.map_err(Failure::from)?;
        let state = CertificateState::Issued { der: certificate.der().to_vec() };
        let issued = versioned(CertificateRecord { state, ..record.value.clone() })?;
        Ok((certificate, issued))
    }

    /// Completes the issuance of an order that is processing: makes it valid, or invalid when its
    /// certificate can never be signed.
    pub(crate) async fn complete_order(
        &self,
        mut order: Versioned<Order>,
        mut record: Versioned<CertificateRecord>,
    ) -> Result<Versioned<Order>, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            if let OrderState::Valid(_) | OrderState::Invalid(_) = order.state {
                return Ok(order);
            }
            let (_, issued) = match self.sign(&record).await {
                Ok(signed) => signed,
                Err(error) if error.ends_issuance() => return self.give_up(order, &error).await,
                Err(error) => return Err(error),
            };
            let valid = versioned(order.transition(OrderEvent::Issued)?)?;
            let written = match issued.version == record.version {
                true => self.store.update_order(&order, &valid).await,
                false => self.store.complete_issuance(&record, &issued, &order, &valid).await,
            };
            if applied(written)? {
                let facts = certificate_facts(&record, Some(&valid));
                self.events.emit(match facts.replaces {
                    None => EventKind::CertificateIssued(facts),
                    Some(_) => EventKind::CertificateRenewed(facts),
                });
                return Ok(valid);
            }
            // Somebody else completed it, and their signature counts; or it was revoked meanwhile.
            record = self.recorded(&record.id).await?;
            order = self.owned_order(order.account, order.id).await?;
        }
    }

    /// Ends an order whose certificate can never be signed.
    async fn give_up(&self, order: Versioned<Order>, error: &Error) -> Result<Versioned<Order>, Error> {
        tracing::error!(order = %order.id, error = error as &dyn std::error::Error, "an issuance failed for good");
        let detail = "The certificate could not be issued. The operator has the details; create a new order later.";
        let problem = Problem::new(ProblemType::ServerInternal, detail);
        self.fail_order(order, problem).await
    }

    async fn fail_order(&self, order: Versioned<Order>, problem: Problem) -> Result<Versioned<Order>, Error> {
        let event = OrderEvent::Failed(problem.clone());
        let mut before = order;
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            if let OrderState::Valid(_) | OrderState::Invalid(_) = before.state {
                return Ok(before);
            }
            let after = versioned(before.transition(event.clone())?)?;
            if applied(self.store.update_order(&before, &after).await)? {
                self.events.emit(EventKind::CertificateFailed(FailureFacts {
                    directory: after.directory.clone(),
                    account: after.account,
                    order: after.id,
                    names: names(&after.identifiers),
                    detail: problem.detail,
                }));
                return Ok(after);
            }
            before = self.owned_order(before.account, before.id).await?;
        }
    }

    /// Goes on with an issuance that a crash or a lost signer interrupted. Harmless when there is
    /// nothing to go on with.
    ///
    /// # Errors
    /// When it failed again; the task should come back.
    pub async fn resume_issuance(&self, task: IssuanceTask) -> Result<(), Error> {
        let Some(order) = self.store.order(task.account, task.order).await? else { return Ok(()) };
        let OrderState::Processing(issuance) = &order.state else { return Ok(()) };
        let record = self.recorded(&issuance.certificate).await?;
        let account = self.store.account(task.account).await?;
        if account.is_some_and(|account| account.status == AccountStatus::Valid) {
            return self.complete_order(order, record).await.map(drop);
        }
        // Nothing is signed for an account that has ended (RFC 8555 §7.3.6).
        let problem = Problem::new(ProblemType::Unauthorized, "The account ended before the certificate was issued.");
        self.fail_order(order, problem).await.map(drop)
    }

    /// The certificate of one of the account's orders (RFC 8555 §7.4.2).
    ///
    /// # Errors
    /// [`Error::NotFound`] while there is none.
    pub async fn certificate_chain(&self, account: AccountId, order: OrderId) -> Result<Chain, Error> {
        let order = self.owned_order(account, order).await?;
        let issuance = order.issuance().ok_or(Error::NotFound)?;
        let record = self.recorded(&issuance.certificate).await?;
        let CertificateState::Issued { der } = &record.state else { return Err(Error::NotFound) };
        let leaf = Certificate::from_der(der).map_err(Failure::issuing)?;
        Ok(Chain::new(leaf, self.issuer_certificates(&record.issuer).await?).map_err(Failure::issuing)?)
    }

    /// The record behind an order's issuance, which was written before the order pointed to it.
    async fn recorded(&self, id: &CertificateId) -> Result<Versioned<CertificateRecord>, Error> {
        self.store.certificate(id).await?.ok_or_else(|| Failure::RecordLost("certificate").into())
    }
}

/// Which CRL would list the certificate.
fn shard_of(serial: &Serial, shards: u16) -> u16 {
    let low = serial.as_bytes().iter().rev().take(2).fold(0u16, |sum, byte| sum << 8 | u16::from(*byte));
    low % shards.max(1)
}
