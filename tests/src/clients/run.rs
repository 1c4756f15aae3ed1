//! Programs with a time limit, a clean environment, and output that is shown when they fail.

use std::{
    ffi::OsStr,
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    process::{self, Stdio},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

use super::Failure;

/// A program before it is started.
#[derive(Debug)]
pub struct Run {
    command: Command,
    limit: Duration,
}

/// A program that succeeded.
#[derive(Debug)]
pub struct Finished {
    command: String,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// A program that runs, with its children, until it is dropped.
#[derive(Debug)]
pub struct Service {
    command: String,
    child: Child,
    output: Output,
}

impl Run {
    /// `folder` is the program's home and current folder, and holds its state.
    ///
    /// Its environment contains only that and `PATH`: a proxy or another setting of the person who
    /// runs the tests must not influence them.
    pub fn new(program: impl AsRef<OsStr>, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", folder)
            .env("LANG", "C.UTF-8")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TMPDIR", folder)
            .current_dir(folder)
            .kill_on_drop(true)
            // A process group of its own, so that a server ends together with its workers.
            .process_group(0)
            .stdin(Stdio::null());
        Self { command, limit: LIMIT }
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

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs the program to its end.
    pub async fn finish(mut self) -> Result<Finished, Failure> {
        let command = text(&self.command);
        let output = Output::attach(&mut self.command)?;
        let mut child = self.command.spawn().map_err(Failure::io(&command))?;
        match timeout(self.limit, child.wait()).await {
            Ok(status) => {
                let status = status.map_err(Failure::io(&command))?;
                if !status.success() {
                    return Err(Failure::Ended { command, status, output: output.both() });
                }
                Ok(Finished { command, stdout: read(&output.stdout), stderr: read(&output.stderr) })
            }
            Err(_) => {
                end_group(&child);
                Err(Failure::Slow { command, limit: self.limit, output: output.both() })
            }
        }
    }

    /// Starts a program that keeps running.
    pub fn serve(mut self) -> Result<Service, Failure> {
        let command = text(&self.command);
        let output = Output::attach(&mut self.command)?;
        let child = self.command.spawn().map_err(Failure::io(&command))?;
        Ok(Service { command, child, output })
    }
}

impl Finished {
    /// Checks that the program printed `wanted`.
    pub fn says(&self, wanted: &'static str) -> Result<(), Failure> {
        if self.stdout.contains(wanted) || self.stderr.contains(wanted) {
            return Ok(());
        }
        Err(Failure::Silent {
            command: self.command.clone(),
            wanted,
            output: format!("{}{}", self.stdout, self.stderr),
        })
    }
}

impl Service {
    /// Waits until `done` returns something, as long as the program runs and there is time left.
    ///
    /// These programs do not report what they did, so `done` reads their files again and again.
    pub async fn until<T>(&mut self, mut done: impl FnMut() -> Option<T>) -> Result<T, Failure> {
        let wait = async {
            loop {
                if let Some(value) = done() {
                    return Ok(value);
                }
                if let Some(status) = self.child.try_wait().map_err(Failure::io(&self.command))? {
                    return Err(Failure::Ended { command: self.command.clone(), status, output: self.output.both() });
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        match timeout(LIMIT, wait).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::Slow { command: self.command.clone(), limit: LIMIT, output: self.output.both() }),
        }
    }

    /// Kills it and waits for its end, so that its ports and files are free.
    pub async fn stop(mut self) -> Result<(), Failure> {
        end_group(&self.child);
        self.child.wait().await.map_err(Failure::io(&self.command))?;
        Ok(())
    }

    /// Asks it to end (SIGTERM), and waits for its end and that of its children.
    pub async fn terminate(mut self) -> Result<(), Failure> {
        if let Some(id) = self.child.id() {
            let _ = process::Command::new("kill").arg(id.to_string()).stderr(Stdio::null()).status();
        }
        match timeout(LIMIT, self.child.wait()).await {
            Ok(status) => status.map(drop).map_err(Failure::io(&self.command)),
            Err(_) => Err(Failure::Slow { command: self.command.clone(), limit: LIMIT, output: self.output.both() }),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        end_group(&self.child);
    }
}

/// The output of a program goes to files without a name, which neither fill up as a pipe does nor
/// get lost when the time limit is reached.
#[derive(Debug)]
struct Output {
    stdout: File,
    stderr: File,
}

impl Output {
    fn attach(command: &mut Command) -> Result<Self, Failure> {
        let file = || tempfile::tempfile().map_err(Failure::io("temporary file"));
        let (stdout, stderr) = (file()?, file()?);
        let copy = |file: &File| file.try_clone().map_err(Failure::io("temporary file"));
        command.stdout(copy(&stdout)?).stderr(copy(&stderr)?);
        Ok(Self { stdout, stderr })
    }

    fn both(&self) -> String {
        format!("{}{}", read(&self.stdout), read(&self.stderr))
    }
}

/// Reads from the start without moving the position at which the program writes.
fn read(file: &File) -> String {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    let _ = file.read_exact_at(&mut bytes, 0);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn end_group(child: &Child) {
    // A child has an id only until it was waited for, so no other process is signalled.
    if let Some(id) = child.id() {
        let _ = process::Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).stderr(Stdio::null()).status();
    }
}

fn text(command: &Command) -> String {
    let command = command.as_std();
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The time limit of one step of a client. The slowest steps make RSA keys of 4096 bits on a
/// machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(120);
