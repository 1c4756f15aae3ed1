//! Authorizations, and the proofs of control that they leave behind.

use acme::{AccountId, Authorization, AuthorizationId, AuthorizationState, Identifier};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{StoreError, Versioned};

/// Access to the authorizations and proofs.
#[async_trait]
pub trait AuthorizationStore: Send + Sync {
    /// Stores a new authorization that belongs to no order (RFC 8555 §7.4.1). While it is pending
    /// or valid, it is from now on the one to which the account's [`Proof`] for its identifier
    /// points.
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

    /// Several authorizations of the account, in the order of `ids`. Unknown ids are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn authorizations(
        &self,
        account: AccountId,
        ids: &[AuthorizationId],
    ) -> Result<Vec<Versioned<Authorization>>, StoreError>;

    /// Replaces `before` with `after`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored authorization is not `before`;
    /// [`StoreError::Unavailable`].
    async fn update_authorization(
        &self,
        before: &Versioned<Authorization>,
        after: &Versioned<Authorization>,
    ) -> Result<(), StoreError>;

    /// The account's newest proofs for these identifiers, where it has any. A wildcard name and its
    /// base domain are two identifiers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn proofs(&self, account: AccountId, names: &[Identifier]) -> Result<Vec<Proof>, StoreError>;
}

/// The authorization with which an account last proved control of an identifier, or is about to. It
/// is only a pointer: whether the authorization is pending or valid has to be read from the
/// authorization itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The identifier whose control is shown.
    pub identifier: Identifier,
    /// The newest authorization for it that had to be validated.
    pub authorization: AuthorizationId,
    /// When that authorization expires unless it is validated before. Then it is valid for at most
    /// as long again.
    pub expires_at: Timestamp,
}

impl Proof {
    /// The pointer to a new authorization; `None` for one that is not validated, because it was
    /// approved before.
    pub fn of_new(new: &Authorization) -> Option<Self> {
        (new.state == AuthorizationState::Pending).then(|| Self {
            identifier: new.identifier.clone(),
            authorization: new.id,
            expires_at: new.expires_at,
        })
    }
}
