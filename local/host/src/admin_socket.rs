//! Operators' access to a running host: a Unix socket in the data folder, for the owner of the
//! folder only, and one for each role that a group of the system has. Each connection carries one
//! request and one answer, each a line of JSON.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
        net,
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use acme::failure_chain;
use admin::{Role, SocketReply, Surroundings};
use authority::OnceAMinute;
use operator::Parts;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinSet,
    time,
};

use crate::{data_folder::DataFolder, role_groups::RoleGroup, start_error::StartError, webhook::Webhook};

/// A socket of a host. Dropping the value removes the file.
pub(crate) struct AdminSocket {
    path: PathBuf,
    listener: UnixListener,
    who: Who,
}

/// Who may ask at a socket.
#[derive(Clone, Copy)]
enum Who {
    /// The user who owns the data folder, and root; they may do everything.
    Owner(u32),
    /// The users whom the system lets connect, in this role.
    Members(Role),
}

/// What a connection needs to answer.
#[derive(Clone)]
pub(crate) struct Answering {
    pub(crate) operator: Arc<Parts>,
    pub(crate) host: Surroundings,
    pub(crate) webhook: Option<Arc<Webhook>>,
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
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let owner = fs::metadata(&path)?.uid();
        Ok(Self { path, listener, who: Who::Owner(owner) })
    }

    /// Listens in a folder that others can enter, for the members of a group.
    ///
    /// # Errors
    /// [`StartError::AdminSocket`].
    pub(crate) fn bind_role(folder: &Path, given: &RoleGroup) -> Result<Self, StartError> {
        let path = folder.join(format!("{}.sock", given.role));
        let failed = |reason: String| StartError::AdminSocket { path: path.clone(), reason };
        let gid = given.gid().map_err(|error| failed(error.to_string()))?;
        if net::UnixStream::connect(&path).is_ok() {
            return Err(failed("another host answers there, or another group has the role".to_owned()));
        }
        let listener = listen(folder, &path, gid).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => failed(format!(
                "{error}; this user needs to be a member of the group {}, and to own the folder",
                given.group
            )),
            _ => failed(error.to_string()),
        })?;
        Ok(Self { path, listener, who: Who::Members(given.role) })
    }

    /// Answers requests until the host stops, and completes those in progress.
    pub(crate) async fn serve(self, answering: Answering, stop: watch::Receiver<bool>) {
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
                    if connections.len() >= MAX_CONNECTIONS {
                        connections.join_next().await;
                    }
                    connections.spawn(connection(stream, self.who, answering.clone(), stop.clone()));
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

/// Binds a socket that no one but the members of the group can connect to at any moment: it gets
/// its group and its mode in a folder that only this user can enter, and moves from there.
fn listen(folder: &Path, path: &Path, gid: u32) -> io::Result<UnixListener> {
    if !folder.exists() {
        fs::create_dir_all(folder)?;
        // Groups have to enter it, whatever the mask of this process says.
        fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    }
    let closed = path.with_extension("new");
    match fs::remove_dir_all(&closed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    DirBuilder::new().mode(0o700).create(&closed)?;
    let socket = closed.join("s");
    let listener = UnixListener::bind(&socket)?;
    chown(&socket, None, Some(gid))?;
    fs::set_permissions(&socket, Permissions::from_mode(0o660))?;
    fs::rename(&socket, path)?;
    fs::remove_dir(&closed)?;
    Ok(listener)
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

async fn connection(stream: UnixStream, who: Who, answering: Answering, mut stop: watch::Receiver<bool>) {
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
    let reply = reply(&line, who, uid, &answering).await;
    if let Ok(mut answer) = serde_json::to_vec(&reply) {
        answer.push(b'\n');
        // A client that has disconnected, or does not read, does not need the answer.
        let _ = time::timeout(PATIENCE, writer.write_all(&answer)).await;
    }
}

/// The answer to a request of this user.
async fn reply(line: &[u8], who: Who, uid: u32, answering: &Answering) -> SocketReply {
    let role = match who {
        Who::Owner(owner) if uid == owner || uid == 0 => None,
        Who::Owner(_) => return SocketReply::Refusal("only the owner of the data folder may ask".to_owned()),
        Who::Members(role) => Some(role),
    };
    let request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => return SocketReply::Refusal(format!("the request is no JSON: {error}")),
    };
    let (operator, user) = (&answering.operator, user(uid));
    let answered = match role {
        None => admin::answer(operator, &user, request).await,
        Some(role) => admin::answer_in(operator, &user, role, request).await,
    };
    match answered {
        Ok(answer) => {
            let webhook = answering.webhook.as_ref().map(|webhook| webhook.status());
            SocketReply::Answer { answer, host: Surroundings { webhook, ..answering.host.clone() } }
        }
        Err(error) => SocketReply::Refusal(failure_chain(&error)),
    }
}

/// Bytes; enough for a set of ten thousand profiles.
const MAX_REQUEST: u64 = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(10);
/// At one socket; more wait.
const MAX_CONNECTIONS: usize = 64;
