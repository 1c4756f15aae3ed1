//! The log: one JSON object per line, with the request id of the invocation. CloudWatch adds the
//! time.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Registry, filter::Targets, fmt, layer::SubscriberExt};

use crate::{Environment, EnvironmentError};

/// Starts logging, also if the level is invalid, so that the error can be logged. Events are logged
/// at every level, because their lines are the record of what happened.
pub(crate) fn start(environment: &Environment) -> Result<(), EnvironmentError> {
    let level = environment.parsed::<LevelFilter>("LOG_LEVEL", "error, warn, info, debug or trace");
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .without_time();
    let filter = Targets::new()
        .with_default(level.as_ref().ok().copied().flatten().unwrap_or(LevelFilter::INFO))
        .with_target("event", LevelFilter::INFO);
    let subscriber = Registry::default().with(lines).with(filter);
    // There is already a subscriber only in tests.
    drop(tracing::subscriber::set_global_default(subscriber));
    level.map(drop)
}
