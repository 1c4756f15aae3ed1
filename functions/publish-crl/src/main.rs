//! The queue of CRLs to be made, and their schedule, on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(publish_crl::lambda::open)
}
