//! The CA hierarchy: a root and an issuing CA below it, created at the first start and never again.
//! Operators add further issuing CAs later.

use std::sync::Arc;

use acme::UnknownMembers;
use authority::{Clock, Failure, random};
use ca::{
    AuthorityName, AuthorityRequest, Certificate, Issued, IssuingAuthority, KeyHandle, NameConstraints, Pointers, Root,
    SignError, Signer,
};
use jiff::{SignedDuration, Timestamp};
use jose::PublicKey;
use store::{Creation, CrlBackdate, Der, IssuerId, IssuerRecord, IssuerRole, IssuerStore};

use crate::{Error, Issuers, LoadedIssuer, StatusUrl};

/// The plan of the hierarchy, of which only missing parts are created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// The root CA.
    pub root: IssuerPlan,
    /// The issuing CA below the root.
    pub issuing: IssuerPlan,
}

/// An issuer to create. Its key already exists, because keys are created by the signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerPlan {
    /// Its name in profiles and URLs.
    pub id: IssuerId,
    /// Its name in certificates.
    pub subject: AuthorityName,
    /// The handle of its key at the signer.
    pub key: KeyHandle,
    /// The lifetime of its certificate, counted from its creation.
    pub lifetime: SignedDuration,
    /// The number of CRLs over which its revocations are distributed.
    pub crl_shards: u16,
}

/// Signs with the root: when the CA is created, and when an operator adds an issuing CA.
pub struct Ceremony {
    issuers: Arc<Issuers>,
    store: Arc<dyn IssuerStore>,
    signer: Arc<dyn Signer>,
    status_url: StatusUrl,
    clock: Arc<dyn Clock>,
}

impl Ceremony {
    /// A ceremony with the keys of this signer.
    pub fn new(
        issuers: Arc<Issuers>,
        store: Arc<dyn IssuerStore>,
        signer: Arc<dyn Signer>,
        status_url: StatusUrl,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { issuers, store, signer, status_url, clock }
    }

    /// Creates the missing parts of the hierarchy, and checks that the keys of the signer match the
    /// existing parts; a key that the operator disabled is the one of an existing part if it has
    /// its name. Returns the certificate of the root.
    ///
    /// # Errors
    /// [`Failure::ForeignIssuer`] when a stored issuer has another key than the signer: the keys or
    /// the store belong to another CA, which must not be overwritten.
    pub async fn ensure(&self, plan: &Hierarchy) -> Result<Certificate, Error> {
        let certificate = self.ensure_root(&plan.root).await?;
        let root = self.issuers.issuer(&plan.root.id).await?;
        self.ensure_issuing(&plan.issuing, &root).await?;
        Ok(certificate)
    }

    /// Checks that the signer has the key of the issuer's certificate.
    ///
    /// # Errors
    /// [`Failure::ForeignIssuer`] when it has another key; [`Failure::MissingIssuer`]; the signer
    /// is unavailable.
    pub async fn check_key(&self, id: &IssuerId) -> Result<(), Error> {
        let record = self.store.issuer(id).await?.ok_or_else(|| Failure::MissingIssuer(id.clone()))?;
        let key = match (&record.certificate, &record.request) {
            (Some(Der(der)), _) => Certificate::from_der(der).map_err(Failure::issuing)?.public_key().clone(),
            (None, Some(Der(der))) => AuthorityRequest::from_der(der).map_err(Failure::issuing)?.public_key().clone(),
            (None, None) => return Err(Error::IssuerOff(id.clone(), record.state())),
        };
        if self.signer.public_key(&record.key).await? != key {
            return Err(Failure::ForeignIssuer(id.clone()).into());
        }
        Ok(())
    }

    /// Checks that the issuer can sign now, by signing what is no certificate and no CRL.
    ///
    /// # Errors
    /// Those of [`check_key`](Self::check_key), and [`Failure::IssuerNotValid`].
    pub async fn check_signing(&self, id: &IssuerId) -> Result<(), Error> {
        self.check_key(id).await?;
        let issuer = self.issuers.active(id).await?;
        self.signer.sign(&issuer.key, issuer.issuer.algorithm(), b"can this key sign?").await?;
        Ok(())
    }

    async fn ensure_root(&self, plan: &IssuerPlan) -> Result<Certificate, Error> {
        if let Some(existing) = self.store.issuer(&plan.id).await? {
            return self.existing(existing, &plan.key).await;
        }
        let key = self.signer.public_key(&plan.key).await?;
        let (not_before, not_after) = self.life(plan);
        let root =
            Root { subject: &plan.subject, serial: ca::new_serial(random()?), public_key: &key, not_before, not_after };
        let linted = root.tbs().map_err(Failure::issuing)?.lint().map_err(Failure::issuing)?;
        let certificate = linted.sign_root(self.signer.as_ref(), &plan.key).await.map_err(Failure::from)?;
        self.record(plan, IssuerRole::Root, &plan.id, certificate, &key).await
    }

