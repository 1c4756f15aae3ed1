//! The signals that end the process, and the one after which the log file is opened again.

use std::{io, sync::Arc};

use tokio::signal::unix::{self, SignalKind};

use crate::log::LogFile;

/// The signals SIGINT (Ctrl-C) and SIGTERM. SIGHUP ends nothing: the log file is opened again.
pub(super) struct Signals {
    hang_up: unix::Signal,
    interrupt: unix::Signal,
    terminate: unix::Signal,
    log: Option<Arc<LogFile>>,
}

/// A signal that was received.
#[derive(Clone, Copy, Debug)]
pub(super) enum Signal {
    Interrupt,
    Terminate,
}

impl Signals {
    /// Catches them from now on. `log` is the log file, if there is one.
    pub(super) fn catch(log: Option<Arc<LogFile>>) -> io::Result<Self> {
        Ok(Self {
            hang_up: unix::signal(SignalKind::hangup())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            log,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Signal {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return Signal::Interrupt,
                _ = self.terminate.recv() => return Signal::Terminate,
                // A closing terminal sends it, and log rotation, so that files are opened again.
                _ = self.hang_up.recv() => match &self.log {
                    Some(log) => log.reopen(),
                    None => {
                        tracing::info!("SIGHUP is ignored: the log goes to stderr, and there is no file to open again");
                    }
                },
            }
        }
    }
}

impl Signal {
    /// The exit status that shells report for a process killed by the signal.
    pub(super) fn exit_status(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}
