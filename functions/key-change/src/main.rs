//! `POST /key-change` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(key_change::lambda::open)
}