    async fn ensure_issuing(&self, plan: &IssuerPlan, root: &LoadedIssuer) -> Result<Certificate, Error> {
        if let Some(existing) = self.store.issuer(&plan.id).await? {
            return self.existing(existing, &plan.key).await;
        }
        let key = self.signer.public_key(&plan.key).await?;
        let certificate = self.certify_issuing(plan, &key, root, &self.status_url.pointers(&root.id, 0), None).await?;
        self.record(plan, IssuerRole::Issuing, &root.id, certificate, &key).await
    }

    /// Issues the certificate of an issuing CA from the root.
    ///
    /// # Errors
    /// The root cannot sign it.
    pub async fn certify_issuing(
        &self,
        plan: &IssuerPlan,
        key: &PublicKey,
        root: &LoadedIssuer,
        pointers: &Pointers,
        constraints: Option<&NameConstraints>,
    ) -> Result<Issued<Certificate>, Error> {
        let (not_before, not_after) = self.life(plan);
        let issuing_authority = IssuingAuthority {
            issuer: &root.issuer,
            subject: &plan.subject,
            serial: ca::new_serial(random()?),
            public_key: key,
            not_before: not_before.max(root.issuer.certificate().not_before()),
            not_after: not_after.min(root.ends_at()),
            pointers,
            constraints,
        };
        let linted = issuing_authority.tbs().map_err(Failure::issuing)?.lint().map_err(Failure::issuing)?;
        Ok(linted.sign(&root.issuer, self.signer.as_ref(), &root.key).await.map_err(Failure::from)?)
    }

    /// The certificate of a stored issuer, if this is its key.
    async fn existing(&self, record: IssuerRecord, key: &KeyHandle) -> Result<Certificate, Error> {
        match self.signer.public_key(key).await {
            Ok(public) => fitting(record, &public),
            // Operators disable the root's key between ceremonies. Its name says enough then.
            Err(SignError::Disabled { .. }) if self.signer.is_same_key(&record.key, key) => certificate_of(&record),
            Err(error) => Err(Failure::from(error).into()),
        }
    }

    async fn record(
        &self,
        plan: &IssuerPlan,
        role: IssuerRole,
        parent: &IssuerId,
        certificate: Issued<Certificate>,
        key: &PublicKey,
    ) -> Result<Certificate, Error> {
        let record = plan.record(role, parent, &certificate);
        match self.store.create_issuer_if_absent(&record).await? {
            Creation::Created => Ok(certificate.value),
            // Another process was faster; its certificate is used and this one is discarded.
            Creation::Existing(existing) => fitting(existing, key),
        }
    }

    fn life(&self, plan: &IssuerPlan) -> (Timestamp, Timestamp) {
        let now = acme::whole_seconds(self.clock.now());
        // Certificates may be requested with a `notBefore` slightly in the past, when their issuers
        // must already be valid.
        (now - BACKDATE, now + plan.lifetime)
    }
}

impl IssuerPlan {
    /// The record of an issuer that was created from this plan.
    pub fn record(&self, role: IssuerRole, parent: &IssuerId, certificate: &Issued<Certificate>) -> IssuerRecord {
        IssuerRecord {
            id: self.id.clone(),
            role,
            key: self.key.clone(),
            certificate: Some(Der(certificate.value.der().to_vec())),
            parent: parent.clone(),
            crl_shards: self.crl_shards.max(1),
            crl_backdate: CrlBackdate::default(),
            request: None,
            chain: Vec::new(),
            retired_at: None,
            revocation: None,
            signer_request: certificate.signer_request.clone(),
            unknown: UnknownMembers::default(),
        }
    }
}

/// How long before its creation the validity of an issuer's certificate starts.
pub const BACKDATE: SignedDuration = SignedDuration::from_hours(24);

fn fitting(existing: IssuerRecord, key: &PublicKey) -> Result<Certificate, Error> {
    let certificate = certificate_of(&existing)?;
    if certificate.public_key() == key { Ok(certificate) } else { Err(Failure::ForeignIssuer(existing.id).into()) }
}

fn certificate_of(record: &IssuerRecord) -> Result<Certificate, Error> {
    let Some(Der(certificate)) = &record.certificate else {
        return Err(Error::IssuerOff(record.id.clone(), record.state()));
    };
    Ok(Certificate::from_der(certificate).map_err(Failure::issuing)?)
}
