//! The explorer of interleavings: ten thousand seeded schedules of two operations on each engine.

use super::Outcome;
use crate::{Error, command::Program, optimized, repository, setup::Tools};

pub(super) fn run(_: &Tools) -> Result<Outcome, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = ["build", "--quiet", "--locked", "--package", "tests", "--profile", "bench", "--example", "explore"];
    Program::new(cargo).args(build).directory(repository()).show()?;
    let printed = Program::new(optimized().join("examples").join("explore")).args([SCHEDULES, SEED]).output()?;
    let explored: Vec<&str> = printed.lines().filter(|line| line.contains(" schedules, ")).collect();
    let mut faults = Vec::new();
    if explored.len() != ENGINES {
        faults.push(format!("it explored {} engines: {printed}", explored.len()));
    }
    Ok(Outcome { figures: explored.join("; "), faults })
}

const SCHEDULES: &str = "10000";
const SEED: &str = "1";

/// The embedded engine and that on DynamoDB.
const ENGINES: usize = 2;
