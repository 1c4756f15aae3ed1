//! `HEAD and GET /new-nonce` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(new_nonce::lambda::open)
}
