//! Where a command goes: to the host that is running on the data folder, to the folder itself, or
//! to a Lambda function.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use admin::{Action, SocketReply, Surroundings};
use ca::CertificateError;
#[cfg(feature = "host")]
use host::{AtRest, StartError};
use tokio::time;

use super::{
    Target,
    function::{Function, FunctionError},
    socket::{self, AskError},
};

/// The CA that is administered.
pub(super) enum Connection {
    /// A running host, which is asked over this socket.
    Host(PathBuf),
    /// A data folder without a host, which this process holds open; with the name of its user.
    #[cfg(feature = "host")]
    AtRest(Box<AtRest>, String),
    /// A CA on AWS, which is asked through its functions for operators.
    Function(Function),
}

/// An answer, and what the host that gave it says about itself.
pub(super) struct Answered<T> {
    /// The answer of the action.
    pub(super) value: T,
    /// The settings of the running host, if a host answered.
    pub(super) host: Option<Surroundings>,
}

impl Connection {
    /// Finds out where to send commands. Whichever process holds the lock of the folder answers.
    pub(super) async fn open(target: &Target) -> Result<Self, AdminFailure> {
        match target {
            Target { function: Some(name), .. } => Ok(Self::Function(Function::new(name.clone()))),
            Target { socket: Some(socket), .. } => match socket::connect(socket).await {
                Ok(_) => Ok(Self::Host(socket.clone())),
                Err(AskError::Absent) => Err(AdminFailure::NoRole(socket.clone())),
                Err(AskError::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
                    Err(AdminFailure::NoMember(socket.clone()))
                }
                Err(error) => Err(error.into()),
            },
            Target { data, .. } => Self::open_data(data).await,
        }
    }

    async fn open_data(data: &Path) -> Result<Self, AdminFailure> {
        let socket = data.join(SocketReply::FILE);
        for _ in 0..TRIES {
            match socket::connect(&socket).await {
                Ok(_) => return Ok(Self::Host(socket)),
                Err(AskError::Absent) => {}
                Err(error) => return Err(error.into()),
            }
            match Self::open_folder(data).await? {
                Some(connection) => return Ok(connection),
                // A host is starting or stopping, or another operator has the folder open.
                None => time::sleep(PAUSE).await,
            }
        }
        Err(AdminFailure::Silent(data.to_owned()))
    }

