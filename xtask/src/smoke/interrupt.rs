//! Ctrl-C and SIGTERM as a wish to stop, so that what was made is cleaned up first.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};

use super::Fault;
use crate::progress;

/// Whether the operator wants to stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on a signal ends this process no more.
    pub(super) fn listen() -> io::Result<Self> {
        let wish = Self::default();
        let (wished, runtime) = (wish.clone(), Builder::new_current_thread().enable_all().build()?);
        let (mut interrupted, mut terminated) = runtime.block_on(async {
            Ok::<_, io::Error>((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
        })?;
        thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = interrupted.recv() => {}
                        _ = terminated.recv() => {}
                    }
                    progress::say("interrupted: what was made is cleaned up now, which takes minutes in an account");
                    wished.0.store(true, Ordering::Relaxed);
                }
            });
        });
        Ok(wish)
    }

    /// One that never comes, for what has to be done to the end.
    pub(super) fn never() -> Self {
        Self::default()
    }

    /// # Errors
    /// The operator wants to stop.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if self.0.load(Ordering::Relaxed) { Err(Fault::Interrupted) } else { Ok(()) }
    }

    /// # Errors
    /// The operator wants to stop before the pause is over.
    pub(super) fn pause(&self, pause: Duration) -> Result<(), Fault> {
        let began = Instant::now();
        while began.elapsed() < pause {
            self.check()?;
            thread::sleep(TICK.min(pause));
        }
        self.check()
    }
}

/// How long a signal may wait.
pub(super) const TICK: Duration = Duration::from_millis(50);
