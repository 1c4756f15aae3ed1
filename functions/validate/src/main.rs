//! The queue of validations on Lambda. The attempts of one validation are made within one
//! invocation.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start(validate::lambda::open)
}
