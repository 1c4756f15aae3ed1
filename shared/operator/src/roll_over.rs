//! The roll-over of issuers: RA Profiles that refer to one issuing CA refer to a new one.

use std::{collections::BTreeSet, sync::Arc};

use authority::Failure;
use ca::{AuthorityName, IssuerKeyType, KeyHandle};
use issuing::BACKDATE;
use store::{Difference, IssuerId, IssuerRecord, IssuerRole, IssuerState, IssuerStore};

use crate::issuer::{certificate, issuing_ca};
use crate::{Error, IssuerChanges, IssuerKey, IssuerRefusal, NewIssuer, Profiles};

/// The issuers of a roll-over.
#[derive(Clone, Debug)]
pub struct RollOver {
    /// The issuer that RA Profiles refer to now.
    pub old: IssuerId,
    /// The issuer that they will refer to. If it does not exist, it is created like the old one.
    pub new: IssuerId,
    /// The common name of a new issuer; by default that of the old one with a number.
    pub name: Option<String>,
    /// The key of a new issuer; by default the signer creates one of the same type.
    pub key: Option<KeyHandle>,
}

/// The outcome of a roll-over.
#[derive(Clone, Debug)]
pub struct RolledOver {
    /// The new issuer.
    pub issuer: IssuerRecord,
    /// The changes to RA Profiles.
    pub differences: Vec<Difference>,
}

/// Has RA Profiles lead to another issuer.
pub struct RollOvers {
    store: Arc<dyn IssuerStore>,
    issuers: Arc<IssuerChanges>,
    profiles: Arc<Profiles>,
}

impl RollOvers {
    /// Of issuers of this store, by these verbs on issuers and profiles.
    pub fn new(store: Arc<dyn IssuerStore>, issuers: Arc<IssuerChanges>, profiles: Arc<Profiles>) -> Self {
        Self { store, issuers, profiles }
    }

    /// Makes all RA Profiles that refer to one issuer refer to another, in one change, and creates
    /// that one if it does not exist. The old issuer continues to sign CRLs, and the certificates
    /// of orders in progress. After a crash, repeating the call completes the roll-over.
    ///
    /// # Errors
    /// [`IssuerRefusal`]; when the root's key cannot be used.
    pub async fn roll_over(&self, actor: &str, roll: RollOver) -> Result<RolledOver, Error> {
        let RollOver { old, new, name, key } = roll;
        let all = self.store.issuers().await?;
        let before = issuing_ca(&all, &old)?;
        let issuer = match all.iter().find(|issuer| issuer.id == new) {
            Some(existing) if existing.role == IssuerRole::Root => return Err(IssuerRefusal::Root(new).into()),
            Some(existing) if existing.state() == IssuerState::Active => existing.clone(),
            Some(off) => return Err(IssuerRefusal::Off(new, off.state()).into()),
            None => self.issuers.add(actor, of_the_same_shape(&all, before, new, name, key)?).await?,
        };
        let mut wanted = self.profiles.all().await?;
        for profile in wanted.ra_profile.iter_mut().filter(|profile| profile.issuer == old) {
            profile.issuer = issuer.id.clone();
        }
        Ok(RolledOver { differences: self.profiles.apply(actor, &wanted).await?, issuer })
    }
}

/// A new issuer with the properties of `old`.
fn of_the_same_shape(
    all: &[IssuerRecord],
    old: &IssuerRecord,
    id: IssuerId,
    name: Option<String>,
    key: Option<KeyHandle>,
) -> Result<NewIssuer, Error> {
    let Some(certificate) = certificate(old)? else {
        return Err(IssuerRefusal::Off(old.id.clone(), old.state()).into());
    };
    if !old.chain.is_empty() {
        return Err(IssuerRefusal::Elsewhere(old.id.clone(), id).into());
    }
    let common_name = match name {
        Some(name) => name,
        None => next_name(all, certificate.subject_common_name().unwrap_or(old.id.as_str()))?,
    };
    let organization = certificate.subject_organization().map(str::to_owned);
    let kind = IssuerKeyType::of(certificate.public_key()).unwrap_or_default();
    Ok(NewIssuer {
        id,
        subject: AuthorityName::new(common_name, organization).map_err(IssuerRefusal::Name)?,
        key: key.map_or(IssuerKey::New(kind), IssuerKey::Held),
        lifetime: certificate.not_after().duration_since(certificate.not_before()) - BACKDATE,
        crl_shards: old.crl_shards,
        crl_backdate: old.crl_backdate,
        constraints: certificate.name_constraints().map_err(Failure::issuing)?,
    })
}

/// The name with the first number that no other issuer has: `Issuing CA 2`.
fn next_name(all: &[IssuerRecord], name: &str) -> Result<String, Error> {
    let mut taken = BTreeSet::new();
    for issuer in all {
        taken.extend(certificate(issuer)?.and_then(|one| one.subject_common_name().map(str::to_owned)));
    }
    let numbered = name.rsplit_once(' ').and_then(|(stem, number)| Some((stem, number.parse::<u16>().ok()?)));
    let (stem, number) = numbered.unwrap_or((name, 1));
    let names = (u32::from(number) + 1..).map(|number| format!("{stem} {number}"));
    Ok(names.filter(|name| !taken.contains(name)).take(1).collect())
}
