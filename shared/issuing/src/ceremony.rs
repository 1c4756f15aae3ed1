//! The CA hierarchy: a root and an issuing CA below it, made at first start and never again. How a
//! further issuing CA comes to stand below the root later is in `operator/issuer.rs`.

use std::sync::Arc;

use acme::{Serial, UnknownMembers};
use authority::{Clock, Failure, random};
use ca::{
    AuthorityName, AuthorityRequest, Certificate, Issued, IssuingAuthority, KeyHandle, NameConstraints, Pointers, Root,
    Signer,
};
use jiff::{SignedDuration, Timestamp};
use jose::PublicKey;
use store::{Creation, Der, IssuerId, IssuerRecord, IssuerRole, IssuerStore};

use crate::{Error, Issuers, LoadedIssuer, StatusUrl};

/// What stands at the top, and what is to be made where nothing stands.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    /// The root.
    pub root: IssuerPlan,
    /// The issuing CA.
    pub issuing: IssuerPlan,
}

/// An issuer to be made. Its key exists already; keys are the signer's affair.
#[derive(Clone, Debug)]
pub struct IssuerPlan {
    /// Its name for profiles and URLs.
    pub id: IssuerId,
    /// Its name in certificates.
    pub subject: AuthorityName,
    /// Its key.
    pub key: KeyHandle,
    /// For how long its certificate is valid, from its making.
    pub lifetime: SignedDuration,
    /// How many CRLs share its revocations.
    pub crl_shards: u16,
}

/// Has the root sign: where the CA is made, and where an operator adds an issuing CA.
pub struct Ceremony {
    issuers: Arc<Issuers>,
    store: Arc<dyn IssuerStore>,
    signer: Arc<dyn Signer>,
    status_url: StatusUrl,
    clock: Arc<dyn Clock>,
}

impl Ceremony {
    /// With the keys of this signer.
    pub fn new(
        issuers: Arc<Issuers>,
        store: Arc<dyn IssuerStore>,
        signer: Arc<dyn Signer>,
        status_url: StatusUrl,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { issuers, store, signer, status_url, clock }
    }

    /// Makes what is absent of the hierarchy, and checks that the signer's keys fit what is there.
    /// Gives the root's certificate.
    ///
    /// # Errors
    /// [`Failure::ForeignIssuer`] when a stored issuer has another key than the signer: keys or store
    /// come from another CA, and nothing may be made over the one that is there.
    pub async fn ensure(&self, plan: &Hierarchy) -> Result<Certificate, Error> {
        let certificate = self.ensure_root(&plan.root).await?;
        let root = self.issuers.issuer(&plan.root.id).await?;
        self.ensure_issuing(&plan.issuing, &root).await?;
        Ok(certificate)
    }

    /// Asks the signer whether it has the key of the issuer's certificate.
    ///
    /// # Errors
    /// [`Failure::ForeignIssuer`] when it has another one; [`Failure::MissingIssuer`]; when the signer cannot answer.
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

    async fn ensure_root(&self, plan: &IssuerPlan) -> Result<Certificate, Error> {
        let key = self.signer.public_key(&plan.key).await?;
        if let Some(existing) = self.store.issuer(&plan.id).await? {
            return fitting(existing, &key);
        }
        let (not_before, not_after) = self.life(plan);
        let root = Root {
            subject: &plan.subject,
            serial: Serial::from_random(random()?),
            public_key: &key,
            not_before,
            not_after,
        };
        let linted = root.tbs().map_err(Failure::issuing)?.lint().map_err(Failure::issuing)?;
        let certificate = linted.sign_root(self.signer.as_ref(), &plan.key).await.map_err(Failure::from)?;
        self.record(plan, IssuerRole::Root, &plan.id, certificate, &key).await
    }

    async fn ensure_issuing(&self, plan: &IssuerPlan, root: &LoadedIssuer) -> Result<Certificate, Error> {
        let key = self.signer.public_key(&plan.key).await?;
        if let Some(existing) = self.store.issuer(&plan.id).await? {
            return fitting(existing, &key);
        }
        let certificate = self.certify_issuing(plan, &key, root, &self.status_url.pointers(&root.id, 0), None).await?;
        self.record(plan, IssuerRole::Issuing, &root.id, certificate, &key).await
    }

    /// Has the root sign the certificate of an issuing CA.
    ///
    /// # Errors
    /// When the root cannot sign it.
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
            serial: Serial::from_random(random()?),
            public_key: key,
            not_before: not_before.max(root.issuer.certificate().not_before()),
            not_after: not_after.min(root.ends_at()),
            pointers,
            constraints,
        };
        let linted = issuing_authority.tbs().map_err(Failure::issuing)?.lint().map_err(Failure::issuing)?;
        Ok(linted.sign(&root.issuer, self.signer.as_ref(), &root.key).await.map_err(Failure::from)?)
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
            // Another process was faster; its certificate counts and this one is forgotten.
            Creation::Existing(existing) => fitting(existing, key),
        }
    }

    fn life(&self, plan: &IssuerPlan) -> (Timestamp, Timestamp) {
        let now = acme::whole_seconds(self.clock.now());
        // Certificates may be asked to begin a little in the past; their issuers must have begun.
        (now - BACKDATE, now + plan.lifetime)
    }
}

impl IssuerPlan {
    /// The record of an issuer that was made by this plan.
    pub fn record(&self, role: IssuerRole, parent: &IssuerId, certificate: &Issued<Certificate>) -> IssuerRecord {
        IssuerRecord {
            id: self.id.clone(),
            role,
            key: self.key.clone(),
            certificate: Some(Der(certificate.value.der().to_vec())),
            parent: parent.clone(),
            crl_shards: self.crl_shards.max(1),
            request: None,
            chain: Vec::new(),
            retired_at: None,
            signer_request: certificate.signer_request.clone(),
            unknown: UnknownMembers::default(),
        }
    }
}

/// How long before its making the certificate of an issuer begins.
pub const BACKDATE: SignedDuration = SignedDuration::from_hours(24);

fn fitting(existing: IssuerRecord, key: &PublicKey) -> Result<Certificate, Error> {
    let Some(Der(certificate)) = &existing.certificate else {
        return Err(Error::IssuerOff(existing.id.clone(), existing.state()));
    };
    let certificate = Certificate::from_der(certificate).map_err(Failure::issuing)?;
    match certificate.public_key() == key {
        true => Ok(certificate),
        false => Err(Failure::ForeignIssuer(existing.id).into()),
    }
}
