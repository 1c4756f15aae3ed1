//! The command line: `serve`, which is also the default, `demo`, `perspective`, and `admin`.
//!
//! The feature `host` adds `serve` and `perspective`, and `admin` on a data folder that no host is
//! running on; the feature `demo` adds `demo`. Without them there is only `admin`, of a running
//! host and of the function on AWS, and no engine.

mod admin;
#[cfg(feature = "host")]
mod banner;
#[cfg(feature = "demo")]
mod demo;
mod evidence;
#[cfg(feature = "host")]
mod log;
#[cfg(feature = "host")]
mod perspective;
#[cfg(feature = "host")]
mod serve;
mod shell_word;
#[cfg(feature = "host")]
mod signals;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
#[cfg(feature = "host")]
use host::{
    PerspectiveError, StartError,
    config::{Arguments, ConfigError},
};
use tokio::runtime::Runtime;

#[cfg(feature = "demo")]
use self::demo::DemoError;
#[cfg(feature = "host")]
use self::perspective::PerspectiveArguments;
use self::{
    admin::{AdminArguments, AdminFailure},
    evidence::EvidenceFailure,
};

/// Runs the command line of this process. A refused command line ends the process with status 2, a
/// failure gives status 1 after its message, everything else 0.
pub fn run() -> ExitCode {
    let done = match Cli::parse().chosen() {
        Command::Admin(arguments) => administer(*arguments),
        #[cfg(feature = "demo")]
        Command::Demo => demo(),
        #[cfg(feature = "host")]
        Command::Perspective(arguments) => watch(*arguments),
        #[cfg(feature = "host")]
        Command::Serve(arguments) => serve(arguments),
        Command::VerifyEvidence { file } => evidence::verify(&file).map_err(Failure::from),
    };
    match done {
        Ok(status) => status,
        Err(error) => {
            // Without stderr, only the exit status remains.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "host")]
fn serve(arguments: Box<Arguments>) -> Result<ExitCode, Failure> {
    let (config, log) = arguments.resolve()?;
    let log_file = log::start(&log)?;
    runtime()?.block_on(serve::serve(config, log.format, log_file))
}

#[cfg(feature = "host")]
fn watch(arguments: PerspectiveArguments) -> Result<ExitCode, Failure> {
    runtime()?.block_on(perspective::run(arguments))
}

fn administer(arguments: AdminArguments) -> Result<ExitCode, Failure> {
    runtime()?.block_on(admin::run(arguments))
}

#[cfg(feature = "demo")]
fn demo() -> Result<ExitCode, Failure> {
    runtime()?.block_on(async {
        let mut signals = signals::Signals::catch(None).map_err(Failure::System)?;
        let mut stdout = io::stdout().lock();
        tokio::select! {
            done = demo::run(&mut stdout) => done.map(|()| ExitCode::SUCCESS).map_err(Failure::from),
            // The unfinished demonstration is dropped, and its temporary folder is removed.
            _ = signals.next() => Err(Failure::Interrupted),
        }
    })
}

fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(Failure::System)
}

/// An ACME certificate authority (RFC 8555)
///
/// Without a command, it runs a CA in this process, as `serve` does. `admin` administers such a CA,
/// or one that is deployed on AWS.
///
/// Each setting of `serve` is a flag, an environment variable and a key in the configuration file.
/// A flag overrides the variable, the variable overrides the file, and the file overrides the
/// default.
#[derive(Parser)]
#[command(
    name = "serverless-acme",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  serverless-acme demo\n  serverless-acme\n  serverless-acme --config ca.toml --data /var/lib/serverless-acme\n  serverless-acme admin doctor"
)]
#[cfg(feature = "host")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    arguments: Box<Arguments>,
}

/// Administers an ACME certificate authority (RFC 8555) that runs elsewhere.
#[derive(Parser)]
#[command(name = "serverless-acme", version)]
#[cfg(not(feature = "host"))]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

impl Cli {
    #[cfg(feature = "host")]
    fn chosen(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.arguments))
    }

    #[cfg(not(feature = "host"))]
    fn chosen(self) -> Command {
        self.command
    }
}

