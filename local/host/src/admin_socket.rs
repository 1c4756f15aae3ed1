//! The operator's access to a running host: a Unix socket in the data folder, for the owner of the
//! folder only. Each connection carries one request and one answer, each a line of JSON.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use acme::failure_chain;
use admin::{SocketReply, Surroundings};
use authority::OnceAMinute;
use operator::Parts;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
    time,
};

use crate::{data_folder::DataFolder, webhook::Webhook};

/// The socket of a host. Dropping the value removes the file.
pub(crate) struct AdminSocket {
    path: PathBuf,
    listener: UnixListener,
    owner: u32,
}

impl AdminSocket {
    /// Listens in the data folder. The process that has locked the folder may remove the socket of
    /// an earlier host.
    pub(crate) fn bind(data: &DataFolder) -> io::Result<Self> {
        let path = data.file(SocketReply::FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        // Other users could not reach it before either, because they have no access to the folder.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let owner = fs::metadata(&path)?.uid();
        Ok(Self { path, listener, owner })
    }

    /// Answers requests until the host stops, and completes those in progress.
    pub(crate) async fn serve(
        self,
        operator: Arc<Parts>,
        host: Surroundings,
        webhook: Option<Arc<Webhook>>,
        stop: watch::Receiver<bool>,
    ) {
        let mut connections = JoinSet::new();
        let mut stopped = stop.clone();
        let failed = OnceAMinute::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stopped.wait_for(|stop| *stop) => break,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) => {
                    let (operator, stop) = (operator.clone(), stop.clone());
                    let (host, webhook) = (host.clone(), webhook.clone());
                    connections.spawn(connection(stream, self.owner, operator, host, webhook, stop));
                }
                Err(error) => {
                    if let Some(times) = failed.happened() {
                        tracing::warn!(%error, times, "connections to the admin socket could not be accepted");
                    }
                    time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        while connections.join_next().await.is_some() {}
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // The next host removes a file that is left behind.
        let _ = fs::remove_file(&self.path);
    }
}

/// The user of a process, for audit records.
fn user(uid: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    });
    name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"))
}

/// The user of this process.
///
/// # Errors
/// The system call fails.
pub fn this_user() -> io::Result<String> {
    let (end, _other) = UnixStream::pair()?;
    Ok(user(end.peer_cred()?.uid()))
}

async fn connection(
    stream: UnixStream,
    owner: u32,
    operator: Arc<Parts>,
    host: Surroundings,
    webhook: Option<Arc<Webhook>>,
    mut stop: watch::Receiver<bool>,
) {
    let uid = match stream.peer_cred() {
        Ok(peer) => peer.uid(),
        Err(error) => return tracing::warn!(%error, "the user of an operator is unknown"),
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
        (false, _) => SocketReply::Refusal("only the owner of the data folder may ask".to_owned()),
        (true, Err(error)) => SocketReply::Refusal(format!("the request is no JSON: {error}")),
        (true, Ok(request)) => match admin::answer(&operator, &user(uid), request).await {
            Ok(answer) => {
                let webhook = webhook.map(|webhook| webhook.status());
                SocketReply::Answer { answer, host: Surroundings { webhook, ..host } }
            }
            Err(error) => SocketReply::Refusal(failure_chain(&error)),
        },
    };
    if let Ok(mut answer) = serde_json::to_vec(&reply) {
        answer.push(b'\n');
        // A client that has disconnected does not need the answer.
        let _ = writer.write_all(&answer).await;
    }
}

/// Bytes; enough for a set of ten thousand profiles.
const MAX_REQUEST: u64 = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(10);
