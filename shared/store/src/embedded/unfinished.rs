//! Unfinished work, for the next start.

use acme::{AccountId, AuthorizationId, ChallengeType, OrderId};

use super::{EmbeddedStore, key, table};
use crate::StoreError;

/// The work that a stop interrupted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// The challenges in the state `processing`.
    pub validations: Vec<(AccountId, AuthorizationId, ChallengeType)>,
    /// The orders in the state `processing`.
    pub issuances: Vec<(AccountId, OrderId)>,
}

impl EmbeddedStore {
    /// The unfinished work. It is kept in indexes, so that the cost does not depend on the number
    /// of records.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn unfinished(&self) -> Result<Unfinished, StoreError> {
        self.read(|snapshot| {
            Ok(Unfinished {
                validations: snapshot.index_rows(table::VALIDATING, key::validation_of)?,
                issuances: snapshot.index_rows(table::ISSUING, key::order_of)?,
            })
        })
    }
}
