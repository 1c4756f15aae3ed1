//! `POST /new-authz` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(new_authorization::lambda::open)
}
