//! Issuing CAs in addition to the first one: created below the CA's own root, and retired.
//!
//! Creating one is a ceremony: apart from the first start, it is the only place where the root's
//! key signs a certificate.

use std::{collections::BTreeMap, sync::Arc};

use acme::{IssuerRevocationReason, ProfileName};
use authority::{AuditTrail, Clock, Failure, Rounds, applied};
use ca::{
    AuthorityName, AuthorityNameError, Certificate, IssuerError, IssuerKeyType, KeyHandle, NameConstraints, PathError,
    Pointers, Signer,
};
use issuing::{Ceremony, CrlRequests, IssuerPlan, Issuers, LoadedIssuer, StatusUrl};
use jiff::SignedDuration;
use jose::PublicKey;
use store::{Creation, CrlBackdate, Der, IssuerId, IssuerRecord, IssuerRole, IssuerState, IssuerStore, ProfileStore};

use crate::Error;

/// An issuing CA to be created.
#[derive(Clone, Debug)]
pub struct NewIssuer {
    /// The id of the issuer in profiles and URLs.
    pub id: IssuerId,
    /// The subject of its certificate.
    pub subject: AuthorityName,
    /// Where its key comes from.
    pub key: IssuerKey,
    /// The lifetime of its certificate; it expires with the root at the latest.
    pub lifetime: SignedDuration,
    /// The number of CRLs over which its revocations are spread.
    pub crl_shards: u16,
    /// By how much the `thisUpdate` of its CRLs is earlier than their creation.
    pub crl_backdate: CrlBackdate,
    /// The identifiers that it may certify; all when absent.
    pub constraints: Option<NameConstraints>,
}

/// The source of the key of a new issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerKey {
    /// The signer already has this key.
    Held(KeyHandle),
    /// The signer creates a key of this type.
    New(IssuerKeyType),
}

