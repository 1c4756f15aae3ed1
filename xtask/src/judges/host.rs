//! A host on this machine, for a judge to try.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{Error, built, command::Program, repository};

/// A running `serverless-acme serve`, with free ports and a new data folder. It ends on drop.
pub(super) struct Host {
    child: Child,
    /// What it printed when it started.
    banner: Value,
    folder: PathBuf,
}

impl Host {
    /// Builds the program and starts it; `name` is that of the judge.
    pub(super) fn start(name: &str) -> Result<Self, Error> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // As the tests build it, so that a machine that has run them builds only the program.
        let build = ["build", "--quiet", "--locked", "--workspace", "--bin", "serverless-acme"];
        Program::new(cargo).args(build).directory(repository()).show()?;
        let folder = folder(name)?;
        let program = built().join("serverless-acme");
        let log = folder.join("log");
        let file = fs::File::create(&log).map_err(|source| Error::File { path: log.clone(), source })?;
        let mut command = Command::new(&program);
        command.args(["serve", "--log", "json", "--listen", "127.0.0.1:0", "--status-listen", "127.0.0.1:0"]);
        // Nothing answers there: a judge's requests lead to no look-up outside this machine.
        command.args(["--dns-resolver", "127.0.0.1:9", "--data"]);
        command.arg(folder.join("data")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let start = |source| Error::Start { command: program.display().to_string(), source };
        let mut child = command.spawn().map_err(start)?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(start)?;
        }
        Ok(Self { child, banner: serde_json::from_str(&line)?, folder })
    }

    /// The URL of the first directory.
    pub(super) fn directory(&self) -> &str {
        self.banner.pointer("/directories/0").and_then(Value::as_str).unwrap_or_default()
    }

    /// The base of all URLs of the API: the directory's without its path.
    pub(super) fn origin(&self) -> String {
        self.directory().split('/').take(3).collect::<Vec<_>>().join("/")
    }

    /// The port of the API.
    pub(super) fn port(&self) -> &str {
        self.banner
            .get("listen")
            .and_then(Value::as_str)
            .and_then(|address| address.rsplit(':').next())
            .unwrap_or_default()
    }

    /// The file of the root certificate.
    pub(super) fn root(&self) -> PathBuf {
        self.folder.join("data").join("root.pem")
    }

    /// The folder of this judge, which stays after it.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The most memory that it ever had, in MiB; 0 when it does not run any more.
    pub(super) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kibibytes.unwrap_or_default() / 1024
    }

    /// What should not have happened to it: it ended, or it logged an error or a panic.
    pub(super) fn faults(&mut self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Ok(Some(status)) = self.child.try_wait() {
            faults.push(format!("the host ended with {status}"));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let is_bad = |line: &&str| line.contains("panicked") || line.contains(r#""level":"ERROR""#);
        faults.extend(log.lines().filter(is_bad).take(5).map(|line| format!("the log says: {line}")));
        faults
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It was started here, and nothing of it is needed any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty folder for a judge.
pub(super) fn folder(name: &str) -> Result<PathBuf, Error> {
    let folder = repository().join("target").join("judges").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|source| Error::File { path: folder.clone(), source })?;
    Ok(folder)
}
