//! The signals that end the process.

use std::io;

use tokio::signal::unix::{self, SignalKind};

/// The signals SIGINT (Ctrl-C) and SIGTERM. SIGHUP is caught and ends nothing.
pub(super) struct Signals {
    hang_up: unix::Signal,
    interrupt: unix::Signal,
    terminate: unix::Signal,
}

/// A signal that was received.
#[derive(Clone, Copy, Debug)]
pub(super) enum Signal {
    Interrupt,
    Terminate,
}

impl Signals {
    /// Catches them from now on.
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self {
            hang_up: unix::signal(SignalKind::hangup())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Signal {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return Signal::Interrupt,
                _ = self.terminate.recv() => return Signal::Terminate,
                // A closing terminal sends it, and log rotation, so that files are opened again.
                _ = self.hang_up.recv() => {
                    tracing::info!("SIGHUP is ignored: the log goes to stderr, and there is no file to open again");
                }
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
