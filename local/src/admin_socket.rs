//! The operator's way into a running host: a Unix socket in the data folder, for the owner of the folder alone.
//! One request and one answer for each connection, each a line of JSON.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use admin::AdminError;
use ra::Authority;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
    time,
};

use crate::{
    data_folder::DataFolder,
    failure_chain::chain,
    webhook::{Webhook, WebhookStatus},
};

/// The socket of a host. The file goes with the value.
pub(crate) struct AdminSocket {
    path: PathBuf,
    listener: UnixListener,
    owner: u32,
}

/// What a running host adds to an answer, so that lines to copy are whole.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Surroundings {
    /// The base of all ACME URLs.
    pub(crate) base_url: String,
    /// The file of the root certificate.
    pub(crate) root: PathBuf,
    /// The port that http-01 connects to.
    pub(crate) http_port: u16,
    /// The resolver of validation, when one is set.
    pub(crate) dns_resolver: Option<std::net::SocketAddr>,
    /// How the webhook is, when one is set.
    pub(crate) webhook: Option<WebhookStatus>,
}

/// What comes back.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Reply {
    /// It was done.
    Answer {
        /// The answer of the request.
        answer: Value,
        /// Of the host that answered.
        host: Surroundings,
    },
    /// It was not, and why.
    Refusal(String),
}

impl AdminSocket {
    /// Listens in the data folder. Whoever holds the folder may remove what an earlier host left there.
    pub(crate) fn bind(data: &DataFolder) -> io::Result<Self> {
        let path = data.file(SOCKET);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        // Nobody else could reach it before either: the folder is closed to them.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let owner = fs::metadata(&path)?.uid();
        Ok(Self { path, listener, owner })
    }

    /// Answers until the host stops; what is under way is finished.
    pub(crate) async fn serve(
        self,
        authority: Arc<Authority>,
        host: Surroundings,
        webhook: Option<Arc<Webhook>>,
        stop: watch::Receiver<bool>,
    ) {
        let mut connections = JoinSet::new();
        let mut stopped = stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stopped.wait_for(|stop| *stop) => break,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) => {
                    let (authority, stop) = (authority.clone(), stop.clone());
                    let (host, webhook) = (host.clone(), webhook.clone());
                    connections.spawn(connection(stream, self.owner, authority, host, webhook, stop));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection of an operator failed");
                    time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        while connections.join_next().await.is_some() {}
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // The next host removes what is left.
        let _ = fs::remove_file(&self.path);
    }
}

/// Asks the host of a data folder.
///
/// # Errors
/// [`AskError`].
pub(crate) async fn ask(data: &Path, request: &Value) -> Result<Reply, AskError> {
    let mut stream = connect(data).await?;
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

/// Whether a host answers there.
///
/// # Errors
/// [`AskError::Absent`] when none does.
pub(crate) async fn connect(data: &Path) -> Result<UnixStream, AskError> {
    UnixStream::connect(data.join(SOCKET)).await.map_err(|error| match error.kind() {
        // A path that is too long for a socket has none either.
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput => AskError::Absent,
        _ => AskError::Io(error),
    })
}

/// The user behind a process, for the audit record.
pub(crate) fn user(uid: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    });
    name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"))
}

/// The user of this process.
pub(crate) fn this_user() -> io::Result<String> {
    let (end, _other) = UnixStream::pair()?;
    Ok(user(end.peer_cred()?.uid()))
}

/// Why a host could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// None answers.
    #[error("no host answers there")]
    Absent,
    /// The host stopped.
    #[error("the host ended before it answered; `serverless-acme admin audit list` tells what was begun")]
    Ended,
    /// The socket failed.
    #[error("the socket of the host cannot be used: {0}")]
    Io(#[from] io::Error),
    /// Another version answers.
    #[error("the host's answer cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

async fn connection(
    stream: UnixStream,
    owner: u32,
    authority: Arc<Authority>,
    host: Surroundings,
    webhook: Option<Arc<Webhook>>,
    mut stop: watch::Receiver<bool>,
) {
    let uid = match stream.peer_cred() {
        Ok(peer) => peer.uid(),
        Err(error) => return tracing::warn!(%error, "an operator without a user"),
    };
    let (reader, mut writer) = stream.into_split();
    let mut line = Vec::new();
    let mut reader = BufReader::new(reader).take(MAX_REQUEST);
    let read = tokio::select! {
        read = time::timeout(PATIENCE, reader.read_until(b'\n', &mut line)) => read,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    if !matches!(read, Ok(Ok(_))) || !line.ends_with(b"\n") {
        return;
    }
    let reply = match (uid == owner || uid == 0, serde_json::from_slice(&line)) {
        (false, _) => Reply::Refusal("only the owner of the data folder may ask".to_owned()),
        (true, Err(error)) => Reply::Refusal(format!("the request is no JSON: {error}")),
        (true, Ok(request)) => match admin::answer(&authority, &user(uid), request).await {
            Ok(answer) => {
                let webhook = webhook.map(|webhook| webhook.status());
                Reply::Answer { answer, host: Surroundings { webhook, ..host } }
            }
            Err(error) => Reply::Refusal(refusal(&error)),
        },
    };
    if let Ok(mut answer) = serde_json::to_vec(&reply) {
        answer.push(b'\n');
        // Whoever has gone does not need the answer.
        let _ = writer.write_all(&answer).await;
    }
}

/// A refusal with its causes.
pub(crate) fn refusal(error: &AdminError) -> String {
    chain(error)
}

const SOCKET: &str = "admin.sock";
/// A set of ten thousand profiles.
const MAX_REQUEST: u64 = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(10);
