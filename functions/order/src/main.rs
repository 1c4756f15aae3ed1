//! `POST /order/{orderId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(order::lambda::open)
}
