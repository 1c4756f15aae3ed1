//! The queue of interrupted issuances on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(issue::lambda::open)
}
