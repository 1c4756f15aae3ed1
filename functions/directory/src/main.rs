//! `GET /directory` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(directory::lambda::open)
}
