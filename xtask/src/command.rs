//! Programs that a chore starts.

use std::{
    ffi::OsStr,
    process::{Child, Command, Stdio},
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

    /// Starts the program beside others, whose processor time it leaves alone.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub fn beside(self) -> Result<Beside, Error> {
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(self.command.get_program()).args(self.command.get_args());
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = self.command.get_current_dir() {
            command.current_dir(folder);
        }
        command.stdin(Stdio::null());
        let text = self.text();
        match command.spawn() {
            Ok(child) => Ok(Beside { child, text }),
            Err(source) => Err(Error::Start { command: text, source }),
        }
    }

    fn text(&self) -> String {
        let arguments = self.command.get_args().map(OsStr::to_string_lossy);
        std::iter::once(self.command.get_program().to_string_lossy()).chain(arguments).collect::<Vec<_>>().join(" ")
    }
}

/// A program that runs beside others. It ends when this is dropped.
#[derive(Debug)]
pub struct Beside {
    child: Child,
    text: String,
}

impl Beside {
    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// It reports a failure.
    pub fn finish(mut self) -> Result<(), Error> {
        let status = self.child.wait().map_err(|source| Error::Start { command: self.text.clone(), source })?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Failed { command: self.text.clone(), status, output: String::new() })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines of a long report that say why it ended.
const LAST_LINES: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_beside_others_has_its_environment_and_reports_its_failure() {
        let run = |status: &str| {
            let program = Program::new("sh").args(["-c", "test \"$(nice)\" -ge 19 && exit \"$STATUS\""]);
            program.env("STATUS", status).beside().unwrap().finish()
        };
        run("0").unwrap();
        assert!(run("3").unwrap_err().to_string().contains("sh -c"));
    }

    #[test]
    fn a_program_beside_others_ends_when_it_is_dropped() {
        let beside = Program::new("sleep").arg("600").beside().unwrap();
        let lives = Program::new("kill").args(["-0", &beside.child.id().to_string()]);
        drop(beside);
        lives.output().unwrap_err();
    }
}
