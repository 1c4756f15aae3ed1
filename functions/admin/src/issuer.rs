//! Issuers: showing, adding, requesting, installing, rolling over and retiring them.

use acme::{IssuerRevocationReason, ProfileName};
use authority::Failure;
use ca::{AuthorityName, AuthorityRequest, Certificate, IssuerKeyType, KeyHandle, NameConstraints, Subtree};
use issuing::Issuers;
use jiff::{SignedDuration, Timestamp};
use operator::{Ceremonies, Error, IssuerKey, IssuerRefusal, NewIssuer, Parts, Profiles, RollOver};
use serde::{Deserialize, Serialize};
use store::{
    CrlBackdate, Der, Difference, IdentifierRule, IssuerId, IssuerRecord, IssuerRevocation, IssuerRole, IssuerState,
    RaProfile,
};

use crate::{
    Action, AdminError,
    ceremony::{self, CeremonialAct},
};

/// Lists the issuers, with their certificates and the RA Profiles that refer to them.
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
    /// The id of the issuer.
    pub id: IssuerId,
}

impl Action for ShowIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "issuer";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<ShownIssuer, AdminError> {
        let found = parts.issuers.records().await?.into_iter().find(|issuer| issuer.id == self.id);
        shown(&parts.profiles, found.ok_or_else(|| Error::from(IssuerRefusal::Unknown(self.id)))?).await
    }
}

/// Adds an issuing CA below the CA's own root.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddIssuer {
    /// The terms of the new issuer.
    pub issuer: IssuerTerms,
}

impl Action for AddIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "add-issuer";
    const IS_ACT: bool = true;
    const IS_CEREMONY: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownIssuer, AdminError> {
        self.hold(ceremony::here(parts, Self::NAME)?, actor).await
    }
}

impl CeremonialAct for AddIssuer {
    async fn hold(self, ceremonies: &Ceremonies, actor: &str) -> Result<ShownIssuer, AdminError> {
        let IssuerTerms { id, name, organization, key, key_type, days, shards, crl_backdate, permit, exclude } =
            self.issuer;
        let new = NewIssuer {
            subject: subject(&ceremonies.issuers, name, organization).await?,
            key: key.map_or(IssuerKey::New(key_type), IssuerKey::Held),
            lifetime: lifetime(days)?,
            crl_shards: checked_shards(shards)?,
            crl_backdate,
            constraints: NameConstraints::new(subtrees(permit)?, subtrees(exclude)?),
            id,
        };
        shown(&ceremonies.profiles, ceremonies.issuer_changes.add(actor, new).await?).await
    }
}

/// Creates a certificate request for an external CA to sign.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestIssuer {
    /// The terms of the new issuer.
    pub issuer: RequestTerms,
}

impl Action for RequestIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "request-issuer";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownIssuer, AdminError> {
        let RequestTerms { id, name, organization, key, key_type, shards } = self.issuer;
        let subject = subject(&parts.issuers, name, organization).await?;
        let key = key.map_or(IssuerKey::New(key_type), IssuerKey::Held);
        shown(&parts.profiles, parts.issuer_changes.request(actor, id, subject, key, checked_shards(shards)?).await?)
            .await
    }
}

/// Installs the certificate that an external CA has signed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstallIssuer {
    /// The id of the issuer.
    pub id: IssuerId,
    /// Its certificate and those above it up to a root, in PEM.
    pub certificates: String,
}

impl Action for InstallIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "install-issuer";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownIssuer, AdminError> {
        let certificates = Certificate::from_pem(&self.certificates).map_err(AdminError::Certificates)?;
        shown(&parts.profiles, parts.issuer_changes.install(actor, &self.id, &certificates).await?).await
    }
}

/// Moves all RA Profiles from one issuer to another.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollOverIssuer {
    /// The issuer that they refer to now.
    pub old: IssuerId,
    /// The issuer that they will refer to; if it does not exist, it is created like the old one.
    pub new: IssuerId,
    /// The common name of a new issuer; when absent, that of the old one with a number.
    #[serde(default)]
    pub name: Option<String>,
    /// The key of a new issuer; when absent, the signer creates one.
    #[serde(default)]
    pub key: Option<KeyHandle>,
}

impl Action for RollOverIssuer {
    type Answer = ShownRollOver;

    const NAME: &str = "roll-over-issuer";
    const IS_ACT: bool = true;
    const IS_CEREMONY: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownRollOver, AdminError> {
        self.hold(ceremony::here(parts, Self::NAME)?, actor).await
    }
}

impl CeremonialAct for RollOverIssuer {
    async fn hold(self, ceremonies: &Ceremonies, actor: &str) -> Result<ShownRollOver, AdminError> {
        let Self { old, new, name, key } = self;
        let rolled = ceremonies.roll_overs.roll_over(actor, RollOver { old, new, name, key }).await?;
        let issuer = shown(&ceremonies.profiles, rolled.issuer).await?;
        Ok(ShownRollOver { issuer, differences: rolled.differences })
    }
}

/// Retires an issuer: it signs no more certificates; its CRLs continue.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetireIssuer {
    /// The id of the issuer.
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
        shown(&parts.profiles, parts.issuer_changes.retire(actor, &self.id, self.named).await?).await
    }
}

/// Changes a setting of an issuer, from its next CRL on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetIssuer {
    /// The id of the issuer, which may be a root.
    pub id: IssuerId,
    /// By how many seconds the `thisUpdate` of its CRLs is earlier than their creation.
    pub crl_backdate: CrlBackdate,
}

impl Action for SetIssuer {
    type Answer = ShownIssuer;

