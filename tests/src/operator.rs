//! An operator that uses nothing but `serverless-acme admin`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    clients::{Failure, Run, Tool},
    deployed::Stack,
};

/// The commands of the operator of one CA.
#[derive(Debug)]
pub struct Operator {
    program: PathBuf,
    whom: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    folder: TempDir,
}

impl Operator {
    /// The operator of the CA in this data folder; a host may be running on it.
    ///
    /// # Errors
    /// Temporary files cannot be created.
    pub fn of_folder(program: &str, data: &Path) -> Result<Self, Failure> {
        Self::new(program, vec!["--data".into(), data.into()], Vec::new())
    }

    /// The operator of a deployed bundle, who uses the command line of AWS.
    ///
    /// # Errors
    /// Temporary files cannot be created.
    pub fn of_stack(program: &str, stack: &Stack, aws: &Tool) -> Result<Self, Failure> {
        let function = stack.outputs.get("AdminFunctionName").cloned().unwrap_or_default();
        let mut path = aws.path.parent().map(OsString::from).unwrap_or_default();
        path.push(":/usr/bin:/bin");
        let environment = vec![
            ("PATH", path),
            ("AWS_ENDPOINT_URL", stack.endpoint().into()),
            ("AWS_ACCESS_KEY_ID", "test".into()),
            ("AWS_SECRET_ACCESS_KEY", "test".into()),
            ("AWS_DEFAULT_REGION", "us-east-1".into()),
        ];
        Self::new(program, vec!["--function".into(), function.into()], environment)
    }

    fn new(program: &str, whom: Vec<OsString>, environment: Vec<(&'static str, OsString)>) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("operator").map_err(Failure::io("temporary folder"))?;
        Ok(Self { program: program.into(), whom, environment, folder })
    }

    /// Runs a command that must succeed; returns its JSON output.
    ///
    /// # Errors
    /// The command fails, or its output is not JSON.
    pub async fn ask(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let done = self.admin(arguments).arg("--json").finish().await?;
        serde_json::from_str(&done.stdout)
            .map_err(|error| Failure::Io { place: format!("{arguments:?}: {}", done.stdout), source: error.into() })
    }

    /// Runs a command that must succeed; returns the output for people.
    ///
    /// # Errors
    /// The command fails.
    pub async fn read(&self, arguments: &[&str]) -> Result<String, Failure> {
        Ok(self.admin(arguments).finish().await?.stdout)
    }

    /// Runs a command that must be refused; returns the reason.
    ///
    /// # Panics
    /// The command succeeds.
    pub async fn refusal(&self, arguments: &[&str]) -> String {
        match self.admin(arguments).finish().await {
            Err(failure) => failure.to_string(),
            Ok(done) => panic!("{arguments:?} was done: {}", done.stdout),
        }
    }

    /// A file with this content, to be used in a command.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn file(&self, name: &str, content: &str) -> Result<String, Failure> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).map_err(Failure::io(path.display()))?;
        Ok(path.display().to_string())
    }

    fn admin(&self, arguments: &[&str]) -> Run {
        let run = Run::new(&self.program, self.folder.path()).arg("admin").args(&self.whom).args(arguments);
        self.environment.iter().fold(run, |run, (name, value)| run.env(name, value))
    }
}
