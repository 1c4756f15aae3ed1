//! The `openssl` command line, run in a folder of its own.

use std::{io::Write, path::Path, process::Command};

/// The program; each instance has a temporary folder for its files.
pub(crate) struct Openssl {
    folder: tempfile::TempDir,
}

/// The result of a run.
pub(crate) struct RunResult {
    pub(crate) success: bool,
    /// What it wrote to standard output and standard error.
    pub(crate) text: String,
}

impl Openssl {
    /// Finds the program; if there is none, says loudly that the test is skipped.
    pub(crate) fn find() -> Option<Self> {
        match Command::new("openssl").arg("version").output() {
            Ok(output) if output.status.success() => Some(Self { folder: tempfile::tempdir().unwrap() }),
            _ => {
                // Written to the stream directly: the output of macros is hidden when a test
                // passes.
                let note = "SKIPPED: there is no openssl binary, nothing was checked against it";
                writeln!(std::io::stderr(), "{note}").unwrap();
                None
            }
        }
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.folder.path().join(name), content).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command line, split at spaces.
    pub(crate) fn run(&self, command: &str) -> RunResult {
        self.run_arguments(&command.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn run_arguments(&self, arguments: &[&str]) -> RunResult {
        let output = Command::new("openssl").args(arguments).current_dir(self.path()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        RunResult { success: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
    }

    /// Runs a command line that must succeed, and returns what it printed.
    pub(crate) fn expect(&self, command: &str) -> String {
        let outcome = self.run(command);
        assert!(outcome.success, "openssl {command}\n{}", outcome.text);
        outcome.text
    }
}
