//! One certificate, exactly once: intended, then signed, then issued.
//!
//! The TBS bytes are stored before anything is signed, and every retry signs the stored bytes.
//! However often a crash or a lost answer restarts an issuance, there are never two certificates
//! with the same serial number, and no certificate without a record.

use std::sync::Arc;

use acme::{
    AccountId, CertificateId, DirectoryId, EventKind, FailureFacts, Identifier, Order, OrderEvent, OrderId, OrderState,
    Problem, ProblemType, ProfileName, Serial, UnknownMembers,
};
use authority::{Events, Failure, IssuanceTask, Rounds, applied, certificate_facts, names, versioned};
use ca::{Certificate, Evidence, Leaf, LintedTbs, Signer};
use jose::PublicKey;
use store::{Basis, CertificateRecord, CertificateState, IssuanceStore, RaProfile, Versioned};

use crate::{Clearance, Error, Issuers, LoadedIssuer, StatusUrl, ValidityPeriod};

/// Where a certificate was ordered.
#[derive(Clone, Debug, Default)]
struct Origin {
    directory: Option<DirectoryId>,
    ra_profile: Option<ProfileName>,
    /// The name with which the order selected the profile.
    profile: Option<String>,
}

impl Origin {
    fn of(order: &Order) -> Self {
        Self {
            directory: Some(order.directory.clone()),
            ra_profile: order.issuance().and_then(|issuance| issuance.ra_profile.clone()),
            profile: order.profile.clone(),
        }
    }
}

/// The input for a new certificate.
pub struct Intention<'a> {
    /// The account and the order of the certificate; `None` for the host itself.
    pub owner: Option<(AccountId, OrderId)>,
    /// The public key to certify.
    pub public_key: &'a PublicKey,
    /// The identifiers to certify.
    pub identifiers: &'a [Identifier],
    /// The validity of the certificate.
    pub validity: ValidityPeriod,
    /// The contents of the certificate.
    pub profile: &'a RaProfile,
    /// The evidence that it may be issued, which must cover each identifier.
    pub evidence: &'a Evidence,
    /// The same for later readers; `None` for the host itself.
    pub basis: Option<Basis>,
}

/// A certificate that may be signed once its record is stored.
pub struct Intended {
    /// The record, which has the bytes to be signed.
    pub record: Versioned<CertificateRecord>,
    /// The same bytes, if they were linted in this process.
    linted: Option<LintedTbs>,
}

impl Intended {
    /// A certificate that was stored earlier: its bytes are linted again.
    fn stored(record: Versioned<CertificateRecord>) -> Self {
        Self { record, linted: None }
    }
}

/// Issues certificates: from the intention to the recorded signature.
pub struct Issuance {
    issuers: Arc<Issuers>,
    store: Arc<dyn IssuanceStore>,
    signer: Arc<dyn Signer>,
    clearance: Arc<dyn Clearance>,
    events: Events,
    status_url: StatusUrl,
}

impl Issuance {
    /// Issues with this signer and records in this store. The clearance is asked before each
    /// signature for an order.
    pub fn new(
        issuers: Arc<Issuers>,
        store: Arc<dyn IssuanceStore>,
        signer: Arc<dyn Signer>,
        clearance: Arc<dyn Clearance>,
        events: Events,
        status_url: StatusUrl,
    ) -> Self {
        Self { issuers, store, signer, clearance, events, status_url }
    }

    /// Builds and lints a certificate, to be stored as intended. Nothing is signed here.
    ///
    /// # Errors
    /// The certificate cannot be created as intended.
    pub fn intend(&self, issuer: &LoadedIssuer, intention: Intention<'_>) -> Result<Intended, Error> {
        let serial = ca::new_serial(authority::random()?);
        let crl_shard = shard_of(&serial, issuer.crl_shards);
        let pointers = self.status_url.pointers(&issuer.id, crl_shard);
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
        let receipt =
            intention.basis.map(|basis| basis.receipt(linted.bytes())).transpose().map_err(Failure::issuing)?;
        let record = versioned(CertificateRecord {
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
            directory: None,
            ra_profile: None,
            profile: None,
            key: None,
            signer_request: None,
            receipt,
            unknown: UnknownMembers::default(),
        })?;
        Ok(Intended { record, linted: Some(linted) })
    }

    /// Stores an intended certificate that belongs to no order, signs it and records it as issued.
    pub(crate) async fn issue_without_order(
        &self,
        intended: Intended,
        profile: &RaProfile,
    ) -> Result<Certificate, Error> {
        self.store.intend_certificate(&intended.record).await?;
        let origin = Origin { ra_profile: Some(profile.name.clone()), ..Origin::default() };
        let (certificate, issued) = self.sign(&intended, origin).await?;
        if applied(self.store.update_certificate(&intended.record, &issued).await)? {
            Ok(certificate)
        } else {
            // No other process knows the certificate yet.
            Err(Failure::Busy.into())
        }
    }

