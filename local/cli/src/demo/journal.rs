//! The steps, each with the time that it took.

use std::{
    io::{self, Write},
    time::Instant,
};

/// Tells of the steps as they are done.
pub(super) struct Journal<'a> {
    out: &'a mut dyn Write,
    began: Instant,
    last: Instant,
}

impl<'a> Journal<'a> {
    pub(super) fn begin(out: &'a mut dyn Write) -> io::Result<Self> {
        writeln!(out, "The life of a certificate, on this machine alone:\n")?;
        let now = Instant::now();
        Ok(Self { out, began: now, last: now })
    }

    /// A step is done.
    pub(super) fn step(&mut self, what: &str, detail: &str) -> io::Result<()> {
        let now = Instant::now();
        let took = now.duration_since(self.last);
        self.last = now;
        writeln!(self.out, "{:>8.1} ms  {what:<22}{detail}", took.as_secs_f64() * 1e3)?;
        self.out.flush()
    }

    /// All steps are done.
    pub(super) fn end(self) -> io::Result<()> {
        writeln!(self.out, "\n{:>8.1} ms  in all", self.began.elapsed().as_secs_f64() * 1e3)
    }
}
