//! Spelling, checked by `typos`, with the exceptions in `typos.toml`.

use std::{collections::BTreeSet, path::Path};

use super::{Violation, tool};
use crate::{Error, command::Program};

/// Checks every file of the repository; if `typos` is not installed, says so loudly.
///
/// # Errors
///
/// The program does not start.
pub fn check(top: &Path) -> Result<Vec<Violation>, Error> {
    let program = match tool::find("typos", "spelling is") {
        Ok(Some(program)) => program,
        Ok(None) => return Ok(Vec::new()),
        Err(violation) => return Ok(vec![violation]),
    };
    match Program::new(program).args(["--format", "brief", "."]).directory(top).output() {
        Ok(_) => Ok(Vec::new()),
        Err(Error::Failed { output, .. }) => Ok(violations(&output)),
        Err(other) => Err(other),
    }
}

/// The lines of the output of `typos`, without repetition: a place, then what is wrong.
fn violations(output: &str) -> Vec<Violation> {
    let lines: BTreeSet<_> = output.lines().filter(|line| !line.is_empty()).collect();
    lines
        .into_iter()
        .map(|line| match line.split_once(": error: ") {
            Some((place, rule)) => Violation { place: place.trim_start_matches("./").into(), rule: rule.into() },
            None => Violation { place: "typos".into(), rule: line.into() },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_typos_is_a_finding_with_its_place() {
        let output = "\n./docs/events.md:3:7: error: `recieve` should be `receive`\nerror: no such file\n";
        let found: Vec<_> = violations(output).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["docs/events.md:3:7: `recieve` should be `receive`", "typos: error: no such file"]);
    }
}