/// Why an issuer cannot be created or changed as requested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerRefusal {
    /// There is already an issuer with this id.
    #[error("there is already an issuer `{0}`; it is {1}")]
    Exists(IssuerId, IssuerState),
    /// There is no issuer with this id.
    #[error("there is no issuer `{0}`")]
    Unknown(IssuerId),
    /// Another CA has the same subject, so relying parties could not distinguish them.
    #[error("issuer `{0}` has that name in its certificate; choose another one")]
    SameName(IssuerId),
    /// Another issuer has the same key, which identifies the CRL that a certificate belongs to.
    #[error("that is the key of issuer `{0}`; each issuer needs a key of its own")]
    SameKey(IssuerId),
    /// There is no root to sign it.
    #[error("there is no root yet: start the host, or run the bootstrap function")]
    NoRoot,
    /// The root does not issue certificates for profiles.
    #[error("`{0}` is a root")]
    Root(IssuerId),
    /// The issuer is in a state in which this is not possible.
    #[error("issuer `{0}` is {1}")]
    Off(IssuerId, IssuerState),
    /// The subject is not valid.
    #[error(transparent)]
    Name(#[from] AuthorityNameError),
    /// The CA's own root did not sign it, and cannot sign a replacement.
    #[error("an external CA signed the certificate of issuer `{0}`; request and install one for `{1}` first")]
    Elsewhere(IssuerId, IssuerId),
    /// No certificate was requested for it.
    #[error("no certificate was requested from an external CA for issuer `{0}`")]
    NotRequested(IssuerId),
    /// The certificate is for another key.
    #[error("none of the certificates has the key of the request of issuer `{0}`")]
    OtherKey(IssuerId),
    /// The certificate cannot be that of an issuer.
    #[error("the certificate cannot be that of an issuer: {0}")]
    Certificate(#[from] IssuerError),
    /// The certificate does not chain to a root.
    #[error(transparent)]
    Path(#[from] PathError),
    /// RA Profiles refer to it.
    #[error("RA Profiles refer to `{issuer}`: {}; roll over to another issuer first", names(.profiles))]
    Named {
        /// The id of the issuer.
        issuer: IssuerId,
        /// The RA Profiles that refer to it.
        profiles: Vec<ProfileName>,
    },
    /// It is revoked, for a reason that is not raised by another one.
    #[error("issuer `{0}` is revoked already, for {1}; only a compromise takes the place of another reason")]
    AlreadyRevoked(IssuerId, IssuerRevocationReason),
    /// It cannot take its own place.
    #[error("issuer `{0}` cannot replace itself")]
    Itself(IssuerId),
    /// It is the only active issuer.
    #[error("`{0}` is the last active issuer; add another one first, or disable the profiles instead")]
    Last(IssuerId),
}

fn names(profiles: &[ProfileName]) -> String {
    profiles.iter().map(ProfileName::as_str).collect::<Vec<_>>().join(", ")
}

/// Adds and retires issuing CAs, and installs those below a CA elsewhere.
pub struct IssuerChanges {
    pub(crate) store: Arc<dyn IssuerStore>,
    profiles: Arc<dyn ProfileStore>,
    pub(crate) issuers: Arc<Issuers>,
    ceremony: Arc<Ceremony>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) crl_requests: Arc<CrlRequests>,
    pub(crate) audit: Arc<AuditTrail>,
    status_url: StatusUrl,
    pub(crate) clock: Arc<dyn Clock>,
}

impl IssuerChanges {
    /// In this store, signed by this ceremony.
    pub fn new(
        store: Arc<dyn IssuerStore>,
        profiles: Arc<dyn ProfileStore>,
        issuers: Arc<Issuers>,
        ceremony: Arc<Ceremony>,
        signer: Arc<dyn Signer>,
        crl_requests: Arc<CrlRequests>,
        audit: Arc<AuditTrail>,
        status_url: StatusUrl,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, profiles, issuers, ceremony, signer, crl_requests, audit, status_url, clock }
    }

    /// Creates an issuing CA below the CA's own root, and requests its CRLs. After a crash,
    /// repeating the call completes the issuer.
    ///
    /// # Errors
    /// [`IssuerRefusal`]; when the root's key cannot be used.
    pub async fn add(&self, actor: &str, new: NewIssuer) -> Result<IssuerRecord, Error> {
        let others = self.store.issuers().await?;
        check_new(&others, &new.id, &new.subject)?;
        let root = others.iter().find(|issuer| issuer.role == IssuerRole::Root).ok_or(IssuerRefusal::NoRoot)?;
        let root = self.issuers.issuer(&root.id).await?;
        self.audit.record(actor, "issuer add", &new.id, described(&new.subject, &new.key)).await?;
        let NewIssuer { id, subject, key, lifetime, crl_shards, crl_backdate, constraints } = new;
        let (key, public_key) = self.key_for(&id, key, &others).await?;
        let plan = IssuerPlan { id, subject, key, lifetime, crl_shards };
        let pointers = self.pointers_to(&root, &others);
        let certificate =
            self.ceremony.certify_issuing(&plan, &public_key, &root, &pointers, constraints.as_ref()).await?;
        let record = plan.record(IssuerRole::Issuing, &root.id, &certificate);
        self.keep_new(IssuerRecord { crl_backdate, ..record }).await
    }

    /// Changes by how much the CRLs of an issuer, which may be a root, are backdated, from the next
    /// CRL on. Repeating it is harmless.
    ///
    /// # Errors
    /// [`IssuerRefusal::Unknown`].
    pub async fn backdate_crls(&self, actor: &str, id: &IssuerId, by: CrlBackdate) -> Result<IssuerRecord, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.store.issuer(id).await?.ok_or_else(|| IssuerRefusal::Unknown(id.clone()))?;
            if before.crl_backdate == by {
                return Ok(before);
            }
            let seconds = |backdate: CrlBackdate| backdate.as_secs().to_string();
            let (from, to) = (seconds(before.crl_backdate), seconds(by));
            let detail = BTreeMap::from([("crlBackdate".to_owned(), to), ("before".to_owned(), from)]);
            self.audit.record(actor, "issuer set", id, detail).await?;
            let after = IssuerRecord { crl_backdate: by, ..before.clone() };
            if applied(self.store.update_issuer(&before, &after).await)? {
                self.issuers.forget().await;
                return Ok(after);
            }
        }
    }

    /// Retires an issuer: it issues no more certificates, but signs CRLs until its own certificate
    /// expires, and with it the last certificate that it issued. `named` allows this although RA
    /// Profiles still refer to it; these issue nothing then. Repeating it is harmless.
    ///
    /// # Errors
    /// [`IssuerRefusal`].
    pub async fn retire(&self, actor: &str, id: &IssuerId, named: bool) -> Result<IssuerRecord, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let all = self.store.issuers().await?;
            let before = issuing_ca(&all, id)?;
            match before.state() {
                IssuerState::Active => {}
                IssuerState::Retired | IssuerState::Revoked => return Ok(before.clone()),
                IssuerState::Requested => return Err(IssuerRefusal::Off(id.clone(), IssuerState::Requested).into()),
            }
            let profiles = self.profiles.profiles().await?.ra_profile;
            let naming = profiles.into_iter().filter(|profile| profile.issuer == *id).map(|profile| profile.name);
            let naming: Vec<ProfileName> = naming.collect();
            if !named && !naming.is_empty() {
                return Err(IssuerRefusal::Named { issuer: id.clone(), profiles: naming }.into());
            }
            let issues = |issuer: &&IssuerRecord| {
                issuer.role == IssuerRole::Issuing && issuer.state() == IssuerState::Active && issuer.id != *id
            };
            if all.iter().find(issues).is_none() {
                return Err(IssuerRefusal::Last(id.clone()).into());
            }
            let detail = BTreeMap::from([("named by".to_owned(), names(&naming))]);
            self.audit.record(actor, "issuer retire", id, detail).await?;
            let retired_at = Some(acme::whole_seconds(self.clock.now()));
            let after = IssuerRecord { retired_at, ..before.clone() };
            if applied(self.store.update_issuer(before, &after).await)? {
                self.issuers.forget().await;
                return Ok(after);
            }
        }
    }

    /// The key for a new issuer, which no other issuer has.
    pub(super) async fn key_for(
        &self,
        id: &IssuerId,
        key: IssuerKey,
        others: &[IssuerRecord],
    ) -> Result<(KeyHandle, PublicKey), Error> {
        let key = match key {
            IssuerKey::Held(key) => key,
            IssuerKey::New(kind) => self.signer.make_key(id.as_str(), kind).await?,
        };
        let public_key = self.signer.public_key(&key).await?;
        for other in others {
            // An issuer that waits for its certificate has no certificate to compare, but a handle
            // of its key.
            let same = match certificate(other)? {
                Some(certificate) => *certificate.public_key() == public_key,
                None => self.signer.is_same_key(&other.key, &key),
            };
            if same {
                return Err(IssuerRefusal::SameKey(other.id.clone()).into());
            }
        }
        Ok((key, public_key))
    }

    /// Stores a new issuer and requests its CRLs.
    pub(super) async fn keep_new(&self, record: IssuerRecord) -> Result<IssuerRecord, Error> {
        match self.store.create_issuer_if_absent(&record).await? {
            Creation::Created => {}
            Creation::Existing(existing) => {
                let state = existing.state();
                return Err(IssuerRefusal::Exists(existing.id, state).into());
            }
        }
        self.issuers.forget().await;
        self.crl_requests.request_missing(&record).await?;
        Ok(record)
    }

    /// The URLs of the root and its CRL. A process that opens a CA whose host is not running does
    /// not know the status URL, but the certificates below the root contain it.
    fn pointers_to(&self, root: &LoadedIssuer, others: &[IssuerRecord]) -> Pointers {
        let pointers = self.status_url.pointers(&root.id, 0);
        if pointers != Pointers::default() {
            return pointers;
        }
        let below = others.iter().filter(|issuer| issuer.role == IssuerRole::Issuing && issuer.parent == root.id);
        let said = below.filter_map(|issuer| Some(certificate(issuer).ok()??.pointers()));
        said.into_iter().find(|pointers| *pointers != Pointers::default()).unwrap_or_default()
    }
}

