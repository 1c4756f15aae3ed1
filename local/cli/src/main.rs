//! The program `serverless-acme`.

use std::process::ExitCode;

/// Most requests allocate hundreds of times; functions, which live for one at a time, keep the
/// system's.
#[cfg(feature = "host")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    serverless_acme::run()
}
