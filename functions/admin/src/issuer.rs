//! Issuers: shown, added, requested and installed, rolled over, retired.

use acme::ProfileName;
use authority::Failure;
use ca::{AuthorityName, AuthorityRequest, Certificate, IssuerKeyType, KeyHandle, NameConstraints, Subtree};
use jiff::{SignedDuration, Timestamp};
use operator::{Error, IssuerKey, IssuerRefusal, NewIssuer, Parts, RollOver};
use serde::{Deserialize, Serialize};
use store::{Der, Difference, IdentifierRule, IssuerId, IssuerRecord, IssuerRole, IssuerState, RaProfile};

use crate::{Action, AdminError};

/// The issuers, with their certificates and the RA Profiles that refer to them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListIssuers {}

impl Action for ListIssuers {
    type Answer = Vec<ShownIssuer>;

    const NAME: &str = "issuers";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Vec<ShownIssuer>, AdminError> {
        let profiles = parts.profiles.all().await?.ra_profile;
        parts.issuers.records().await?.into_iter().map(|issuer| ShownIssuer::of(issuer, &profiles)).collect()
    }
}

/// Shows one issuer with its certificate and its chain.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShowIssuer {
    /// The issuer to show, by its name in profiles.
    pub id: IssuerId,
}

impl Action for ShowIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "issuer";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<ShownIssuer, AdminError> {
        let found = parts.issuers.records().await?.into_iter().find(|issuer| issuer.id == self.id);
        shown(parts, found.ok_or_else(|| Error::from(IssuerRefusal::Unknown(self.id)))?).await
    }
}

/// Adds an issuing CA below the CA's own root.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddIssuer {
    /// The new issuer.
    pub issuer: IssuerTerms,
}

impl Action for AddIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "add-issuer";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownIssuer, AdminError> {
        let IssuerTerms { id, name, organization, key, key_type, days, shards, permit, exclude } = self.issuer;
        let new = NewIssuer {
            subject: subject(parts, name, organization).await?,
            key: key.map_or(IssuerKey::New(key_type), IssuerKey::Held),
            lifetime: lifetime(days)?,
            crl_shards: checked_shards(shards)?,
            constraints: NameConstraints::new(subtrees(permit)?, subtrees(exclude)?),
            id,
        };
        shown(parts, parts.issuer_changes.add(actor, new).await?).await
    }
}

/// Makes a certificate request for another CA to sign.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestIssuer {
    /// The new issuer.
    pub issuer: RequestTerms,
}

impl Action for RequestIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "request-issuer";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownIssuer, AdminError> {
        let RequestTerms { id, name, organization, key, key_type, shards } = self.issuer;
        let subject = subject(parts, name, organization).await?;
        let key = key.map_or(IssuerKey::New(key_type), IssuerKey::Held);
        shown(parts, parts.issuer_changes.request(actor, id, subject, key, checked_shards(shards)?).await?).await
    }
}

/// Installs the certificate that another CA signed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstallIssuer {
    /// The issuer to act on, by its name in profiles.
    pub id: IssuerId,
    /// Its certificate and those above it up to a root, PEM.
    pub certificates: String,
}

impl Action for InstallIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "install-issuer";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownIssuer, AdminError> {
        let certificates = Certificate::from_pem(&self.certificates).map_err(AdminError::Certificates)?;
        shown(parts, parts.issuer_changes.install(actor, &self.id, &certificates).await?).await
    }
}

/// Moves all RA Profiles from one issuer to another.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollOverIssuer {
    /// The issuer that they refer to.
    pub old: IssuerId,
    /// The issuer that they are to refer to; made like the old one when there is none of that id.
    pub new: IssuerId,
    /// The common name of a new one; that of the old one with a number when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The key of a new one; made by the signer when absent.
    #[serde(default)]
    pub key: Option<KeyHandle>,
}

impl Action for RollOverIssuer {
    type Answer = ShownRollOver;

    const NAME: &str = "roll-over-issuer";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownRollOver, AdminError> {
        let Self { old, new, name, key } = self;
        let rolled = parts.roll_overs.roll_over(actor, RollOver { old, new, name, key }).await?;
        Ok(ShownRollOver { issuer: shown(parts, rolled.issuer).await?, differences: rolled.differences })
    }
}

/// Retires an issuer: it signs no further certificates; its CRLs continue.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetireIssuer {
    /// The issuer to act on, by its name in profiles.
    pub id: IssuerId,
    /// Whether it is retired although RA Profiles still refer to it.
    #[serde(default)]
    pub named: bool,
}

impl Action for RetireIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "retire-issuer";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownIssuer, AdminError> {
        shown(parts, parts.issuer_changes.retire(actor, &self.id, self.named).await?).await
    }
}

/// An issuing CA to be made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerTerms {
    /// Its name for profiles and URLs.
    pub id: IssuerId,
    /// The common name in its certificate.
    pub name: String,
    /// The organization in its certificate; that of the root when absent.
    #[serde(default)]
    pub organization: Option<String>,
    /// The key, as the signer names it: on AWS the ARN of a key in KMS. Made by the signer when
    /// absent.
    #[serde(default)]
    pub key: Option<KeyHandle>,
    /// The kind of a key that the signer makes.
    #[serde(default)]
    pub key_type: IssuerKeyType,
    /// For how long its certificate is valid; it ends with the root at the latest.
    #[serde(default = "ten_years")]
    pub days: u32,
    /// How many CRLs share its revocations.
    #[serde(default = "one")]
    pub shards: u16,
    /// The names that it may certify, each with all below it; all when there is no rule.
    #[serde(default)]
    pub permit: Vec<IdentifierRule>,
    /// The names that it may not certify, each with all below it.
    #[serde(default)]
    pub exclude: Vec<IdentifierRule>,
}

