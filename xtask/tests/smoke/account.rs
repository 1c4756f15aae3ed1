//! An account that is a script.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use xtask::{
    Error,
    setup::Tools,
    smoke::{self, Options},
};

/// What the script answers, and what it was asked.
pub(crate) struct Account(TempDir);

impl Account {
    /// `cases` are of a `case` of the shell about the first word, or the first two with a dot
    /// between them; everything else succeeds.
    pub(crate) fn new(cases: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("aws/bin");
        fs::create_dir_all(&bin).unwrap();
        let script = format!(
            "#!/bin/sh\necho \"$@\" >> '{calls}'\ncase $1.$2 in\n{dotted}\nesac\ncase $1 in\n{cases}\nsts) echo \
             '{{\"Account\":\"123456789012\",\"Arn\":\"arn:aws:iam::123456789012:user/operator\"}}' ;;\nesac\n",
            calls = folder.path().join("calls").display(),
            dotted = cases,
        );
        fs::write(bin.join("aws"), script).unwrap();
        fs::set_permissions(bin.join("aws"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("template.yaml"), "Resources: {}\n").unwrap();
        Self(folder)
    }

    /// Runs the test with these options and this answer to its question.
    pub(crate) fn smoke(&self, options: &[&str], answer: &str) -> Result<(), Error> {
        let value_of = |name: &str| options.iter().skip_while(|option| **option != name).nth(1);
        let wanted = Options {
            yes: options.contains(&"--yes"),
            keep: options.contains(&"--keep"),
            region: Some("eu-west-1".to_owned()),
            stack_prefix: (*value_of("--prefix").unwrap_or(&"acme-smoke")).to_owned(),
            ..Options::default()
        };
        let tools = Tools { folder: self.0.path().to_owned(), without: Vec::new() };
        let dist = self.path(value_of("--dist").unwrap_or(&"."));
        smoke::with(&wanted, &tools, &dist, self.0.path(), &mut answer.as_bytes())
    }

    /// The arguments of all calls.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.read("calls").unwrap_or_default();
        calls.lines().filter(|call| *call != "--version").map(str::to_owned).collect()
    }

    /// The report; `None` if there is none.
    pub(crate) fn report(&self) -> Option<String> {
        self.read("report.md")
    }

    /// The bucket that was asked for, as a URL.
    pub(crate) fn bucket(&self) -> String {
        let calls = self.calls();
        let made = calls.iter().find_map(|call| call.strip_prefix("s3 mb ")).unwrap();
        made.split(' ').next().unwrap().to_owned()
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(self.0.path()).join(name)
    }
}
