//! `POST /revoke-cert` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(revoke_cert::lambda::open)
}
