//! Running the program as a process.

use std::{
    ffi::OsStr,
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// A running `serve` on free ports. It is killed on drop.
pub(crate) struct Server {
    /// The output at its start.
    pub(crate) banner: Value,
    /// The folder around its data folder.
    pub(crate) folder: TempDir,
    child: Child,
}

impl Server {
    /// Starts on an empty data folder.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        Self::start_in(TempDir::with_prefix("serverless-acme-binary-").unwrap(), arguments).await
    }

    /// Starts on the data folder in `folder`.
    pub(crate) async fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let data = folder.path().join("data");
        Self::spawn(folder, command(&data).args(arguments)).await
    }

    /// Starts a prepared command, which must print JSON.
    pub(crate) async fn spawn(folder: TempDir, command: &mut Command) -> Self {
        let log = File::options().create(true).append(true).open(folder.path().join("log")).unwrap();
        Self::spawn_logging(folder, command, log).await
    }

    /// Starts a prepared command, which must print JSON, with its log there.
    pub(crate) async fn spawn_logging(folder: TempDir, command: &mut Command, log: impl Into<Stdio>) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(log).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(LONGEST, lines.next_line()).await.expect("it starts in time").unwrap();
        let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        let line = line.unwrap_or_else(|| panic!("it ended: {}", log()));
        Self { banner: serde_json::from_str(&line).unwrap(), folder, child }
    }

    /// Starts on an empty data folder with a log of text, and reads what it prints for people.
    pub(crate) async fn start_for_people() -> Self {
        let folder = TempDir::with_prefix("serverless-acme-binary-").unwrap();
        let log = File::options().create(true).append(true).open(folder.path().join("log")).unwrap();
        let ports = ["serve", "--listen", "127.0.0.1:0", "--status-listen", "127.0.0.1:0"];
        let mut command = program();
        command.args(ports).arg("--data").arg(folder.path().join("data")).stdout(Stdio::piped()).stderr(log);
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut url_after = async |word: &str| loop {
            let line = timeout(LONGEST, lines.next_line()).await.expect("it starts in time").unwrap().unwrap();
            if let Some((_, url)) = line.split_once(word) {
                break url.trim().to_owned();
            }
        };
        let (directory, status) = (url_after("  directories ").await, url_after("  status ").await);
        // A host that cannot print the rest says so in its log.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let address = |url: &str| format!("127.0.0.1:{}", url.split([':', '/', ' ']).nth(4).unwrap());
        let banner = json!({
            "directories": [directory], "listen": address(&directory), "statusListen": address(&status),
        });
        Self { banner, folder, child }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Ends the reading of a log that is a pipe.
    pub(crate) fn leave_log(&mut self) {
        drop(self.child.stderr.take().expect("the log is a pipe"));
    }

    /// The log up to now.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Waits until the log contains the text.
    pub(crate) async fn logged(&self, text: &str) {
        in_file(&self.folder.path().join("log"), text).await;
    }

    /// The directory of the default ACME Profile.
    pub(crate) fn directory(&self) -> &str {
        self.banner["directories"][0].as_str().unwrap()
    }

    /// The address of the HTTPS listener.
    pub(crate) fn listen(&self) -> SocketAddr {
        self.banner["listen"].as_str().unwrap().parse().unwrap()
    }

    /// The address of the status listener.
    pub(crate) fn status_listen(&self) -> SocketAddr {
        self.banner["statusListen"].as_str().unwrap().parse().unwrap()
    }

    /// Sends a signal: `TERM`, `INT` or `KILL`.
    pub(crate) async fn signal(&self, signal: &str) {
        let id = self.child.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().await.unwrap().success());
    }

    /// Sets how many file descriptors it may have from now on; it keeps those that it has.
    pub(crate) async fn limit_descriptors(&self, most: u32) {
        let id = self.child.id().expect("it runs").to_string();
        let limit = format!("--nofile={most}:");
        assert!(Command::new("prlimit").args(["--pid", &id, &limit]).status().await.unwrap().success());
    }

    /// Waits for the end of the process; returns its exit status and the folder.
    pub(crate) async fn ended(mut self) -> (Option<i32>, TempDir) {
        let status = timeout(LONGEST, self.child.wait()).await.expect("it ends in time").unwrap();
        (status.code(), self.folder)
    }

    /// Stops it with this signal and starts it again with the same data folder and ports.
    pub(crate) async fn restarted(self, signal: &str, arguments: &[&str]) -> Self {
        let (listen, status) = (self.listen().to_string(), self.status_listen().to_string());
        self.signal(signal).await;
        let (_, folder) = self.ended().await;
        let ports = ["--listen", &listen, "--status-listen", &status];
        let data = folder.path().join("data");
        Self::spawn(folder, program().args(["serve", "--log", "json", "--data"]).arg(data).args(ports).args(arguments))
            .await
    }
}

/// Waits until the file contains the text.
pub(crate) async fn in_file(path: &Path, text: &str) {
    let content = || std::fs::read_to_string(path).unwrap_or_default();
    let written = async {
        while !content().contains(text) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONGEST, written).await.unwrap_or_else(|_| panic!("`{text}` is not in {path:?}:\n{}", content()));
}

/// `serve` with this data folder, on free ports, printing JSON.
pub(crate) fn command(data: &Path) -> Command {
    let mut command = program();
    let ports = ["--listen", "127.0.0.1:0", "--status-listen", "127.0.0.1:0"];
    command.args(["serve", "--log", "json"]).args(ports).arg("--data").arg(data);
    command
}

/// The program, with an environment that cannot change its behaviour.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_serverless-acme"));
    command.env_remove("RUST_LOG");
    command
}

/// Runs the program with these arguments and waits for its end.
pub(crate) async fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    finish(program().args(arguments)).await
}

/// Runs a prepared command and waits for its end.
pub(crate) async fn finish(command: &mut Command) -> Output {
    timeout(LONGEST, command.kill_on_drop(true).output()).await.expect("it ends in time").unwrap()
}

/// The message of a failure, which must be one readable line and status 1.
#[track_caller]
pub(crate) fn refusal(output: Output) -> String {
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    assert!(message.starts_with("error: ") && message.trim_end().lines().count() == 1, "{message}");
    for debug in ["Some(", "Error {", "Os {", "panicked"] {
        assert!(!message.contains(debug), "{message}");
    }
    message
}

const LONGEST: Duration = Duration::from_secs(60);
