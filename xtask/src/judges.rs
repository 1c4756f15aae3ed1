//! Long judges: programs of others that try the CA for minutes or hours, outside the test run.
//!
//! Each judge is a file below this one. It runs against what this working copy builds, prints what
//! it did in figures, and fails if it found a fault. `docs/judges.md` keeps the last run of each.

use std::time::Instant;

use crate::{Error, command::Program, progress, repository, setup};

mod caa;
mod deployed;
mod explorer;
mod fuzz;
mod host;
mod http;
mod kills;
mod longer_test;
mod paths;
mod slow;
mod smoke;
mod tls;

/// Runs the judges with these names; all of them if there is none. `list` only prints them.
///
/// # Errors
///
/// A judge found faults, does not run, or does not exist.
pub fn run(names: &[String], list: bool) -> Result<(), Error> {
    if list {
        JUDGES.iter().for_each(|judge| progress::show(&format!("{:8} {}", judge.name, judge.question)));
        return Ok(());
    }
    if let Some(name) = names.iter().find(|name| JUDGES.iter().all(|judge| judge.name != name.as_str())) {
        return Err(Error::UnknownJudge(name.clone()));
    }
    let chosen: Vec<_> =
        JUDGES.iter().filter(|one| names.is_empty() || names.iter().any(|name| name == one.name)).collect();
    let tools = setup::for_judges()?;
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for judge in chosen {
        progress::say(&format!("judge {}: {}", judge.name, judge.question));
        let began = Instant::now();
        let outcome = (judge.run)(&tools);
        let seconds = began.elapsed().as_secs();
        let Outcome { figures, faults } = outcome.unwrap_or_else(|error| Outcome {
            figures: "it did not run to its end".to_owned(),
            faults: vec![error.to_string()],
        });
        faults.iter().for_each(|fault| progress::say(&format!("judge {}: {fault}", judge.name)));
        let verdict = if faults.is_empty() { "good".to_owned() } else { format!("{} faults", faults.len()) };
        progress::say(&format!("judge {}: {verdict} after {seconds} s; {figures}", judge.name));
        rows.push(format!("| `{}` | {} | {figures} | {seconds} s | {verdict} |", judge.name, now()?));
        if !faults.is_empty() {
            failed.push(judge.name);
        }
    }
    progress::show("| judge | commit and date | what it did | duration | verdict |\n|---|---|---|---|---|");
    rows.iter().for_each(|row| progress::show(row));
    if failed.is_empty() { Ok(()) } else { Err(Error::Judged(failed.join(", "))) }
}

/// What `cargo xtask judges` runs.
struct Judge {
    name: &'static str,
    /// What it asks, in a few words.
    question: &'static str,
    run: fn(&setup::Tools) -> Result<Outcome, Error>,
}

/// What a judge did and found.
struct Outcome {
    /// How much it tried, and what it measured.
    figures: String,
    /// What is not as it should be, one sentence each.
    faults: Vec<String>,
}

/// The commit of this working copy and the date.
fn now() -> Result<String, Error> {
    let git = |arguments: &[&str]| Program::new("git").args(arguments).directory(repository()).output();
    let commit = git(&["rev-parse", "--short", "HEAD"])?;
    let changed = if git(&["status", "--porcelain"])?.is_empty() { "" } else { " with changes" };
    let date = Program::new("date").arg("+%Y-%m-%d").output()?;
    Ok(format!("{}{changed}, {}", commit.trim(), date.trim()))
}

const JUDGES: [Judge; 10] = [
    Judge { name: "caa", question: "does another reader of CAA records decide as we do?", run: caa::run },
    Judge {
        name: "deployed",
        question: "does the deployed bundle pass every test of the protocol?",
        run: deployed::run,
    },
    Judge { name: "explorer", question: "does any order of two operations break a rule?", run: explorer::run },
    Judge { name: "fuzz", question: "does any input break a reader?", run: fuzz::run },
    Judge { name: "http", question: "does any request lead to a failure of the CA?", run: http::run },
    Judge { name: "kills", question: "does a kill lose or double what was acknowledged?", run: kills::run },
    Judge { name: "paths", question: "do other verifiers of paths agree with ours?", run: paths::run },
    Judge { name: "slow", question: "does the host answer while slow clients hold connections?", run: slow::run },
    Judge {
        name: "smoke",
        question: "does a stack live as it should, from a failed create to its clean-up?",
        run: smoke::run,
    },
    Judge { name: "tls", question: "does the listener speak only good TLS?", run: tls::run },
];
