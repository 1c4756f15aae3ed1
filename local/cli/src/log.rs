//! The log, on stderr.

use std::{
    io::{self, IsTerminal},
    str::FromStr,
};

use host::config::{LogFormat, LogSettings};
use tracing_subscriber::{
    EnvFilter,
    filter::{Directive, LevelFilter},
    fmt,
};

use super::Failure;

/// Starts to log. The level is the one that is set, else what `RUST_LOG` says, else `info`. Events
/// are emitted at every level: their lines are the record of what happened.
pub(super) fn start(settings: LogSettings) -> Result<(), Failure> {
    let filter = match settings.level {
        Some(level) => EnvFilter::default().add_directive(level.into()),
        None => match std::env::var(EnvFilter::DEFAULT_ENV) {
            Ok(directives) if !directives.is_empty() => EnvFilter::try_new(directives)?,
            _ => EnvFilter::default().add_directive(LevelFilter::INFO.into()),
        },
    };
    let events = Directive::from_str("event=info")?;
    let log = fmt().with_env_filter(filter.add_directive(events)).with_writer(io::stderr).with_target(false);
    match settings.format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
    Ok(())
}
