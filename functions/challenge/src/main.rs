//! `POST /chall/{challengeId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(challenge::lambda::open)
}
