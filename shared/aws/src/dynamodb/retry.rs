//! Errors of calls, and which of them are worth a retry.
//!
//! The SDK retries calls that were throttled or got no answer. This file adds the cases that the
//! SDK does not retry: writes and transactions that conflict over an item, unprocessed parts of a
//! batch, and throttling that outlasts the retries of the SDK. All retries are bounded; an error
//! that persists becomes [`StoreError::Unavailable`], which clients receive as 503 with
//! `Retry-After`.

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

/// The retries of one call so far.
#[derive(Debug, Default)]
pub(super) struct Retries {
    waits: u32,
}

impl Retries {
    /// Waits before the next try if the failure is transient.
    ///
    /// # Errors
    /// The failure, if it is not transient or there were too many tries.
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
    /// As [`Retries::after`].
    pub(super) async fn after_transaction(
        &mut self,
        error: SdkError<TransactWriteItemsError>,
    ) -> Result<(), StoreError> {
        if was_in_the_way(&error) { self.wait(error, WAITS).await } else { self.after(error).await }
    }

    /// Waits before the unprocessed part of a batch is tried.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] after too many tries.
    pub(super) async fn for_the_rest(&mut self) -> Result<(), StoreError> {
        self.wait(Unprocessed, WAITS).await
    }

    /// Full jitter, so that conflicting writers do not conflict again.
    async fn wait(&mut self, error: impl Error + Send + Sync + 'static, most: u32) -> Result<(), StoreError> {
        if self.waits >= most {
            return Err(unavailable(error));
        }
        let longest = FIRST_WAIT * 2_u32.pow(self.waits);
        self.waits += 1;
        // The values only need to differ from each other.
        let share = RandomState::new().hash_one(self.waits) as u32;
        tokio::time::sleep(longest.mul_f64(f64::from(share) / f64::from(u32::MAX))).await;
        Ok(())
    }
}

/// The error for a call whose outcome is unknown.
pub(super) fn unavailable(error: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// DynamoDB repeatedly left a part of a batch unprocessed.
#[derive(Debug, thiserror::Error)]
#[error("a part of the batch was never processed")]
struct Unprocessed;

/// The maximum number of waits for a failure; 0 when waiting does not help.
fn waits_for<E: ProvideErrorMetadata>(error: &SdkError<E>) -> u32 {
    match error.as_service_error().and_then(|error| error.code()) {
        Some("TransactionConflictException" | "TransactionInProgressException") => WAITS,
        Some("ProvisionedThroughputExceededException" | "RequestLimitExceeded" | "ThrottlingException") => {
            WAITS_AFTER_THE_SDK
        }
        _ => 0,
    }
}

/// The transaction conflicted with another write, or was throttled.
fn was_in_the_way(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return false;
    };
    let mut codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes.any(|code| PASSING_REASONS.contains(&code))
}

/// The transient ones among the cancellation reasons of transactions.
const PASSING_REASONS: [&str; 3] = ["ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"];

/// At most 1.6 s in total, half of that on average.
const WAITS: u32 = 6;
/// For throttling, for which the SDK has already waited.
const WAITS_AFTER_THE_SDK: u32 = 2;
const FIRST_WAIT: Duration = Duration::from_millis(25);
