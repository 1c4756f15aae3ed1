//! Why a perspective does not start.

use std::{net::SocketAddr, path::PathBuf};

use perspective::MemberFault;

/// Why a perspective does not start.
#[derive(Debug, thiserror::Error)]
pub enum PerspectiveError {
    /// A file cannot be used.
    #[error("{}: {reason}", .path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No CA can have such a name in its file.
    #[error("{0} (--name)")]
    Name(#[from] MemberFault),
    /// The address cannot be listened on.
    #[error("cannot listen on {address} (--listen): {source}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The name of the CA is none that a certificate can have.
    #[error("{0:?} is neither a DNS name nor an address (--primary)")]
    Primary(String),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}
