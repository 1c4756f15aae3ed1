//! A thousand kills of a process that writes into the embedded store.

use super::Outcome;
use crate::{Error, command::Program, repository, setup::Tools};

pub(super) fn run(_: &Tools) -> Result<Outcome, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let test = ["test", "--quiet", "--locked", "--package", "store", "--test", "embedded_kill", "kills_at_any_moment"];
    let program = Program::new(cargo).args(test).args(["--", "--nocapture"]).env("KILLS", KILLS);
    let printed = program.directory(repository()).output()?;
    let found: Vec<&str> = printed.lines().filter(|line| line.contains(" kills, ")).collect();
    let mut faults = Vec::new();
    if found.len() != 1 {
        faults.push(format!("it did not say how many kills there were: {printed}"));
    }
    Ok(Outcome { figures: found.join("; "), faults })
}

const KILLS: &str = "1000";
