//! `POST /new-account` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(new_account::lambda::open)
}