    const NAME: &str = "set-issuer";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownIssuer, AdminError> {
        shown(&parts.profiles, parts.issuer_changes.backdate_crls(actor, &self.id, self.crl_backdate).await?).await
    }
}

/// The terms of an issuing CA to be created.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerTerms {
    /// The id of the issuer in profiles and URLs.
    pub id: IssuerId,
    /// The common name in its certificate.
    pub name: String,
    /// The organization in its certificate; that of the root when absent.
    #[serde(default)]
    pub organization: Option<String>,
    /// The handle of the key at the signer: on AWS the ARN of a KMS key. When absent, the signer
    /// creates one.
    #[serde(default)]
    pub key: Option<KeyHandle>,
    /// The type of a key that the signer creates.
    #[serde(default)]
    pub key_type: IssuerKeyType,
    /// The lifetime of its certificate, in days; it expires with the root at the latest.
    #[serde(default = "ten_years")]
    pub days: u32,
    /// The number of CRLs over which its revocations are spread.
    #[serde(default = "one")]
    pub shards: u16,
    /// By how many seconds the `thisUpdate` of its CRLs is earlier than their creation.
    #[serde(default)]
    pub crl_backdate: CrlBackdate,
    /// The domains, with their subdomains, and networks that it may certify; all when there is no
    /// rule.
    #[serde(default)]
    pub permit: Vec<IdentifierRule>,
    /// The domains, with their subdomains, and networks that it may not certify.
    #[serde(default)]
    pub exclude: Vec<IdentifierRule>,
}

/// The terms of an issuing CA whose certificate an external CA signs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestTerms {
    /// The id of the issuer in profiles and URLs.
    pub id: IssuerId,
    /// The common name in the request.
    pub name: String,
    /// The organization in the request; that of the root when absent.
    #[serde(default)]
    pub organization: Option<String>,
    /// The handle of the key at the signer: on AWS the ARN of a KMS key. When absent, the signer
    /// creates one.
    #[serde(default)]
    pub key: Option<KeyHandle>,
    /// The type of a key that the signer creates.
    #[serde(default)]
    pub key_type: IssuerKeyType,
    /// The number of CRLs over which its revocations are spread.
    #[serde(default = "one")]
    pub shards: u16,
}

/// An issuer, as operators see it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownIssuer {
    /// The id of the issuer in profiles and URLs.
    pub id: IssuerId,
    /// Whether it is a root or an issuing CA.
    pub role: IssuerRole,
    /// Whether it is requested, active or retired.
    pub state: IssuerState,
    /// The subject of its certificate, or of the request for it.
    pub subject: Option<String>,
    /// The handle of its key at the signer.
    pub key: KeyHandle,
    /// The type of its key; absent as long as it has no certificate.
    pub key_type: Option<IssuerKeyType>,
    /// The expiry of its certificate; absent as long as it has none.
    pub not_after: Option<Timestamp>,
    /// The number of CRLs over which its revocations are spread.
    pub shards: u16,
    /// By how many seconds the `thisUpdate` of its CRLs is earlier than their creation.
    #[serde(default)]
    pub crl_backdate: CrlBackdate,
    /// The time of its retirement, if it is retired.
    pub retired_at: Option<Timestamp>,
    /// Its revocation, if it is revoked.
    pub revocation: Option<ShownRevocation>,
    /// The RA Profiles that refer to it.
    pub ra_profiles: Vec<ProfileName>,
    /// The identifiers that it may certify, if its certificate restricts them.
    pub name_constraints: Option<String>,
    /// Its certificate and those of external CAs above it, in PEM.
    pub certificates: Vec<String>,
    /// The request for its certificate, in PEM, if an external CA signs it.
    pub request: Option<String>,
}

impl ShownIssuer {
    fn of(issuer: IssuerRecord, profiles: &[RaProfile]) -> Result<Self, AdminError> {
        let state = issuer.state();
        let IssuerRecord {
            id,
            role,
            key,
            certificate,
            crl_shards,
            crl_backdate,
            request,
            chain,
            retired_at,
            revocation,
            ..
        } = issuer;
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
            crl_backdate,
            retired_at,
            revocation: revocation.map(ShownRevocation::from),
        })
    }
}

/// The revocation of an issuer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownRevocation {
    /// The time of the revocation, as in the root's CRL.
    pub at: Timestamp,
    /// The reason code (RFC 5280 §5.3.1).
    pub reason: IssuerRevocationReason,
    /// When the reason was raised to a compromise.
    pub raised_at: Option<Timestamp>,
}

impl From<IssuerRevocation> for ShownRevocation {
    fn from(revocation: IssuerRevocation) -> Self {
        let IssuerRevocation { at, reason, raised_at } = revocation;
        Self { at, reason, raised_at }
    }
}

/// The outcome of a roll-over.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownRollOver {
    /// The new issuer.
    pub issuer: ShownIssuer,
    /// The changes to RA Profiles, by path.
    pub differences: Vec<Difference>,
}

pub(crate) async fn shown(profiles: &Profiles, issuer: IssuerRecord) -> Result<ShownIssuer, AdminError> {
    ShownIssuer::of(issuer, &profiles.all().await?.ra_profile)
}

/// The subject of a new issuer; its organization is that of the root unless the terms have another.
async fn subject(issuers: &Issuers, name: String, organization: Option<String>) -> Result<AuthorityName, AdminError> {
    let of_root = async || -> Result<Option<String>, AdminError> {
        let root = issuers.records().await?.into_iter().find(|issuer| issuer.role == IssuerRole::Root);
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