    /// Opens the folder itself; `None` while another process holds it.
    #[cfg(feature = "host")]
    async fn open_folder(data: &Path) -> Result<Option<Self>, AdminFailure> {
        match AtRest::open(data).await {
            Ok(ca) => {
                let warnings = ca.unusable_keys().iter();
                warnings.for_each(|key| super::output::warn(&key.to_string()));
                let user = host::this_user().map_err(AdminFailure::User)?;
                Ok(Some(Self::AtRest(Box::new(ca), user)))
            }
            Err(StartError::DataInUse(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Without an engine, a folder can only be reached through its host.
    #[cfg(not(feature = "host"))]
    async fn open_folder(data: &Path) -> Result<Option<Self>, AdminFailure> {
        Err(AdminFailure::NoHost(data.to_owned()))
    }

    /// Sends an action to the CA and returns its answer.
    pub(super) async fn ask<A: Action>(&self, action: &A) -> Result<A::Answer, AdminFailure> {
        Ok(self.ask_host(action).await?.value)
    }

    /// Sends an action to the CA, and returns its answer with what the host adds to it.
    pub(super) async fn ask_host<A: Action>(&self, action: &A) -> Result<Answered<A::Answer>, AdminFailure> {
        let json = action.request().map_err(AdminFailure::Request)?;
        let (answer, host) = match self {
            Self::Host(socket) => match socket::ask(socket, &json).await? {
                SocketReply::Answer { answer, host } => (answer, Some(host)),
                SocketReply::Refusal(reason) => return Err(AdminFailure::Refused(reason)),
            },
            #[cfg(feature = "host")]
            Self::AtRest(ca, user) => {
                let answered = admin::answer(ca.operator(), user, json).await;
                (answered.map_err(|error| AdminFailure::Refused(acme::failure_chain(&error)))?, None)
            }
            Self::Function(function) if A::IS_CEREMONY => (function.hold(json).await?, None),
            Self::Function(function) => (function.ask(json, action.is_act()).await?, None),
        };
        let value = serde_json::from_value(answer).map_err(AdminFailure::Answer)?;
        Ok(Answered { value, host })
    }

    /// Whether the CA is on this machine.
    pub(super) fn is_local(&self) -> bool {
        !matches!(self, Self::Function(_))
    }

    /// Whether the CA is a running host.
    pub(super) fn is_host(&self) -> bool {
        matches!(self, Self::Host(_))
    }

    /// Whether the CA continues background work by itself.
    pub(super) fn is_working(&self) -> bool {
        matches!(self, Self::Host(_) | Self::Function(_))
    }

    /// Closes the data folder, if it was opened directly.
    pub(super) async fn close(self) -> Result<(), AdminFailure> {
        match self {
            #[cfg(feature = "host")]
            Self::AtRest(ca, _) => Ok(ca.close().await?),
            Self::Host(_) | Self::Function(_) => Ok(()),
        }
    }
}

/// Why a command of an operator failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminFailure {
    /// The CA refused.
    #[error("{0}")]
    Refused(String),
    /// The folder cannot be opened.
    #[cfg(feature = "host")]
    #[error(transparent)]
    Folder(#[from] StartError),
    /// The host cannot be asked.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The function cannot be asked.
    #[error(transparent)]
    Function(#[from] FunctionError),
    /// No host has that socket.
    #[error("no host answers at {0}: one that was started with --admin-groups has a socket for each role there")]
    NoRole(PathBuf),
    /// The system does not let this user connect.
    #[error(
        "{0} is for the members of its group (`ls -l` shows which), and this user is none, or cannot enter its folder"
    )]
    NoMember(PathBuf),
    /// Another process holds the folder and does not answer.
    #[error(
        "{0} is in use, but does not answer: its host may be starting or stopping, or may have no socket (if the path of the folder is too long), or another `admin` command is running"
    )]
    Silent(PathBuf),
    /// No host runs, and this program has no engine.
    #[cfg(not(feature = "host"))]
    #[error(
        "no host answers on {0}, and this build of serverless-acme cannot open a data folder; start the host, or name a function with --function"
    )]
    NoHost(PathBuf),
    /// A file cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The path of the file that was read.
        path: PathBuf,
        /// What the operating system or the parser answered.
        reason: String,
    },
    /// There is no terminal at which to confirm.
    #[error("nothing was changed: confirmation needs a terminal; use --yes to skip it")]
    NoTerminal,
    /// The operator did not confirm.
    #[error("nothing was changed")]
    Declined,
    /// There is no such profile.
    #[error("there is no profile `{0}`")]
    NoProfile(acme::ProfileName),
    /// There is no such certificate.
    #[error("there is no such certificate")]
    NoCertificate,
    /// Several certificates have the serial number, but only one can be exported.
    #[error("{0} certificates have that serial number; use the id of the certificate instead")]
    Several(usize),
    /// There is no such incident.
    #[error("there is no incident {0}")]
    NoIncident(acme::IncidentId),
    /// The profiles cannot be written as TOML.
    #[error("the profiles cannot be written as TOML: {0}")]
    Toml(#[from] toml::ser::Error),
    /// The request cannot be written.
    #[error("the request cannot be written: {0}")]
    Request(#[source] serde_json::Error),
    /// The certificate of the answer cannot be read.
    #[error("the certificate of the answer cannot be read: {0}")]
    Evidence(#[source] CertificateError),
    /// The answer has an unexpected form, perhaps because another version answered.
    #[error("the answer cannot be read, perhaps because it comes from another version: {0}")]
    Answer(#[source] serde_json::Error),
    /// The operating system does not tell the user of this process.
    #[cfg(feature = "host")]
    #[error("the user of this process cannot be determined: {0}")]
    User(#[source] io::Error),
    /// Standard output, or the terminal, cannot be used.
    #[error("the output cannot be written: {0}")]
    Output(#[source] io::Error),
}

const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);
