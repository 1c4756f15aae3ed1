//! A test of the workspace that tries more than in every run, as many times as a variable says.

use super::Outcome;
use crate::{Error, command::Program, repository, setup::Tools};

/// Which test, how long, and how its line about that is known.
pub(super) struct LongerTest {
    pub(super) package: &'static str,
    pub(super) program: &'static str,
    pub(super) test: &'static str,
    /// The variable that says how many times it tries.
    pub(super) variable: (&'static str, &'static str),
    /// What the line has in it that says how many times it tried.
    pub(super) says: &'static str,
}

impl LongerTest {
    pub(super) fn run(&self, tools: &Tools) -> Result<Outcome, Error> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let test = ["test", "--quiet", "--locked", "--package", self.package, "--test", self.program, self.test];
        let program = Program::new(cargo).args(test).args(["--", "--nocapture"]).env(self.variable.0, self.variable.1);
        let printed = program.env("SERVERLESS_ACME_TOOLS", &tools.folder).directory(repository()).output()?;
        let found: Vec<&str> = printed.lines().filter(|line| line.contains(self.says)).collect();
        let mut faults = Vec::new();
        if found.len() != 1 {
            faults.push(format!("it did not say how much it tried: {printed}"));
        }
        Ok(Outcome { figures: found.join("; "), faults })
    }
}