/// An issuing CA whose certificate a CA elsewhere is to sign.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestTerms {
    /// Its name for profiles and URLs.
    pub id: IssuerId,
    /// The common name that is asked for.
    pub name: String,
    /// The organization that is asked for; that of the root when absent.
    #[serde(default)]
    pub organization: Option<String>,
    /// The key, as the signer names it: on AWS the ARN of a key in KMS. Made by the signer when
    /// absent.
    #[serde(default)]
    pub key: Option<KeyHandle>,
    /// The kind of a key that the signer makes.
    #[serde(default)]
    pub key_type: IssuerKeyType,
    /// How many CRLs share its revocations.
    #[serde(default = "one")]
    pub shards: u16,
}

/// An issuer as it is shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownIssuer {
    /// Its name for profiles and URLs.
    pub id: IssuerId,
    /// What it may sign.
    pub role: IssuerRole,
    /// What it does at present.
    pub state: IssuerState,
    /// Its name in certificates, or in the request for its own.
    pub subject: Option<String>,
    /// Its key, as the signer names it.
    pub key: KeyHandle,
    /// The kind of its key; absent while it waits for its certificate.
    pub key_type: Option<IssuerKeyType>,
    /// The end of its certificate; absent while it waits for it.
    pub not_after: Option<Timestamp>,
    /// How many CRLs share its revocations.
    pub shards: u16,
    /// Since when it issues no more.
    pub retired_at: Option<Timestamp>,
    /// The RA Profiles that name it.
    pub ra_profiles: Vec<ProfileName>,
    /// The names that it may certify, when its certificate says so.
    pub name_constraints: Option<String>,
    /// Its certificate and those of CAs elsewhere above it, PEM.
    pub certificates: Vec<String>,
    /// The request for its certificate, PEM, when a CA elsewhere is to sign it.
    pub request: Option<String>,
}

impl ShownIssuer {
    fn of(issuer: IssuerRecord, profiles: &[RaProfile]) -> Result<Self, AdminError> {
        let state = issuer.state();
        let IssuerRecord { id, role, key, certificate, crl_shards, request, chain, retired_at, .. } = issuer;
        let read = |Der(der): &Der| Certificate::from_der(der).map_err(Failure::issuing);
        let certificates = certificate.iter().chain(&chain).map(read).collect::<Result<Vec<_>, _>>()?;
        let own = certificates.first();
        let request = request.map(|Der(der)| AuthorityRequest::from_der(&der)).transpose();
        let request = request.map_err(Failure::issuing)?;
        let requested = request.as_ref().map(|request| request.subject().to_owned());
        let constraints = own.and_then(|own| own.name_constraints().ok()).flatten();
        let naming = profiles.iter().filter(|profile| profile.issuer == id).map(|profile| profile.name.clone());
        Ok(Self {
            ra_profiles: naming.collect(),
            subject: own.map(Certificate::subject).or(requested),
            key_type: own.and_then(|own| IssuerKeyType::of(own.public_key())),
            not_after: own.map(Certificate::not_after),
            name_constraints: constraints.map(|constraints| constraints.to_string()),
            certificates: certificates.iter().map(Certificate::pem).collect(),
            request: request.map(|request| request.pem()),
            id,
            role,
            state,
            key,
            shards: crl_shards,
            retired_at,
        })
    }
}

/// What came of a roll-over.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownRollOver {
    /// The issuer that took over.
    pub issuer: ShownIssuer,
    /// What changed in RA Profiles, by path.
    pub differences: Vec<Difference>,
}

async fn shown(parts: &Parts, issuer: IssuerRecord) -> Result<ShownIssuer, AdminError> {
    ShownIssuer::of(issuer, &parts.profiles.all().await?.ra_profile)
}

/// The name of a new issuer; its organization is that of the root unless somebody says otherwise.
async fn subject(parts: &Parts, name: String, organization: Option<String>) -> Result<AuthorityName, AdminError> {
    let of_root = async || -> Result<Option<String>, AdminError> {
        let root = parts.issuers.records().await?.into_iter().find(|issuer| issuer.role == IssuerRole::Root);
        let Some(Der(der)) = root.and_then(|root| root.certificate) else { return Ok(None) };
        let root = Certificate::from_der(&der).map_err(Failure::issuing)?;
        Ok(root.subject_organization().map(str::to_owned))
    };
    let organization = match organization {
        None => of_root().await?,
        said => said.filter(|organization| !organization.is_empty()),
    };
    Ok(AuthorityName::new(name, organization).map_err(|error| Error::from(IssuerRefusal::from(error)))?)
}

fn subtrees(rules: Vec<IdentifierRule>) -> Result<Vec<Subtree>, AdminError> {
    rules.into_iter().map(|rule| rule.subtree().ok_or(AdminError::Subtree(rule))).collect()
}

fn lifetime(days: u32) -> Result<SignedDuration, AdminError> {
    if (1..=MAX_ISSUER_DAYS).contains(&days) {
        Ok(SignedDuration::from_hours(i64::from(days) * 24))
    } else {
        Err(AdminError::IssuerDays)
    }
}

fn checked_shards(shards: u16) -> Result<u16, AdminError> {
    if (1..=MAX_SHARDS).contains(&shards) { Ok(shards) } else { Err(AdminError::Shards) }
}

pub(crate) fn ten_years() -> u32 {
    3_650
}

pub(crate) fn one() -> u16 {
    1
}

/// A hundred years.
pub(crate) const MAX_ISSUER_DAYS: u32 = 36_500;
pub(crate) const MAX_SHARDS: u16 = 1_024;
