//! The errors of starting a host, with messages for the operator.

use std::{io, net::SocketAddr, path::PathBuf};

use acme::{UrlBaseError, failure_chain};
use jiff::Timestamp;
use ra::KeyBlockListError;
use store::embedded::OpenError;

use crate::perspectives::PerspectivesFileError;

/// Why the host did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process uses the data folder.
    #[error("{0} is in use by another serverless-acme process; stop that one, or choose another folder with --data")]
    DataInUse(PathBuf),
    /// The data folder cannot be used.
    #[error("the data folder cannot be used: {path}: {source}")]
    Data {
        /// The folder or the file in it.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The folder contains other data than a CA. It is not used, because other users would lose
    /// access to it.
    #[error("{0} is neither empty nor the data folder of a CA; choose another folder with --data")]
    NotADataFolder(PathBuf),
    /// The folder contains no CA to administer.
    #[error("there is no CA in {0}; choose its data folder with --data, or create a CA with `serverless-acme serve`")]
    NoCa(PathBuf),
    /// A CA made now would have begun, and ended, long ago.
    #[error("the clock says {0}, which is before this program was made; correct it before a CA is made")]
    ClockBehind(Timestamp),
    /// The store cannot be opened.
    #[error("the store cannot be opened: {}", failure_chain(.0))]
    Store(OpenError),
    /// The perspectives cannot be asked.
    #[error("{0}; name another file with --perspectives")]
    Perspectives(#[from] PerspectivesFileError),
    /// The list of blocked keys cannot be used.
    #[error("{0}; name another file with --key-block-list")]
    KeyBlockList(#[from] KeyBlockListError),
    /// The address of a listener is in use or does not belong to this machine.
    #[error("cannot listen on {address} ({source}); choose another address with {flag}")]
    Listen {
        /// The configured address of the listener.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A group cannot be given its role.
    #[error("the socket {path} of operators cannot be made: {reason}")]
    AdminSocket {
        /// Where it was to be.
        path: PathBuf,
        /// What stands in the way, and what to do.
        reason: String,
    },
    /// The base URL cannot be derived from the address of a listener.
    #[error(transparent)]
    Url(#[from] UrlBaseError),
    /// A key file cannot be read.
    #[error("the key file {path} has no usable private key: {reason}")]
    Key {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The folder holds a part of a CA. It is not completed, because that would make another CA.
    #[error(
        "{folder} holds only a part of a CA: {found}. Restore the folder from a backup; or, if that CA is lost for good, start with --new-ca once, which makes a new CA and moves what is left into a folder of its own"
    )]
    PartOfACa {
        /// The data folder.
        folder: PathBuf,
        /// What there is, and what is missing.
        found: String,
    },
    /// The store holds a CA whose key file is gone. A new key would make a new CA, which the
    /// operator did not request.
    #[error(
        "the key file {0} of the CA in this data folder is missing; restore it from a backup, or create a new CA in another folder with --data"
    )]
    KeyMissing(PathBuf),
    /// The key and the store belong to different CAs.
    #[error(
        "the key file {0} is not the key of the CA in this data folder; restore the right one from a backup, or create a new CA in another folder with --data"
    )]
    KeyOfAnotherCa(PathBuf),
    /// The webhook cannot be used.
    #[error("the webhook cannot be used: {path}: {reason}")]
    Webhook {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Anyone who reaches the host could register, and no operator opened it.
    #[error(
        "anyone could register with this CA ({profiles}), because others can reach it: {reached_by}. Open it explicitly with --open (SERVERLESS_ACME_OPEN=true, or open = true under [serve]), or write an ACME Profile with externalAccountRequired = true and give clients keys (`serverless-acme admin eab mint`)"
    )]
    Open {
        /// The open ACME Profiles.
        profiles: String,
        /// What lets others reach the host.
        reached_by: String,
    },
    /// Switches for testing clients are on in a CA that others rely on.
    #[error(
        "the test switches {switches} are on, but this does not look like a test CA: {beside}. Remove them from the command line, the environment and [test] in the file, or confirm them with --allow-test-switches (SERVERLESS_ACME_ALLOW_TEST_SWITCHES=true)"
    )]
    TestSwitches {
        /// The switches that are on.
        switches: String,
        /// What makes it look like a CA that others rely on.
        beside: String,
    },
    /// The profiles of the configuration cannot be applied.
    #[error(
        "the profiles of the configuration cannot be applied, and none of them was: {0}. Correct the file, or add the issuer with `serverless-acme admin issuers`, which needs no running host"
    )]
    Profiles(store::InvalidProfiles),
    /// The name of an issuer cannot be used.
    #[error(transparent)]
    IssuerName(#[from] store::IssuerIdError),
    /// The name of a profile cannot be used.
    #[error(transparent)]
    ProfileName(#[from] acme::ProfileNameError),
    /// A name for the CA's certificates cannot be used.
    #[error(transparent)]
    AuthorityName(#[from] ca::AuthorityNameError),
    /// The CA could not be set up.
    #[error("the CA could not be set up: {}", failure_chain(.0))]
    Authority(#[from] operator::Error),
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl From<store::StoreError> for StartError {
    fn from(error: store::StoreError) -> Self {
        Self::Authority(error.into())
    }
}

impl From<authority::Failure> for StartError {
    fn from(failure: authority::Failure) -> Self {
        Self::Authority(failure.into())
    }
}
