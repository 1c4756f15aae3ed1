//! `serve`: the host from its start to its stop.

use std::{
    io::{self, Write},
    process,
};

use host::{Config, Host, config::LogFormat};

use super::{Failure, signals::Signals};
use crate::banner::Banner;

/// Runs the host until a signal, then completes the requests in progress. A second signal ends the
/// process immediately: every answered request is already on disk, and the next start continues
/// with the rest.
pub(super) async fn serve(config: Config, format: LogFormat) -> Result<(), Failure> {
    let mut signals = Signals::catch().map_err(Failure::System)?;
    let host = tokio::select! {
        host = Host::start(config) => host?,
        _ = signals.next() => return Ok(()),
    };
    if let Err(error) = print(&Banner::of(&host), format) {
        tracing::warn!(%error, "the URLs could not be printed");
    }
    signals.next().await;
    tracing::info!("stopping: requests in progress are completed first; a second signal stops immediately");
    tokio::select! {
        () = host.stop() => {}
        signal = signals.next() => process::exit(signal.exit_status()),
    }
    tracing::info!("stopped");
    Ok(())
}

fn print(banner: &Banner, format: LogFormat) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match format {
        LogFormat::Text => write!(stdout, "{banner}")?,
        LogFormat::Json => writeln!(stdout, "{}", serde_json::to_string(banner)?)?,
    }
    stdout.flush()
}
