//! The client of the admin socket of a running host.

use std::{io, path::Path};

use admin::SocketReply;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

/// Sends a request to the host at a socket.
///
/// # Errors
/// [`AskError`].
pub(super) async fn ask(socket: &Path, request: &Value) -> Result<SocketReply, AskError> {
    let mut stream = connect(socket).await?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if !answer.ends_with(b"\n") {
        return Err(AskError::Ended);
    }
    Ok(serde_json::from_slice(&answer)?)
}

/// Connects to the host at a socket.
///
/// # Errors
/// [`AskError::Absent`] when none does.
pub(super) async fn connect(socket: &Path) -> Result<UnixStream, AskError> {
    UnixStream::connect(socket).await.map_err(|error| match error.kind() {
        // If the path is too long for a socket, the host has none.
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput => AskError::Absent,
        _ => AskError::Io(error),
    })
}

/// Why a host could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// No host is listening at the socket.
    #[error("no host is running there")]
    Absent,
    /// The host stopped before it answered.
    #[error("the host stopped before it answered; `serverless-acme admin audit list` shows what was started")]
    Ended,
    /// The socket cannot be read or written.
    #[error("the socket of the host cannot be used: {0}")]
    Io(#[from] io::Error),
    /// The answer has an unexpected form, perhaps because another version answered.
    #[error("the host's answer cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}
