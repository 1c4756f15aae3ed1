//! `POST /cert/{certificateId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(certificate::lambda::open)
}