    /// Signs a certificate that is recorded as intended: exactly the stored bytes. An issued
    /// certificate is returned unchanged.
    async fn sign(
        &self,
        Intended { record, linted }: &Intended,
        origin: Origin,
    ) -> Result<(Certificate, Versioned<CertificateRecord>), Error> {
        let tbs = match &record.state {
            CertificateState::Issued { der } => {
                return Ok((Certificate::from_der(der).map_err(Failure::issuing)?, record.clone()));
            }
            CertificateState::Intended { tbs } => tbs,
        };
        // A certificate that was intended before its issuer was retired is not signed afterwards.
        let issuer = self.issuers.active(&record.issuer).await?;
        let linted = match linted {
            Some(linted) if linted.bytes() == tbs => linted,
            _ => &LintedTbs::from_stored(tbs.clone(), &issuer.issuer, &record.identifiers).map_err(Failure::issuing)?,
        };
        let certificate =
            linted.sign(&issuer.issuer, self.signer.as_ref(), &issuer.key).await.map_err(Failure::from)?;
        let state = CertificateState::Issued { der: certificate.value.der().to_vec() };
        let Origin { directory, ra_profile, profile } = origin;
        let issued = versioned(CertificateRecord {
            state,
            directory,
            ra_profile,
            profile,
            key: Some(certificate.value.public_key().thumbprint()),
            signer_request: certificate.signer_request,
            ..record.value.clone()
        })?;
        Ok((certificate.value, issued))
    }

    /// Completes the issuance of an order that is processing: makes it valid, or invalid when its
    /// certificate can never be signed or may not be signed any more.
    ///
    /// # Errors
    /// It could not be signed now; a retry may succeed.
    pub async fn complete_order(
        &self,
        mut order: Versioned<Order>,
        mut intended: Intended,
    ) -> Result<Versioned<Order>, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            if let OrderState::Valid(_) | OrderState::Invalid(_) = order.state {
                return Ok(order);
            }
            let record = &intended.record;
            if let CertificateState::Intended { .. } = record.state
                && let Some(problem) = self.clearance.objection(&order, record).await?
            {
                return self.fail_order(order, problem).await;
            }
            let (_, issued) = match self.sign(&intended, Origin::of(&order)).await {
                Ok(signed) => signed,
                Err(error) if error.ends_issuance() => return self.give_up(order, &error).await,
                Err(error) => return Err(error),
            };
            let valid = versioned(order.transition(OrderEvent::Issued)?)?;
            let written = if issued.version == record.version {
                self.store.update_order(&order, &valid).await
            } else {
                self.store.complete_issuance(record, &issued, &order, &valid).await
            };
            if applied(written)? {
                let facts = certificate_facts(record, Some(&valid));
                self.events.emit(match facts.replaces {
                    None => EventKind::CertificateIssued(facts),
                    Some(_) => EventKind::CertificateRenewed(facts),
                });
                return Ok(valid);
            }
            // Another process completed it, and that signature is used; or it was revoked in the
            // meantime.
            intended = Intended::stored(self.recorded(&record.id).await?);
            order = self.ordered(order.account, order.id).await?;
        }
    }

    /// Ends an order whose certificate can never be signed.
    async fn give_up(&self, order: Versioned<Order>, error: &Error) -> Result<Versioned<Order>, Error> {
        tracing::error!(order = %order.id, error = error as &dyn std::error::Error, "an issuance failed permanently");
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
            before = self.ordered(before.account, before.id).await?;
        }
    }

    /// The record of an order's issuance, which was written before the order referred to it.
    async fn recorded(&self, id: &CertificateId) -> Result<Versioned<CertificateRecord>, Error> {
        self.store.certificate(id).await?.ok_or_else(|| Failure::RecordLost("certificate").into())
    }

    async fn ordered(&self, account: AccountId, id: OrderId) -> Result<Versioned<Order>, Error> {
        self.store.order(account, id).await?.ok_or_else(|| Failure::RecordLost("order").into())
    }
}

/// Finishes interrupted issuances.
pub struct Resumption {
    issuance: Arc<Issuance>,
}

impl Resumption {
    /// Resumes with this issuance.
    pub fn new(issuance: Arc<Issuance>) -> Self {
        Self { issuance }
    }

    /// Resumes an issuance that a crash or an unavailable signer interrupted. Changes nothing if
    /// the issuance is complete.
    ///
    /// # Errors
    /// It failed again; the task should be retried.
    pub async fn resume(&self, task: IssuanceTask) -> Result<(), Error> {
        let Some(order) = self.issuance.store.order(task.account, task.order).await? else { return Ok(()) };
        let OrderState::Processing(issuance) = &order.state else { return Ok(()) };
        let record = self.issuance.recorded(&issuance.certificate).await?;
        self.issuance.complete_order(order, Intended::stored(record)).await.map(drop)
    }
}

/// The index of the CRL that lists the certificate once it is revoked.
fn shard_of(serial: &Serial, shards: u16) -> u16 {
    let low = serial.as_bytes().iter().rev().take(2).fold(0u16, |sum, byte| sum << 8 | u16::from(*byte));
    low % shards.max(1)
}
