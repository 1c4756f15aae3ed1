//! Why a story about a client ended badly.

use std::{fmt, io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why a story about a client ended badly.
///
/// `Debug` shows the same text as `Display`, because that is what a test prints.
pub enum Failure {
    /// The certificate is not what was asked for.
    Certificate {
        /// The PEM file.
        file: PathBuf,
        /// What was expected.
        wanted: String,
        /// What it holds.
        found: String,
    },
    /// The client ended with a failure.
    Ended {
        /// Program and arguments.
        command: String,
        /// As the system reports it.
        status: ExitStatus,
        /// All that it wrote.
        output: String,
    },
    /// A file could not be read or written, or an address not listened on.
    Io {
        /// The file or address.
        place: String,
        /// The cause.
        source: io::Error,
    },
    /// The client is not installed, though this run must have it.
    Missing {
        /// The program.
        program: &'static str,
    },
    /// The client succeeded, but did not say what it should.
    Silent {
        /// Program and arguments.
        command: String,
        /// The words that were expected.
        wanted: &'static str,
        /// All that it wrote.
        output: String,
    },
    /// The client did not finish.
    Slow {
        /// Program and arguments.
        command: String,
        /// How long it was given.
        limit: Duration,
        /// All that it wrote until then.
        output: String,
    },
}

impl Failure {
    /// For `map_err`.
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
