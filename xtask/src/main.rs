//! `cargo xtask <chore>`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use xtask::{dist::Architecture, fuzz::Effort, progress, smoke};

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
    /// Fill `target/dist` with what is deployed without Rust: zips of the functions, their
    /// template, checksums and a bill of materials.
    Dist {
        /// The processor of the functions; the other one needs Rust's standard library for it.
        #[arg(long = "arch", value_enum, default_value_t = Architecture::X86_64)]
        architecture: Architecture,
    },
    /// Deploy the bundle in an emulator of AWS on this machine, until it is interrupted.
    Emulate,
    /// Print the event of a request that is valid now for what `emulate` runs, such as `event
    /// new-account`.
    Event {
        /// The operation, named as its function.
        operation: String,
    },
    /// Build the fuzz targets with the pinned toolchain, and run them from the kept corpus.
    Fuzz {
        /// The targets; all of them when absent.
        targets: Vec<String>,
        /// How long each one runs, in seconds; 6 when absent.
        #[arg(long, conflicts_with = "runs")]
        seconds: Option<u64>,
        /// How often each one is executed.
        #[arg(long)]
        runs: Option<u64>,
        /// Add the inputs that reach more to the kept corpus, and drop what is not needed for it.
        #[arg(long)]
        keep: bool,
    },
    /// Let programs of others try the CA for long; prints the rows of docs/judges.md.
    Judges {
        /// The judges; all of them when absent.
        names: Vec<String>,
        /// Print their names and what they ask, and run none.
        #[arg(long)]
        list: bool,
    },
    /// Install the tools of the tests that are missing.
    Setup {
        /// Only what builds the functions, which `dist` and `sam build` need.
        #[arg(long)]
        dist: bool,
    },
    /// Try in an account of yours what only an account can show: deploy what `dist` packed, obtain
    /// certificates, update, roll back, delete, adopt, clean up; asks first, and writes a report.
    Smoke(smoke::Options),
    /// Run `setup`, build the bundle, and run every fuzz target and every test of the workspace; a
    /// missing tool is a failure.
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
        Chore::Dist { architecture } => xtask::dist::run(architecture),
        Chore::Emulate => xtask::emulate::run(),
        Chore::Event { operation } => xtask::emulate::event(&operation),
        Chore::Fuzz { targets, seconds, runs, keep } => {
            let effort = match (runs, seconds) {
                (Some(runs), _) => Effort::Runs(runs),
                (None, Some(seconds)) => Effort::Seconds(seconds),
                (None, None) => Effort::SHORT,
            };
            xtask::fuzz::run(&targets, effort, keep).map(|_| ())
        }
        Chore::Judges { names, list } => xtask::judges::run(&names, list),
        Chore::Setup { dist: false } => xtask::setup::run().map(|_| ()),
        Chore::Setup { dist: true } => xtask::setup::for_dist().map(|_| ()),
        Chore::Smoke(options) => smoke::run(&options),
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
