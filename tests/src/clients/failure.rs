//! Why the test of a client failed.

use std::{fmt, io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why the test of a client failed.
///
/// `Debug` prints the same text as `Display`, because a test prints `Debug`.
pub enum Failure {
    /// The certificate is not what was ordered.
    Certificate {
        /// The PEM file of the certificate.
        file: PathBuf,
        /// What was expected.
        wanted: String,
        /// What the certificate has instead.
        found: String,
    },
    /// The client exited with a failure.
    Ended {
        /// The program and its arguments.
        command: String,
        /// The exit status that the system reported.
        status: ExitStatus,
        /// All output of the client.
        output: String,
    },
    /// A file could not be read or written, or an address could not be listened on.
    Io {
        /// The path of the file, or the address.
        place: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The client is not installed, although this run requires it.
    Missing {
        /// The name of the program.
        program: &'static str,
    },
    /// The client succeeded, but its output lacks an expected text.
    Silent {
        /// The program and its arguments.
        command: String,
        /// The expected text.
        wanted: &'static str,
        /// All output of the client.
        output: String,
    },
    /// The client did not finish in time.
    Slow {
        /// The program and its arguments.
        command: String,
        /// The time that it had.
        limit: Duration,
        /// All output of the client until then.
        output: String,
    },
}

impl Failure {
    /// Makes a failure out of an I/O error, for `map_err`.
    pub fn io(place: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        let place = place.to_string();
        move |source| Self::Io { place, source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate { file, wanted, found } => {
                write!(f, "{}: wanted {wanted}, found {found}", file.display())
            }
            Self::Ended { command, status, output } => write!(f, "`{command}` ended with {status}\n{output}"),
            Self::Io { place, source } => write!(f, "{place}: {source}"),
            Self::Missing { program } => {
                write!(f, "{program} is not installed (cargo xtask setup installs it)")
            }
            Self::Silent { command, wanted, output } => write!(f, "`{command}` did not say `{wanted}`\n{output}"),
            Self::Slow { command, limit, output } => write!(f, "`{command}` did not finish within {limit:?}\n{output}"),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl std::error::Error for Failure {}
