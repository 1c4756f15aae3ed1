//! `cargo xtask <chore>`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use xtask::progress;

/// The repository's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", version, about)]
struct CommandLine {
    #[command(subcommand)]
    chore: Chore,
}

/// What to do.
#[derive(Subcommand)]
enum Chore {
    /// Deploy the bundle in an emulator of AWS on this machine, until it is interrupted.
    Emulate,
    /// Print the event of a request that is valid now for what `emulate` runs, such as `event
    /// new-account`.
    Event {
        /// The operation, named as its function.
        operation: String,
    },
    /// Install the tools of the tests that are missing.
    Setup,
    /// Run `setup`, build the bundle, and run every test of the workspace; a missing tool is a
    /// failure.
    Test {
        /// Arguments for `cargo test --workspace`, such as `--test clients lego` or `--
        /// --nocapture`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check the rules of the repository that the compiler does not check.
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().chore {
        Chore::Emulate => xtask::emulate::run(),
        Chore::Event { operation } => xtask::emulate::event(&operation),
        Chore::Setup => xtask::setup::run().map(|_| ()),
        Chore::Test { arguments } => xtask::test::run(&arguments),
        Chore::Tidy => xtask::tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
