//! `serve`: the host from its start to its stop.

use std::{
    io::{self, Write},
    process::{self, ExitCode},
    sync::Arc,
    time::Duration,
};

use authority::{Clock, SystemClock};
use host::{Config, Host, config::LogFormat};

use tokio::time;

use super::{Failure, log::LogFile, signals::Signals};
use crate::banner::Banner;

/// Runs the host until a signal, then completes the requests in progress. A second signal ends the
/// process immediately: every answered request is already on disk, and the next start continues
/// with the rest.
///
/// When a part of the host ends by itself, the process ends with [`DIED`].
pub(super) async fn serve(config: Config, format: LogFormat, log: Option<Arc<LogFile>>) -> Result<ExitCode, Failure> {
    Ok(ExitCode::from(serve_by(config, format, log, Arc::new(SystemClock)).await?))
}

/// The exit status after serving by this clock.
async fn serve_by(
    config: Config,
    format: LogFormat,
    log: Option<Arc<LogFile>>,
    clock: Arc<dyn Clock>,
) -> Result<u8, Failure> {
    let mut signals = Signals::catch(log).map_err(Failure::System)?;
    let mut host = tokio::select! {
        host = Host::start_by(config, clock) => host?,
        _ = signals.next() => return Ok(0),
    };
    if let Err(error) = print(&Banner::of(&host), format) {
        tracing::warn!(%error, "the URLs could not be printed");
    }
    tokio::select! {
        _ = signals.next() => {}
        ended = host.ended() => {
            tracing::error!("{ended}: the process ends, and should be started again");
            // What still can be finished is finished.
            drop(time::timeout(PATIENCE, host.stop()).await);
            return Ok(DIED);
        }
    }
    tracing::info!("stopping: requests in progress are completed first; a second signal stops immediately");
    tokio::select! {
        () = host.stop() => {}
        signal = signals.next() => process::exit(signal.exit_status()),
    }
    tracing::info!("stopped");
    Ok(0)
}

fn print(banner: &Banner, format: LogFormat) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match format {
        LogFormat::Text => write!(stdout, "{banner}")?,
        LogFormat::Json => writeln!(stdout, "{}", serde_json::to_string(banner)?)?,
    }
    stdout.flush()
}

/// The exit status when a part of the host ended by itself: `EX_SOFTWARE` of sysexits.h.
const DIED: u8 = 70;

/// How long the rest of a host may take that has lost a part.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::{env, path::PathBuf, time::Instant};

    use host::WebhookConfig;
    use jiff::Timestamp;
    use tokio::process::Command;

    use super::*;

    /// Panics when it is read later: by then only the webhook reads it, between its attempts.
    struct Planted(Instant);

    impl Clock for Planted {
        fn now(&self) -> Timestamp {
            assert!(self.0.elapsed() < Duration::from_secs(2), "planted");
            SystemClock.now()
        }
    }

    #[tokio::test]
    async fn threat_33_a_panic_of_a_task_ends_the_process_so_that_it_is_started_again() {
        if let Some(folder) = env::var_os(CHILD) {
            // The discard port is closed, so deliveries are tried again.
            let webhook = Some(WebhookConfig::new("http://127.0.0.1:9/".parse().unwrap()));
            let local = "127.0.0.1:0".parse().unwrap();
            let config = Config {
                listen: local,
                status_listen: local,
                events: host::EventsConfig { webhook, ..Default::default() },
                ..Config::new(PathBuf::from(folder))
            };
            let clock = Arc::new(Planted(Instant::now()));
            process::exit(serve_by(config, LogFormat::Text, None, clock).await.unwrap().into());
        }
        let folder = tempfile::TempDir::new().unwrap();
        let test = "serve::tests::threat_33_a_panic_of_a_task_ends_the_process_so_that_it_is_started_again";
        let mut child = Command::new(env::current_exe().unwrap());
        let child = child.args(["--exact", test, "--nocapture"]).env(CHILD, folder.path().join("data"));
        let output = time::timeout(6 * PATIENCE, child.kill_on_drop(true).output()).await;
        let output = output.expect("the process ends").unwrap();
        assert_eq!(output.status.code(), Some(DIED.into()), "{}", String::from_utf8_lossy(&output.stderr));
    }

    const CHILD: &str = "SERVERLESS_ACME_TEST_CHILD";
}
