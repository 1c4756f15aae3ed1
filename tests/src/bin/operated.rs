//! `serverless-acme` for tests of this package, which cannot name the program of another one.

use std::process::ExitCode;

fn main() -> ExitCode {
    serverless_acme::run()
}
