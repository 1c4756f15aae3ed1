//! `serverless-acme` for the tests of this package, which cannot refer to the program of another
//! package.

use std::process::ExitCode;

fn main() -> ExitCode {
    serverless_acme::run()
}
