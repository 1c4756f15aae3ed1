//! Work that was under way, for the next start.

use acme::{AccountId, AuthorizationId, ChallengeType, OrderId};

use super::{EmbeddedStore, key, table};
use crate::StoreError;

/// What a stop interrupted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Challenges that are processing.
    pub validations: Vec<(AccountId, AuthorizationId, ChallengeType)>,
    /// Orders that are processing.
    pub issuances: Vec<(AccountId, OrderId)>,
}

impl EmbeddedStore {
    /// The work that is under way. It is kept in indexes, so the question costs nothing however many
    /// records there are.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn unfinished(&self) -> Result<Unfinished, StoreError> {
        self.read(|snapshot| {
            Ok(Unfinished {
                validations: snapshot.marks(table::VALIDATING, key::validation_of)?,
                issuances: snapshot.marks(table::ISSUING, key::order_of)?,
            })
        })
    }
}
