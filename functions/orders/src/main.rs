//! `POST /acct/{accountId}/orders and /orders/{accountId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(orders::lambda::open)
}
