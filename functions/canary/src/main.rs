//! The canary on Lambda, on schedule.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(canary::lambda::open)
}
