//! Grants of enrolment: who may mint external account keys for itself.

use acme::ProfileName;
use jiff::Timestamp;
use operator::{EnrolmentTerms, Parts};
use serde::{Deserialize, Serialize};
use store::{EnrolmentGrant, IamPrincipal, IdentifierRule, ProfileKind};

use crate::{Action, AdminError};

/// Lets a principal of IAM mint keys for itself. The terms replace those of an earlier grant to it
/// for the same profile.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrantEnrolment {
    /// The ARN of a role or a user. The path of a role does not matter.
    pub principal: IamPrincipal,
    /// The ACME Profile in which the keys bind accounts.
    pub profile: ProfileName,
    /// The identifiers that the accounts may order; at least one rule.
    pub scope: Vec<IdentifierRule>,
    /// The number of minutes for which a key can bind its account, at most those of a day.
    #[serde(default = "sixty")]
    pub minutes: u32,
}

impl Action for GrantEnrolment {
    type Answer = ListedGrant;

    const NAME: &str = "grant-enrolment";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ListedGrant, AdminError> {
        let Self { principal, profile, scope, minutes } = self;
        if !parts.profiles.all().await?.acme_profile.iter().any(|known| known.name == profile) {
            return Err(AdminError::NoProfile(ProfileKind::Acme, profile));
        }
        let terms = EnrolmentTerms { principal, profile, scope, key_seconds: minutes.saturating_mul(60) };
        Ok(parts.enrolment_grants.grant(actor, terms).await?.into())
    }
}

/// Lists the grants by principal and profile, those that were revoked too.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListEnrolments {}

impl Action for ListEnrolments {
    type Answer = Vec<ListedGrant>;

    const NAME: &str = "enrolments";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Vec<ListedGrant>, AdminError> {
        Ok(parts.enrolment_grants.all().await?.into_iter().map(ListedGrant::from).collect())
    }
}

/// Revokes a grant: the principal mints no more keys. Those that it has minted stay as they are.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeEnrolment {
    /// To whom it was granted.
    pub principal: IamPrincipal,
    /// The ACME Profile of the grant.
    pub profile: ProfileName,
}

impl Action for RevokeEnrolment {
    type Answer = ListedGrant;

    const NAME: &str = "revoke-enrolment";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ListedGrant, AdminError> {
        Ok(parts.enrolment_grants.revoke(actor, &self.principal, &self.profile).await?.into())
    }
}

/// A grant, as operators see it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedGrant {
    /// Who may mint keys; a role without its path.
    pub principal: IamPrincipal,
    /// The ACME Profile in which the keys bind accounts.
    pub profile: ProfileName,
    /// The identifiers that the accounts may order.
    pub scope: Vec<IdentifierRule>,
    /// The number of minutes for which a key can bind its account.
    pub minutes: u32,
    /// The time of the grant.
    pub granted_at: Timestamp,
    /// The operator who granted it.
    pub granted_by: String,
    /// The time of its revocation; absent while it is in force.
    pub revoked_at: Option<Timestamp>,
}

impl From<EnrolmentGrant> for ListedGrant {
    fn from(grant: EnrolmentGrant) -> Self {
        let minutes = grant.key_seconds / 60;
        let EnrolmentGrant { principal, profile, scope, granted_at, granted_by, revoked_at, .. } = grant;
        Self { principal, profile, scope, minutes, granted_at, granted_by, revoked_at }
    }
}

fn sixty() -> u32 {
    60
}
