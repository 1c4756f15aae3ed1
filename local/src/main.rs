//! Command line of the one-process host.

use std::process::ExitCode;

fn main() -> ExitCode {
    local::run()
}
