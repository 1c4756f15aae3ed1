//! The ceremony function on Lambda, for callers that IAM allows.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(ceremony::lambda::open)
}
