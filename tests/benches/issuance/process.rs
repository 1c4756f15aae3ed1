//! A child process and the resources that it uses, according to the kernel.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A server. It is killed on drop.
pub(crate) struct Process(Child);

/// The resources that a process has used since it started.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// CPU time, in user and in kernel mode.
    pub(crate) cpu: Duration,
    /// The present resident memory, in KiB.
    pub(crate) resident: u64,
}

impl Process {
    /// Starts a command; both of its outputs go to a file.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::create(log).expect("a file for the log");
        let error_log = log.try_clone().expect("a file for the log");
        let child = command.stdin(Stdio::null()).stdout(log).stderr(error_log).spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Whether the process has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }

    /// The resources that it has used.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(&self.0.id().to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Usage {
    /// The resources that the benchmark itself has used.
    pub(crate) fn own() -> Self {
        Self::of("self")
    }

    fn of(process: &str) -> Self {
        let stat = read(process, "stat");
        // The name of the program is in parentheses and may contain anything.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
        let status = read(process, "status");
        let resident =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
        Self {
            cpu: Duration::from_millis((ticks(USER_TIME) + ticks(SYSTEM_TIME)) * 1000 / TICKS_PER_SECOND),
            resident: resident.unwrap_or_default(),
        }
    }
}

fn read(process: &str, file: &str) -> String {
    fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default()
}

/// Fields of `/proc/PID/stat` after the name (proc(5)).
const USER_TIME: usize = 11;
const SYSTEM_TIME: usize = 12;
/// `USER_HZ`, which is the same on every Linux that this runs on.
const TICKS_PER_SECOND: u64 = 100;
