//! Writes that are based on an earlier read: when another write came in between, the decision is
//! repeated, a limited number of times.

use store::{OperationId, StoreError, Versioned};

use crate::{Failure, random};

/// A value with a new random operation id.
///
/// # Errors
/// [`Failure::Randomness`].
pub fn versioned<T>(value: T) -> Result<Versioned<T>, Failure> {
    Ok(Versioned::new(value, OperationId::from_random(random()?)))
}

/// Whether a conditional write was applied. If not, another write came in between, and the decision
/// has to be repeated.
///
/// # Errors
/// The store failed for another reason.
pub fn applied(result: Result<(), StoreError>) -> Result<bool, Failure> {
    match result {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The rounds of a decision: `loop { rounds.begin()?; … }`. A round is lost only if another write
/// was applied.
#[derive(Debug, Default)]
pub struct Rounds(usize);

impl Rounds {
    /// Starts the next round.
    ///
    /// # Errors
    /// [`Failure::Busy`] after too many rounds.
    pub fn begin(&mut self) -> Result<(), Failure> {
        if self.0 >= MAX_ROUNDS {
            return Err(Failure::Busy);
        }
        self.0 += 1;
        Ok(())
    }

    /// Whether the present round is the first one.
    pub fn is_first(&self) -> bool {
        self.0 <= 1
    }
}

const MAX_ROUNDS: usize = 25;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_have_an_end_and_only_one_of_them_is_the_first() {
        let mut rounds = Rounds::default();
        let mut first = 0;
        let busy = loop {
            match rounds.begin() {
                Ok(()) => first += usize::from(rounds.is_first()),
                Err(busy) => break busy,
            }
        };
        assert!(matches!(busy, Failure::Busy) && busy.is_transient());
        assert_eq!((rounds.0, first), (MAX_ROUNDS, 1));
    }

    #[test]
    fn a_write_that_lost_is_no_failure() {
        assert!(applied(Ok(())).unwrap());
        assert!(!applied(Err(StoreError::Conflict)).unwrap());
        assert!(applied(Err(StoreError::Unavailable("away".into()))).is_err());
    }
}
