//! Progress lines on standard error, so that a long chore does not look stuck.

use std::io::{self, Write};

/// Prints a line of progress.
pub fn say(line: &str) {
    // The work continues even if standard error is closed.
    let _ = writeln!(io::stderr(), "xtask: {line}");
}
