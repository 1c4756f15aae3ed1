//! The log: one JSON object a line, with Lambda's number of the invocation. CloudWatch knows the time.

use tracing::level_filters::LevelFilter;

use crate::{Environment, EnvironmentError};

/// Logs from here on; also when the level cannot be read, so that this can be told.
pub(crate) fn start(environment: &Environment) -> Result<(), EnvironmentError> {
    let level = environment.parsed::<LevelFilter>("LOG_LEVEL", "error, warn, info, debug or trace");
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .without_time()
        .with_max_level(level.as_ref().ok().copied().flatten().unwrap_or(LevelFilter::INFO))
        .finish();
    // There is one already only where a test has made it.
    drop(tracing::subscriber::set_global_default(subscriber));
    level.map(drop)
}
