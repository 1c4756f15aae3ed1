//! Progress lines on standard error, so that a long chore does not look stuck, and results on
//! standard output.

use std::io::{self, Write};

/// Prints a line of progress.
pub fn say(line: &str) {
    // The work continues even if standard error is closed.
    let _ = writeln!(io::stderr(), "xtask: {line}");
}

/// Prints a line of the result.
pub fn show(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
