//! Programs that a chore starts.

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
};

use crate::Error;

/// A program with its arguments.
#[derive(Debug)]
pub struct Program {
    command: Command,
}

impl Program {
    /// `name` is looked up in `PATH` unless it is a path.
    pub fn new(name: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(name);
        command.stdin(Stdio::null());
        Self { command }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments, in their order.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable of the program's environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets what the program reads from standard input; nothing by default.
    pub fn input(mut self, file: impl Into<Stdio>) -> Self {
        self.command.stdin(file);
        self
    }

    /// Sets the folder in which the program runs.
    pub fn directory(mut self, path: impl AsRef<std::path::Path>) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Runs the program to its end; its output goes to that of xtask.
    ///
    /// # Errors
    ///
    /// It does not start, or reports a failure.
    pub fn show(mut self) -> Result<(), Error> {
        let status = self.command.status().map_err(|source| Error::Start { command: self.text(), source })?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Failed { command: self.text(), status, output: String::new() })
    }

    /// Runs the program to its end and returns what it wrote to standard output.
    ///
    /// # Errors
    ///
    /// It does not start, or reports a failure; the error then carries the output.
    pub fn output(mut self) -> Result<String, Error> {
        let output = self.command.output().map_err(|source| Error::Start { command: self.text(), source })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Error::Failed {
            command: self.text(),
            status: output.status,
            output: format!("\n{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
        })
    }

    /// Runs the program to its end and returns what it wrote to standard output, also when it
    /// reports a failure; what it writes to standard error is shown.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub fn transcript(mut self) -> Result<String, Error> {
        self.command.stderr(Stdio::inherit());
        let output = self.command.output().map_err(|source| Error::Start { command: self.text(), source })?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs the program to its end and returns what it wrote to standard error.
    ///
    /// # Errors
    ///
    /// It does not start, or reports a failure; the error then carries the last lines.
    pub fn report(mut self) -> Result<String, Error> {
        let output = self.command.output().map_err(|source| Error::Start { command: self.text(), source })?;
        let written = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            return Ok(written);
        }
        let lines: Vec<_> = written.lines().collect();
        let last = lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n");
        Err(Error::Failed { command: self.text(), status: output.status, output: format!("\n{last}") })
    }

    fn text(&self) -> String {
        let arguments = self.command.get_args().map(OsStr::to_string_lossy);
        std::iter::once(self.command.get_program().to_string_lossy()).chain(arguments).collect::<Vec<_>>().join(" ")
    }
}

/// Lines of a long report that say why it ended.
const LAST_LINES: usize = 60;
