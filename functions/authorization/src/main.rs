//! `POST /authz/{authorizationId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(authorization::lambda::open)
}
