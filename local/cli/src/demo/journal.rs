//! The steps of the demonstration, each with the time that it took.

use std::{
    io::{self, Write},
    time::Instant,
};

/// Prints each step as it is completed.
pub(super) struct Journal<'a> {
    out: &'a mut dyn Write,
    began: Instant,
    last: Instant,
}

impl<'a> Journal<'a> {
    pub(super) fn begin(out: &'a mut dyn Write) -> io::Result<Self> {
        writeln!(out, "The life cycle of a certificate, on this machine only:\n")?;
        let now = Instant::now();
        Ok(Self { out, began: now, last: now })
    }

    /// Prints a completed step.
    pub(super) fn step(&mut self, what: &str, detail: &str) -> io::Result<()> {
        let now = Instant::now();
        let took = now.duration_since(self.last);
        self.last = now;
        writeln!(self.out, "{:>8.1} ms  {what:<22}{detail}", took.as_secs_f64() * 1e3)?;
        self.out.flush()
    }

    /// Prints the total time.
    pub(super) fn end(self) -> io::Result<()> {
        writeln!(self.out, "\n{:>8.1} ms  total", self.began.elapsed().as_secs_f64() * 1e3)
    }
}
