//! The log, on stderr or in a file.
//!
//! What cannot be written is lost, and nothing else happens: no request and no task depends on who
//! reads the log, or on the disk that it is on.

mod fields;
mod file;

use std::{
    io::{self, IsTerminal},
    panic,
    str::FromStr,
    sync::Arc,
};

use host::config::{LogFormat, LogSettings};
use tracing_subscriber::{
    EnvFilter,
    filter::{Directive, LevelFilter},
    fmt,
    fmt::writer::BoxMakeWriter,
};

use self::fields::EscapedFields;
use super::Failure;

pub(super) use self::file::LogFile;

/// Starts to log. The level is the one that is set, else what `RUST_LOG` says, else `info`. Events
/// are emitted at every level: their lines are the record of what happened. The file, if the log is
/// in one.
pub(super) fn start(settings: &LogSettings) -> Result<Option<Arc<LogFile>>, Failure> {
    let filter = match settings.level {
        Some(level) => EnvFilter::default().add_directive(level.into()),
        None => match std::env::var(EnvFilter::DEFAULT_ENV) {
            Ok(directives) if !directives.is_empty() => EnvFilter::try_new(directives)?,
            _ => EnvFilter::default().add_directive(LevelFilter::INFO.into()),
        },
    };
    let events = Directive::from_str("event=info")?;
    let file = match &settings.file {
        Some(path) => {
            let file = LogFile::open(path).map_err(|source| Failure::LogFile { path: path.clone(), source })?;
            Some(Arc::new(file))
        }
        None => None,
    };
    let writer = match &file {
        Some(file) => BoxMakeWriter::new(file.clone()),
        None => BoxMakeWriter::new(io::stderr),
    };
    // An error of the log would be reported to stderr too, and a failure to do so is a panic in
    // the task that logs.
    let log = fmt().with_env_filter(filter.add_directive(events)).with_writer(writer).log_internal_errors(false);
    let log = log.with_target(false);
    match settings.format {
        LogFormat::Text => log.fmt_fields(EscapedFields).with_ansi(file.is_none() && io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
    // A panic is a line of the log like any other, not several of another form.
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string);
        tracing::error!(message, place, "panic");
    }));
    Ok(file)
}
