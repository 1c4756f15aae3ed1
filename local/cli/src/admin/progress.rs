//! The progress of a long command: a bar on a terminal, or a line every few seconds elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// The progress of a command.
pub(super) struct Progress {
    what: &'static str,
    /// The total number, if it is known.
    total: Option<u64>,
    is_terminal: bool,
    last_line: Option<Instant>,
}

impl Progress {
    /// Progress towards `total` things, which are `what` when they are done.
    pub(super) fn new(what: &'static str, total: Option<u64>) -> Self {
        Self { what, total, is_terminal: io::stderr().is_terminal(), last_line: None }
    }

    /// Redraws the bar on a terminal; elsewhere prints a line at most every five seconds.
    pub(super) fn show(&mut self, done: u64) {
        let line = line(self.what, done, self.total);
        // Without stderr, there is nowhere to show it.
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K{line}").and_then(|()| io::stderr().flush());
        } else if self.last_line.is_none_or(|last| last.elapsed() >= PAUSE) {
            let _ = writeln!(io::stderr(), "{line}");
            self.last_line = Some(Instant::now());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K").and_then(|()| io::stderr().flush());
        }
    }
}

/// `[#####-----] 12 of 24 revoked`, or `12 revoked` if the total is unknown.
fn line(what: &str, done: u64, total: Option<u64>) -> String {
    match total.filter(|total| *total > 0) {
        None => format!("{done} {what}"),
        Some(total) => {
            let filled = usize::try_from(done.min(total).saturating_mul(WIDTH as u64) / total).unwrap_or(WIDTH);
            let empty = WIDTH.saturating_sub(filled);
            format!("[{}{}] {done} of {total} {what}", "#".repeat(filled), "-".repeat(empty))
        }
    }
}

const WIDTH: usize = 30;
const PAUSE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_as_the_work_goes_on_and_never_overflows() {
        assert_eq!(line("revoked", 0, Some(2)), format!("[{}] 0 of 2 revoked", "-".repeat(30)));
        assert_eq!(line("revoked", 1, Some(2)), format!("[{}{}] 1 of 2 revoked", "#".repeat(15), "-".repeat(15)));
        assert_eq!(line("revoked", 3, Some(2)), format!("[{}] 3 of 2 revoked", "#".repeat(30)));
        assert_eq!((line("found", 7, None), line("found", 0, Some(0))), ("7 found".to_owned(), "0 found".to_owned()));
    }
}
