//! The configuration of the SDK's clients: every call has a time limit.
//!
//! API Gateway gives up after 29 seconds. A request makes about ten calls, nearly all of which take
//! milliseconds. A call that hangs is aborted and retried on another connection while there is
//! still time to answer.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};

/// The configuration of this process: region, credentials and endpoints from the environment.
pub(crate) async fn of_process() -> SdkConfig {
    bounded(aws_config::defaults(BehaviorVersion::latest()).load().await)
}

/// The same configuration with limits of time and tries.
pub(crate) fn bounded(config: SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(ATTEMPT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    // Standard mode adds jitter, honours throttling and stops when most tries fail.
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(MAX_PAUSE);
    config.into_builder().timeout_config(timeouts).retry_config(retries).build()
}

/// The time limit for connecting; inside a region this takes milliseconds.
const CONNECT: Duration = Duration::from_secs(1);
/// The time limit for one try. The slowest call, an RSA signature, takes well below a second.
const ATTEMPT: Duration = Duration::from_secs(3);
/// The time limit for all tries of a call, including pauses.
const OPERATION: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
