//! Output, as text for people or as JSON for programs.

use std::io::{self, BufRead, IsTerminal, Write};

use serde::Serialize;

use super::AdminFailure;

/// The format of the output.
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints the value as JSON, or the text.
    pub(super) fn print(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), AdminFailure> {
        let text = if self.json { serde_json::to_string_pretty(value).map_err(AdminFailure::Answer)? } else { text() };
        write(&mut io::stdout(), &text)
    }

    /// Prints one of many values on one line: as JSON, or the text.
    pub(super) fn line(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), AdminFailure> {
        let text = if self.json { serde_json::to_string(value).map_err(AdminFailure::Answer)? } else { text() };
        write(&mut io::stdout(), &text)
    }

    /// Writes bytes as they are.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Result<(), AdminFailure> {
        let mut stdout = io::stdout();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(AdminFailure::Output)
    }

    /// Asks for confirmation at the terminal. `about` is shown before the question.
    pub(super) fn agree(&self, about: &str, question: &str) -> Result<(), AdminFailure> {
        let mut stderr = io::stderr();
        // Even without a terminal, so that a log shows it.
        write(&mut stderr, about)?;
        if !io::stdin().is_terminal() {
            return Err(AdminFailure::NoTerminal);
        }
        write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush()).map_err(AdminFailure::Output)?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).map_err(AdminFailure::Output)?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(AdminFailure::Declined),
        }
    }
}

/// Prints a warning; the command continues.
#[cfg(feature = "host")]
pub(super) fn warn(text: &str) {
    // Without stderr, there is nowhere to write it.
    let _ = writeln!(io::stderr(), "warning: {text}");
}

fn write(to: &mut impl Write, text: &str) -> Result<(), AdminFailure> {
    let written = writeln!(to, "{}", text.trim_end()).and_then(|()| to.flush());
    match written {
        // The reader closed the pipe, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(AdminFailure::Output),
    }
}

/// The last line of a list that is incomplete.
pub(super) fn and_more(more: bool) -> &'static str {
    if more { "and more\n" } else { "" }
}

/// The maximum number of items on a page.
pub(super) const PAGE: u16 = 1_000;
