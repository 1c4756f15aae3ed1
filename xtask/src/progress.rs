//! Progress lines on standard error, so that a long chore is seen to live.

use std::io::{self, Write};

/// One line of progress.
pub fn say(line: &str) {
    // A closed standard error is no reason to stop the work.
    let _ = writeln!(io::stderr(), "xtask: {line}");
}
