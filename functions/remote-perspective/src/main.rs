//! A remote perspective on Lambda: invoked by the function `validate` of a CA in another region.

use std::process::ExitCode;

fn main() -> ExitCode {
    aws::start_alone(remote_perspective::lambda::open)
}
