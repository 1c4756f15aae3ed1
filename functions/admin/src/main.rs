//! What an operator asks and does, on Lambda, for those whom IAM lets.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(admin::lambda::open)
}
