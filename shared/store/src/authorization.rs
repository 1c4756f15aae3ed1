//! Authorizations, and the proofs that they leave.

use acme::{AccountId, Authorization, AuthorizationId, Identifier};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{StoreError, Versioned};

/// The authorizations.
#[async_trait]
pub trait AuthorizationStore: Send + Sync {
    /// Stores a new authorization that belongs to no order (RFC 8555 §7.4.1).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Conflict`] when the id is taken.
    async fn create_authorization(&self, authorization: &Versioned<Authorization>) -> Result<(), StoreError>;

    /// One authorization of the account.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn authorization(
        &self,
        account: AccountId,
        id: AuthorizationId,
    ) -> Result<Option<Versioned<Authorization>>, StoreError>;

    /// Several authorizations of the account, in the order of `ids`; those that are unknown are
    /// left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn authorizations(
        &self,
        account: AccountId,
        ids: &[AuthorizationId],
    ) -> Result<Vec<Versioned<Authorization>>, StoreError>;

    /// Puts `after` in the place of `before`. When `after` became valid it is from then on the
    /// account's [`Proof`] for its name.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the authorization is no longer `before`;
    /// [`StoreError::Unavailable`].
    async fn update_authorization(
        &self,
        before: &Versioned<Authorization>,
        after: &Versioned<Authorization>,
    ) -> Result<(), StoreError>;

    /// The account's newest proofs for these names, as far as there are any. A name with `*.` and
    /// its base are two names.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn proofs(&self, account: AccountId, names: &[Identifier]) -> Result<Vec<Proof>, StoreError>;
}

/// Where an account showed control of a name last. A pointer: whether the authorization still holds
/// must be asked of the authorization itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The name.
    pub identifier: Identifier,
    /// The authorization that became valid.
    pub authorization: AuthorizationId,
    /// When that authorization ends by itself.
    pub expires_at: Timestamp,
}
