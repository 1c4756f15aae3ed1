//! Ten thousand decisions about CAA records, beside those of another implementation.

use super::Outcome;
use crate::{Error, command::Program, repository, setup::Tools};

pub(super) fn run(tools: &Tools) -> Result<Outcome, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let test = ["test", "--quiet", "--locked", "--package", "tests", "--test", "validation", "caa_opinion"];
    let program = Program::new(cargo).args(test).args(["--", "--nocapture"]).env("CAA_QUESTIONS", QUESTIONS);
    let printed = program.env("SERVERLESS_ACME_TOOLS", &tools.folder).directory(repository()).output()?;
    let found: Vec<&str> = printed.lines().filter(|line| line.contains(" decisions about CAA records, ")).collect();
    let mut faults = Vec::new();
    if found.len() != 1 {
        faults.push(format!("it did not say how many decisions there were: {printed}"));
    }
    Ok(Outcome { figures: found.join("; "), faults })
}

const QUESTIONS: &str = "10000";
