//! The emulator in the place of an account, and what stands in for what it does not have: the
//! public domain of the API, CloudFront, and the names that challenges are validated at.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::{Fault, aws::finish, interrupt::Interrupt};
use crate::{
    Error, built,
    command::Program,
    dist::{self, Architecture},
    repository,
    setup::Tools,
};

/// A running emulator without any stack; it ends on drop.
pub(super) struct StandIn {
    child: Child,
    python: PathBuf,
    /// The URL of every service.
    pub(super) endpoint: String,
    /// What a stack needs to be reached here.
    pub(super) parameters: BTreeMap<String, String>,
    /// Where relying parties read the status bucket.
    pub(super) status_url: String,
    /// The name at which the same is read by who validates.
    pub(super) host: String,
    /// The root of the API's HTTPS certificate.
    pub(super) trust: PathBuf,
}

impl StandIn {
    /// Starts it for a stack of this name, with files in `folder`.
    pub(super) fn start(name: &str, folder: &Path, tools: &Tools) -> Result<Self, Error> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let build = ["build", "--quiet", "--workspace", "--example", "account"];
        Program::new(cargo).args(build).directory(repository()).show()?;
        let program = built().join("examples").join("account");
        let start = |source| Error::Start { command: program.display().to_string(), source };
        let mut child = Command::new(&program)
            .arg(folder)
            .arg(format!("{name}-status-{ACCOUNT}-{REGION}"))
            .env("SERVERLESS_ACME_TOOLS", &tools.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(start)?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(start)?;
        }
        let state: Value = serde_json::from_str(&line)?;
        let member = |name: &str| state.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let parameters = state.get("parameters").and_then(Value::as_object).into_iter().flatten();
        let parameters = parameters.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
        Ok(Self {
            child,
            python: tools.folder.join("sam").join("bin").join("python"),
            endpoint: member("endpoint"),
            parameters: parameters.collect(),
            status_url: member("statusUrl"),
            host: member("host"),
            trust: PathBuf::from(member("trust")),
        })
    }

    /// What the command line of AWS needs to reach it.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let own = [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("NO_PROXY", "localhost,127.0.0.1"),
        ];
        own.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// The packaged template as the emulator can read it: by the list of rewrites of the tests.
    pub(super) fn rewritten(&self, packaged: &Path, given: &BTreeMap<String, String>) -> Result<String, Fault> {
        let mut command = Command::new(&self.python);
        command.env("PYTHONPYCACHEPREFIX", self.python.with_file_name("pycache"));
        command.arg(repository().join("tests/src/deployed/rewrite.py")).arg(packaged);
        command.args(given.iter().map(|(name, value)| format!("{name}={value}")));
        finish(command, &Interrupt::never())
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Packs the functions of a bundle that `sam build` made.
pub(super) fn pack(bundle: &Path, folder: &Path) -> Result<(), Error> {
    let entries = fs::read_dir(bundle).map_err(|source| Error::File { path: bundle.to_owned(), source })?;
    let built = entries.flatten().map(|entry| entry.path()).filter(|path| path.join(BOOTSTRAP).is_file());
    let programs = built.filter_map(|path| {
        let id = path.file_name()?.to_string_lossy().into_owned();
        Some((dist::program(&id), path.join(BOOTSTRAP)))
    });
    dist::pack(&programs.collect(), Architecture::X86_64, folder)
}

/// The region of the emulator.
pub(super) const REGION: &str = "us-east-1";
/// The account of the emulator.
const ACCOUNT: &str = "000000000000";
const BOOTSTRAP: &str = "bootstrap";
