//! The CA hierarchy: a root and an issuing CA below it, made at first start and never again.

use acme::Serial;
use ca::{AuthorityName, Certificate, Issuer, IssuingAuthority, KeyHandle, Root};
use jiff::{SignedDuration, Timestamp};
use jose::PublicKey;
use store::{Creation, IssuerId, IssuerRecord, IssuerRole};

use crate::{
    Authority, Error,
    issuance::{issuing, signing},
    random,
};

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

impl Authority {
    /// Makes what is absent of the hierarchy, and checks that the signer's keys fit what is there.
    /// Gives the root's certificate.
    ///
    /// # Errors
    /// [`Error::ForeignIssuer`] when a stored issuer has another key than the signer: keys or store
    /// come from another CA, and nothing may be made over the one that is there.
    pub async fn ensure_hierarchy(&self, plan: &Hierarchy) -> Result<Certificate, Error> {
        let root = self.ensure_root(&plan.root).await?;
        let root_issuer = Issuer::new(root.clone()).map_err(issuing)?;
        self.ensure_issuing(&plan.issuing, &plan.root, &root_issuer).await?;
        Ok(root)
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
        let linted = root.tbs().map_err(issuing)?.lint().map_err(issuing)?;
        let certificate = linted.sign_root(self.signer.as_ref(), &plan.key).await.map_err(signing)?;
        self.record(plan, IssuerRole::Root, &plan.id, certificate, &key).await
    }

    async fn ensure_issuing(
        &self,
        plan: &IssuerPlan,
        root: &IssuerPlan,
        root_issuer: &Issuer,
    ) -> Result<Certificate, Error> {
        let key = self.signer.public_key(&plan.key).await?;
        if let Some(existing) = self.store.issuer(&plan.id).await? {
            return fitting(existing, &key);
        }
        let (not_before, not_after) = self.life(plan);
        let issuing_authority = IssuingAuthority {
            issuer: root_issuer,
            subject: &plan.subject,
            serial: Serial::from_random(random()?),
            public_key: &key,
            not_before: not_before.max(root_issuer.certificate().not_before()),
            not_after: not_after.min(root_issuer.not_after()),
            pointers: &self.pointers(&root.id, 0),
        };
        let linted = issuing_authority.tbs().map_err(issuing)?.lint().map_err(issuing)?;
        let certificate = linted.sign(root_issuer, self.signer.as_ref(), &root.key).await.map_err(signing)?;
        self.record(plan, IssuerRole::Issuing, &root.id, certificate, &key).await
    }

    async fn record(
        &self,
        plan: &IssuerPlan,
        role: IssuerRole,
        parent: &IssuerId,
        certificate: Certificate,
        key: &PublicKey,
    ) -> Result<Certificate, Error> {
        let record = IssuerRecord {
            id: plan.id.clone(),
            role,
            key: plan.key.clone(),
            certificate: certificate.der().to_vec(),
            parent: parent.clone(),
            crl_shards: plan.crl_shards.max(1),
        };
        match self.store.create_issuer_if_absent(&record).await? {
            Creation::Created => Ok(certificate),
            // Another process was faster; its certificate counts and this one is forgotten.
            Creation::Existing(existing) => fitting(existing, key),
        }
    }

    fn life(&self, plan: &IssuerPlan) -> (Timestamp, Timestamp) {
        let now = acme::whole_seconds(self.now());
        // Certificates may be asked to begin a little in the past; their issuers must have begun.
        (now - SignedDuration::from_hours(24), now + plan.lifetime)
    }
}

fn fitting(existing: IssuerRecord, key: &PublicKey) -> Result<Certificate, Error> {
    let certificate = Certificate::from_der(&existing.certificate).map_err(issuing)?;
    match certificate.public_key() == key {
        true => Ok(certificate),
        false => Err(Error::ForeignIssuer(existing.id)),
    }
}
