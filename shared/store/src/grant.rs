//! Grants of enrolment: which principal of IAM may mint external account keys for itself, for which
//! ACME Profile and which identifiers.

use acme::{ProfileName, UnknownMembers};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{IamPrincipal, IdentifierRule, OperationId, StoreError, Versioned};

/// Access to the grants of enrolment.
#[async_trait]
pub trait GrantStore: Send + Sync {
    /// Replaces the version `before` of the grant to a principal for a profile with `after`; `None`
    /// means that nothing is stored yet.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored grant is not `before`; [`StoreError::Unavailable`].
    async fn put_grant(&self, before: Option<OperationId>, after: &Versioned<EnrolmentGrant>)
    -> Result<(), StoreError>;

    /// The grants to this principal, or all of them, by principal and profile. There are few of
    /// them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn grants(&self, to: Option<&IamPrincipal>) -> Result<Vec<Versioned<EnrolmentGrant>>, StoreError>;
}

/// A grant: the principal may mint external account keys for the profile. There is one for each
/// principal and profile, and it is kept when it is revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolmentGrant {
    /// Who may mint keys.
    pub principal: IamPrincipal,
    /// The ACME Profile in whose directories the keys bind accounts.
    pub profile: ProfileName,
    /// The identifiers that the accounts of the keys may order; at least one rule.
    pub scope: Vec<IdentifierRule>,
    /// For how many seconds a key can bind an account.
    pub key_seconds: u32,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// The operator that granted it, as in audit records.
    pub granted_by: String,
    /// When it was revoked; from then on no key is minted.
    pub revoked_at: Option<Timestamp>,
    /// Members that a newer version wrote; they are kept when the record is written again.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl EnrolmentGrant {
    /// The longest life of a key: a day.
    pub const MAX_KEY_SECONDS: u32 = 24 * 60 * 60;

    /// For how long a key can bind an account.
    pub fn key_lifetime(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.key_seconds.min(Self::MAX_KEY_SECONDS)))
    }

    /// Whether keys are minted for it. A grant without a scope is none: a newer version may have
    /// one of another kind.
    pub fn is_in_force(&self) -> bool {
        self.revoked_at.is_none() && !self.scope.is_empty()
    }
}