/// Checks that the names of a new issuer differ from those of the others.
pub(super) fn check_new(others: &[IssuerRecord], id: &IssuerId, subject: &AuthorityName) -> Result<(), Error> {
    if let Some(taken) = others.iter().find(|other| other.id == *id) {
        return Err(IssuerRefusal::Exists(id.clone(), taken.state()).into());
    }
    for other in others {
        if let Some(certificate) = certificate(other)?
            && certificate.subject_common_name() == Some(subject.common_name())
            && certificate.subject_organization() == subject.organization()
        {
            return Err(IssuerRefusal::SameName(other.id.clone()).into());
        }
    }
    Ok(())
}

/// The issuing CA with this id.
pub(super) fn issuing_ca<'a>(all: &'a [IssuerRecord], id: &IssuerId) -> Result<&'a IssuerRecord, IssuerRefusal> {
    let found = all.iter().find(|issuer| issuer.id == *id).ok_or_else(|| IssuerRefusal::Unknown(id.clone()))?;
    match found.role {
        IssuerRole::Issuing => Ok(found),
        IssuerRole::Root => Err(IssuerRefusal::Root(id.clone())),
    }
}

/// The certificate of an issuer, if it has one.
pub(super) fn certificate(issuer: &IssuerRecord) -> Result<Option<Certificate>, Error> {
    let read = |Der(der): &Der| Certificate::from_der(der).map_err(Failure::issuing);
    Ok(issuer.certificate.as_ref().map(read).transpose()?)
}

/// The detail of an audit record about a new issuer.
pub(super) fn described(subject: &AuthorityName, key: &IssuerKey) -> BTreeMap<String, String> {
    let key = match key {
        IssuerKey::Held(key) => key.to_string(),
        IssuerKey::New(kind) => format!("new, {kind}"),
    };
    BTreeMap::from([("name".to_owned(), subject.common_name().to_owned()), ("key".to_owned(), key)])
}
