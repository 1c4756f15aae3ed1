//! What can go wrong in a call, and which of it passes by itself.
//!
//! The SDK repeats calls that were throttled or got no answer. This file adds what it does not know:
//! writes and transactions that met over an item, parts of a batch that were left undone, and patience
//! for a throttle that outlasts the SDK's. Everything is bounded; what does not pass in time is
//! [`StoreError::Unavailable`], which clients hear as 503 with `Retry-After`.

use std::{
    error::Error,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
};

use store::StoreError;

/// How often one call was tried.
#[derive(Debug, Default)]
pub(super) struct Patience {
    waits: u32,
}

impl Patience {
    /// Waits before the next try when the failure is one that passes.
    ///
    /// # Errors
    /// The failure, when it is not, or when there were tries enough.
    pub(super) async fn after<E: ProvideErrorMetadata + Error + Send + Sync + 'static>(
        &mut self,
        error: SdkError<E>,
    ) -> Result<(), StoreError> {
        let waits = waits_for(&error);
        self.wait(error, waits).await
    }

    /// The same for a transaction, whose failure names a reason for each of its items.
    ///
    /// # Errors
    /// As [`Patience::after`].
    pub(super) async fn after_transaction(
        &mut self,
        error: SdkError<TransactWriteItemsError>,
    ) -> Result<(), StoreError> {
        match was_in_the_way(&error) {
            true => self.wait(error, WAITS).await,
            false => self.after(error).await,
        }
    }

    /// Waits before the rest of a batch is tried.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there were tries enough.
    pub(super) async fn for_the_rest(&mut self) -> Result<(), StoreError> {
        self.wait(Unprocessed, WAITS).await
    }

    /// Full jitter: those who met at an item do not meet there again.
    async fn wait(&mut self, error: impl Error + Send + Sync + 'static, most: u32) -> Result<(), StoreError> {
        if self.waits >= most {
            return Err(unavailable(error));
        }
        let longest = FIRST_WAIT * 2_u32.pow(self.waits);
        self.waits += 1;
        // Two of these differ, and that is all that is asked of them.
        let share = RandomState::new().hash_one(self.waits) as u32;
        tokio::time::sleep(longest.mul_f64(f64::from(share) / f64::from(u32::MAX))).await;
        Ok(())
    }
}

/// Nothing is known of the call.
pub(super) fn unavailable(error: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// DynamoDB did a part of a batch again and again, and never the rest.
#[derive(Debug, thiserror::Error)]
#[error("a part of the batch was never processed")]
struct Unprocessed;

/// How many waits a failure is worth; none when waiting does not help.
fn waits_for<E: ProvideErrorMetadata>(error: &SdkError<E>) -> u32 {
    match error.as_service_error().and_then(|error| error.code()) {
        Some("TransactionConflictException" | "TransactionInProgressException") => WAITS,
        Some("ProvisionedThroughputExceededException" | "RequestLimitExceeded" | "ThrottlingException") => {
            WAITS_AFTER_THE_SDK
        }
        _ => 0,
    }
}

/// Another write stood in the way of the transaction, or there was too much to do.
fn was_in_the_way(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return false;
    };
    let mut codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes.any(|code| PASSING_REASONS.contains(&code))
}

/// What passes of the reasons that a transaction is cancelled for.
const PASSING_REASONS: [&str; 3] = ["ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"];

/// Waits of 1.6 s together at most, half of it on average.
const WAITS: u32 = 6;
/// For a throttle that the SDK has waited for already.
const WAITS_AFTER_THE_SDK: u32 = 2;
const FIRST_WAIT: Duration = Duration::from_millis(25);
