//! Every topic of the protocol against the bundle as it is deployed, through the front and the API
//! Gateway of the emulator, with the programs that `sam build` made.
//!
//! `cargo xtask test` runs a tenth of them in every run. The rest takes long, because a test with
//! profiles of its own deploys a stack for itself.

use std::fs;

use super::Outcome;
use crate::{Error, command::Program, progress, repository, setup, test};

pub(super) fn run(_: &setup::Tools) -> Result<Outcome, Error> {
    let tools = setup::run()?;
    let Some(bundle) = test::bundle(&tools)? else { return Err(Error::Missing(tools.without.join(", "))) };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let written = Program::new(cargo)
        .args(["test", "--workspace", "--locked", "--no-fail-fast", "--test", "protocol_deployed_whole"])
        // Tests of the shared stack wait for their turn anyway; no stack slows another one down.
        .args(["--", "--test-threads=1"])
        .env("SERVERLESS_ACME_TOOLS", &tools.folder)
        .env("SERVERLESS_ACME_WITHOUT", tools.without.join(","))
        .env("SERVERLESS_ACME_BUNDLE", bundle)
        .directory(repository())
        .transcript()?;
    keep(&written)?;
    Ok(judged(&written))
}

/// Keeps the output of the tests, in which each failure has its reason.
fn keep(written: &str) -> Result<(), Error> {
    let folder = repository().join("target").join("judges");
    let path = folder.join("deployed.log");
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, written));
    kept.map_err(|source| Error::File { path: path.clone(), source })?;
    progress::say(&format!("the output of the tests is in {}", path.display()));
    Ok(())
}

/// What the output of the tests says. A test that wants what only the inside of a CA has is no
/// fault, as long as there are no more of them than are known.
fn judged(written: &str) -> Outcome {
    let ended = |verdict: &str| {
        let lines = written.lines().filter(|line| line.starts_with("test ") && line.ends_with(verdict));
        lines.filter_map(|line| line.split(' ').nth(1)).collect::<Vec<_>>()
    };
    let (passed, failed) = (ended("... ok"), ended("... FAILED"));
    let (beyond, wrong): (Vec<_>, Vec<_>) = failed.into_iter().partition(|test| is_out_of_reach(written, test));
    let mut faults: Vec<_> = wrong.iter().map(|test| format!("{test} failed")).collect();
    if beyond.len() > OUT_OF_REACH {
        faults.push(format!("{} tests want the inside of the CA: {}", beyond.len(), beyond.join(", ")));
    }
    if passed.len() < FEWEST {
        faults.push(format!("only {} tests passed", passed.len()));
    }
    let figures = format!(
        "{} tests passed, most of them on both families; {} want what no deployed stack has",
        passed.len(),
        beyond.len()
    );
    Outcome { figures, faults }
}

/// Whether a failed test wanted what a deployed stack has for no one.
fn is_out_of_reach(written: &str, test: &str) -> bool {
    let shown = written.split_once(&format!("---- {test} stdout ----")).map_or("", |(_, after)| after);
    shown.split("\n---- ").next().is_some_and(|own| SENTENCES.iter().any(|sentence| own.contains(sentence)))
}

/// What `tests::Environment` says when a test wants to reach into a stack, and what the emulator's
/// API Gateway says instead of asking the function that has the route of `OPTIONS`.
const SENTENCES: [&str; 2] = ["no test reaches into the deployed stack", r#"{"message": "CORS not configured"}"#];
/// Those that restart the CA, configure more than profiles, make keys of issuers, read the table of
/// a simulated cloud or events, let an hour pass, or send `OPTIONS`, as they were counted.
const OUT_OF_REACH: usize = 45;
/// So that a run in which nothing was tried is not a good one.
const FEWEST: usize = 210;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_test_that_wants_the_inside_of_the_ca_may_fail() {
        let passed = "test a::b ... ok\n".repeat(FEWEST);
        let failed = |name: &str, why: &str| {
            format!("test {name} ... FAILED\n\n---- {name} stdout ----\nthread panicked at:\n{why}\n")
        };
        let judged = |rest: &str| judged(&format!("{passed}{rest}")).faults;
        assert!(judged("").is_empty());
        assert!(judged(&failed("c::d", SENTENCES[0])).is_empty());
        assert_eq!(judged(&failed("c::d", "assertion failed")), ["c::d failed"]);
        let two = failed("c::d", "assertion failed") + &failed("e::f", SENTENCES[1]);
        assert_eq!(judged(&two), ["c::d failed"]);
        assert_eq!(judged(&failed("c::d", SENTENCES[0]).repeat(OUT_OF_REACH + 1)).len(), 1);
        assert_eq!(super::judged("").faults, ["only 0 tests passed"]);
    }
}
