//! The account: every call is one of the command line of AWS, as an operator would make it.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
};

use serde_json::Value;

use super::{
    Fault,
    interrupt::{Interrupt, TICK},
};
use crate::Error;

/// An account and region, seen through the command line of AWS.
#[derive(Clone)]
pub(super) struct Aws {
    program: PathBuf,
    environment: Vec<(String, String)>,
    folder: PathBuf,
    interrupt: Interrupt,
}

impl Aws {
    /// With the credentials of this process's environment and what is added to it; files go to
    /// `folder`.
    pub(super) fn new(program: PathBuf, environment: Vec<(String, String)>, folder: &Path) -> Self {
        Self { program, environment, folder: folder.to_owned(), interrupt: Interrupt::never() }
    }

    /// The same in this region.
    pub(super) fn in_region(mut self, region: &str) -> Self {
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            self.environment.push((name.to_owned(), region.to_owned()));
        }
        self
    }

    /// The same, until the operator wants to stop.
    pub(super) fn until(&self, interrupt: &Interrupt) -> Self {
        Self { interrupt: interrupt.clone(), ..self.clone() }
    }

    /// What stops the calls.
    pub(super) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// What programs need in their environment to reach the account.
    pub(super) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// The program of the command line.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// Makes a call; returns the answer, `Null` for one without content.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<Value, Fault> {
        let said = self.say(arguments)?;
        if said.trim().is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_str(&said).map_err(Error::from)?)
    }

    /// Makes a call; returns what it printed.
    pub(super) fn say(&self, arguments: &[&str]) -> Result<String, Fault> {
        let mut command = Command::new(&self.program);
        command.args(arguments).args(["--output", "json"]).env("AWS_PAGER", "");
        finish(self.with_environment(command), &self.interrupt)
    }

    /// A file for a call, with this content.
    pub(super) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf, Fault> {
        let path = self.folder.join(name);
        fs::write(&path, content).map_err(|source| Fault::File { path: path.clone(), source })?;
        Ok(path)
    }

    /// Sends a request to a function; returns the answer.
    pub(super) fn invoke(&self, function: &str, request: &Value) -> Result<Value, Fault> {
        // `fileb` is read in the same way by both generations of the command line.
        let payload = format!("fileb://{}", self.file("request.json", request.to_string())?.display());
        let path = self.folder.join("answer.json");
        let out = path.display().to_string();
        let done = self.ask(&["lambda", "invoke", "--function-name", function, "--payload", &payload, &out])?;
        let answer = fs::read_to_string(&path).map_err(|source| Fault::File { path: path.clone(), source })?;
        // It has a secret in it.
        fs::remove_file(&path).map_err(|source| Fault::File { path, source })?;
        if let Some(error) = done.get("FunctionError") {
            return Err(Fault::Member { answer: format!("{error} {answer}"), member: "success".to_owned() });
        }
        Ok(serde_json::from_str(&answer).map_err(Error::from)?)
    }

    fn with_environment(&self, mut command: Command) -> Command {
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).current_dir(&self.folder);
        command
    }
}

/// The text in an answer at a pointer (RFC 6901).
pub(super) fn text(answer: &Value, pointer: &str) -> Result<String, Fault> {
    let found = answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| Fault::Member { answer: answer.to_string(), member: pointer.to_owned() })
}

/// The same, empty if there is none.
pub(super) fn word<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The members of the list in an answer at a pointer; none if there is no list.
pub(super) fn list<'a>(answer: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    answer.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Runs a program to its end, or until the operator wants to stop; returns what it printed.
pub(super) fn finish(command: Command, interrupt: &Interrupt) -> Result<String, Fault> {
    finish_while(command, interrupt, || Ok(()))
}

/// The same, and does something again and again meanwhile.
pub(super) fn finish_while(
    mut command: Command,
    interrupt: &Interrupt,
    mut meanwhile: impl FnMut() -> Result<(), Fault>,
) -> Result<String, Fault> {
    use std::os::unix::process::CommandExt;

    interrupt.check()?;
    let arguments = command.get_args().map(OsStr::to_string_lossy);
    let text = std::iter::once(command.get_program().to_string_lossy()).chain(arguments).collect::<Vec<_>>().join(" ");
    // A group of its own: Ctrl-C in a terminal is a wish to this process alone.
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let child = command.spawn().map_err(|source| Error::Start { command: text.clone(), source })?;
    let group = format!("-{}", child.id());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let output = loop {
        match receiver.recv_timeout(TICK) {
            Ok(output) => break output.map_err(|source| Error::Start { command: text.clone(), source })?,
            Err(RecvTimeoutError::Disconnected) => return Err(Fault::Interrupted),
            Err(RecvTimeoutError::Timeout) => {
                if let Err(fault) = interrupt.check().and_then(|()| meanwhile()) {
                    let _ = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
                    let _ = receiver.recv();
                    return Err(fault);
                }
            }
        }
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let output_text = format!("\n{said}{}", String::from_utf8_lossy(&output.stderr));
    Err(Error::Failed { command: text, status: output.status, output: output_text }.into())
}