#[derive(Subcommand)]
enum Command {
    #[cfg(feature = "host")]
    /// Run the CA until Ctrl-C or SIGTERM (the default command)
    ///
    /// The first start creates a root CA and an issuing CA in the data folder. Once the CA is
    /// listening, it prints its URLs and ready-made commands for ACME clients. The first Ctrl-C or
    /// SIGTERM completes the requests in progress; the second stops immediately. Neither loses
    /// data.
    Serve(Box<Arguments>),
    #[cfg(feature = "host")]
    /// Look at challenges from another network, for a CA that validates from several
    ///
    /// Answers the questions of one CA over mutual TLS, and keeps nothing. It needs a certificate
    /// of that CA for this machine, such as any ACME client obtains; the CA names it in its file of
    /// perspectives. The exit status is 0 after Ctrl-C or SIGTERM.
    Perspective(Box<PerspectiveArguments>),
    /// Administer a CA: profiles, issuers, accounts, certificates, incidents, diagnosis, audit log
    ///
    /// Commands go to the host that is running on the data folder; if none is running, they open
    /// the folder directly. With --function, they go to the admin function on AWS. The exit status
    /// is 0 on success, 1 if the command was refused or failed, and 2 if the command line is
    /// invalid.
    Admin(Box<AdminArguments>),
    /// Examine the evidence for a certificate, without the CA
    ///
    /// FILE is what `admin certificates evidence ID --json` printed: the certificate, the receipt
    /// for why it was signed, and the seal of that; or what `admin certificates seals --json`
    /// printed. One line for each thing that was examined; the exit status is 0 if all of them are
    /// as they have to be, and 1 otherwise.
    #[command(
        after_help = "Example:\n  serverless-acme admin certificates evidence ID --json > evidence.json\n  serverless-acme verify-evidence evidence.json"
    )]
    VerifyEvidence {
        /// The file; - is standard input
        file: PathBuf,
    },
    #[cfg(feature = "demo")]
    /// Demonstrate the life cycle of a certificate, from account to revocation, in about a second
    ///
    /// Starts a CA in a temporary folder on free local ports, obtains a certificate for localhost
    /// with an ACME client library (account, order, http-01, finalize, download), verifies the
    /// certificate, revokes it, and checks that the CRL lists it. Prints the time of each step. The
    /// exit status is 0 if every step succeeds. Nothing is left behind.
    Demo,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// A command of `admin` failed.
    #[error(transparent)]
    Admin(#[from] AdminFailure),
    /// The configuration of `serve` is not usable.
    #[cfg(feature = "host")]
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A step of the demonstration failed.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// Evidence was not examined.
    #[error(transparent)]
    Evidence(#[from] EvidenceFailure),
    /// The demonstration was interrupted by a signal.
    #[cfg(feature = "demo")]
    #[error("interrupted")]
    Interrupted,
    /// The perspective did not start.
    #[cfg(feature = "host")]
    #[error(transparent)]
    Perspective(#[from] PerspectiveError),
    /// `RUST_LOG` cannot be read.
    #[cfg(feature = "host")]
    #[error("RUST_LOG is invalid: {0}")]
    Log(#[from] tracing_subscriber::filter::ParseError),
    /// The file of the log cannot be opened.
    #[cfg(feature = "host")]
    #[error("the log file {} cannot be opened: {source}", .path.display())]
    LogFile {
        /// The path of the file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The host did not start.
    #[cfg(feature = "host")]
    #[error(transparent)]
    Start(#[from] StartError),
    /// The operating system does not let the process run.
    #[error("cannot start threads or handle signals: {0}")]
    System(#[source] io::Error),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    #[cfg(feature = "host")]
    fn every_flag_has_its_environment_variable_and_names_its_key() {
        let example = include_str!("../../../examples/serverless-acme.toml");
        let command = Cli::command();
        let settings: Vec<_> = command.get_arguments().filter(|argument| argument.get_id() != "config").collect();
        assert_eq!(settings.len(), 28);
        for argument in settings {
            let flag = argument.get_long().unwrap();
            let variable = format!("SERVERLESS_ACME_{}", flag.replace('-', "_").to_uppercase());
            assert_eq!(argument.get_env().unwrap().to_str(), Some(variable.as_str()));

            let help = argument.get_help().unwrap().to_string();
            let (_, key) = help.split_once("[key: ").unwrap_or_else(|| panic!("--{flag} names no key"));
            let (_, key) = key.split_once(']').unwrap().0.split_once('.').unwrap();
            assert_eq!(key.to_lowercase(), flag.replace('-', ""), "--{flag}");
            assert!(example.contains(&format!("\n{key} = ")) || example.contains(&format!("\n#{key} = ")), "{key}");
            assert!(help.contains("[default: "), "--{flag}");
        }
    }
}
