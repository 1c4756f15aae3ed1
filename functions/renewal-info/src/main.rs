//! `GET /renewal-info/{certId}` on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(renewal_info::lambda::open)
}
