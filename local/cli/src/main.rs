//! The program `serverless-acme`.

use std::process::ExitCode;

fn main() -> ExitCode {
    serverless_acme::run()
}
