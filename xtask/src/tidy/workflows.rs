//! The workflows of the hosted CI, by `actionlint`.

use std::path::Path;

use super::{File, Violation, tool};
use crate::{Error, command::Program};

/// Checks each workflow of the repository; says so loudly where `actionlint` is not installed.
///
/// # Errors
///
/// When the program does not start.
pub fn check(top: &Path, files: &[File]) -> Result<Vec<Violation>, Error> {
    let workflows = files.iter().map(|file| file.name.as_str()).filter(|name| name.starts_with(".github/workflows/"));
    let program = match tool::find("actionlint", "the workflows are") {
        Ok(Some(program)) => program,
        Ok(None) => return Ok(Vec::new()),
        Err(violation) => return Ok(vec![violation]),
    };
    match Program::new(program).args(["-no-color", "-oneline"]).args(workflows).directory(top).output() {
        Ok(_) => Ok(Vec::new()),
        Err(Error::Failed { output, .. }) => Ok(violations(&output)),
        Err(other) => Err(other),
    }
}

/// The lines that `actionlint` writes: file, line, column, then what is wrong.
fn violations(output: &str) -> Vec<Violation> {
    output
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (place, rule) = line.split_once(": ").unwrap_or(("actionlint", line));
            Violation { place: place.into(), rule: rule.into() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_actionlint_is_a_finding_with_its_place() {
        let output = "\n.github/workflows/ci.yml:36:23: property \"oss\" is not defined [expression]\n";
        let found: Vec<_> = violations(output).iter().map(ToString::to_string).collect();
        assert_eq!(found, [".github/workflows/ci.yml:36:23: property \"oss\" is not defined [expression]"]);
    }
}
