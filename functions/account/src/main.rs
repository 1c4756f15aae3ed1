//! `POST /acct/{accountId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(account::lambda::open)
}
