//! `POST /new-order` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(new_order::lambda::open)
}
