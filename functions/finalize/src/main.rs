//! `POST /order/{orderId}/finalize` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(finalize::lambda::open)
}
