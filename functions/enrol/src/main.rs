//! The enrolment function on Lambda, behind a function URL that IAM guards.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(enrol::lambda::open)
}
