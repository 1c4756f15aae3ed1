//! Everything that no other function takes, on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(fallback::lambda::open)
}
