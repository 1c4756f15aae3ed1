//! The custom resource of the CA, and the schedule of the root's CRL, on Lambda.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(bootstrap::lambda::open)
}
