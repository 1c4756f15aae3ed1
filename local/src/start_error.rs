//! Why the host did not start, in words for whoever started it.

use std::{io, net::SocketAddr, path::PathBuf};

use store::embedded::OpenError;

/// Why the host did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process uses the data folder.
    #[error("{0} is in use by another serverless-acme; stop that one, or give this one a folder of its own with --data")]
    DataInUse(PathBuf),
    /// The data folder cannot be used.
    #[error("the data folder {path} cannot be used: {source}")]
    Data {
        /// The folder or the file in it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(OpenError),
    /// A listener's address is taken or not ours.
    #[error("cannot listen at {address} ({source}); choose another address with {flag}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The base URL is none.
    #[error("the base URL {0} is not of the form https://host[:port][/path]")]
    BaseUrl(String),
    /// A key file cannot be read.
    #[error("the key file {path} holds no usable private key: {reason}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// A name for the CA's certificates cannot be used.
    #[error(transparent)]
    AuthorityName(#[from] ca::AuthorityNameError),
    /// The CA could not be set up.
    #[error("the CA could not be set up: {}", chain(.0))]
    Authority(#[from] ra::Error),
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl From<store::StoreError> for StartError {
    fn from(error: store::StoreError) -> Self {
        Self::Authority(error.into())
    }
}

/// An error with its causes, for a person who sees nothing else of it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
