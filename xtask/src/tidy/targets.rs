//! A library is built as a test program only if it has tests, and goes through rustdoc only if its
//! documentation has examples: every run of the tests pays for each. Where one of them is switched
//! off, none may be added that then never runs.

use std::path::Path;

use serde_json::Value;

use super::{File, Violation, dependencies::list};
use crate::{Error, repository};

/// Compares the output of `cargo metadata --no-deps` with the sources.
///
/// # Errors
///
/// The output is not JSON, or a source cannot be read.
pub fn check(metadata: &str, files: &[File]) -> Result<Vec<Violation>, Error> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let mut violations = Vec::new();
    for target in list(&metadata, "packages").flat_map(libraries) {
        let root = Path::new(target.get("src_path").and_then(Value::as_str).unwrap_or_default());
        let Ok(root) = root.strip_prefix(repository()) else { continue };
        let folder = format!("{}/", root.parent().unwrap_or(root).display());
        let mut has = Has::default();
        for file in files.iter().filter(|file| file.name.starts_with(&folder) && file.name.ends_with(".rs")) {
            has = has.or(Has::read(&file.read()?));
        }
        let is_on = |key: &str| target.get(key) == Some(&Value::Bool(true));
        let rules = has.differences(Has { tests: is_on("test"), examples: is_on("doctest") });
        violations.extend(rules.map(|rule| Violation { place: folder.clone(), rule: rule.into() }));
    }
    Ok(violations)
}

fn libraries(package: &Value) -> impl Iterator<Item = &Value> {
    list(package, "targets").filter(|target| list(target, "kind").any(|kind| kind == "lib"))
}

/// What a library has, or what its manifest says that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Has {
    tests: bool,
    examples: bool,
}

impl Has {
    fn read(source: &str) -> Self {
        let is_test = |line: &str| ["#[test]", "#[tokio::test", "proptest!"].iter().any(|word| line.starts_with(word));
        Self { tests: source.lines().any(|line| is_test(line.trim_start())), examples: has_example(source) }
    }

    fn or(self, other: Self) -> Self {
        Self { tests: self.tests || other.tests, examples: self.examples || other.examples }
    }

    /// What is wrong with a manifest that says so.
    fn differences(self, manifest: Self) -> impl Iterator<Item = &'static str> {
        let tests = match (self.tests, manifest.tests) {
            (true, false) => Some("`test = false` hides tests of the library"),
            (false, true) => Some("the library has no tests: `test = false`"),
            _ => None,
        };
        let examples = match (self.examples, manifest.examples) {
            (true, false) => Some("`doctest = false` hides examples of the library"),
            (false, true) => Some("the library has no examples: `doctest = false`"),
            _ => None,
        };
        tests.into_iter().chain(examples)
    }
}

/// Whether a block in the documentation is compiled: its fence names no other language.
fn has_example(source: &str) -> bool {
    let mut is_inside = false;
    for line in source.lines().map(str::trim_start) {
        let Some(text) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            is_inside = false;
            continue;
        };
        let Some(language) = text.trim().strip_prefix("```") else { continue };
        let words = ["", "rust", "no_run", "should_panic", "compile_fail", "ignore"];
        if !is_inside && words.contains(&language.split(',').next().unwrap_or_default()) {
            return true;
        }
        is_inside = !is_inside;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_examples_are_found_in_sources() {
        let found = |tests, examples| Has { tests, examples };
        assert_eq!(Has::read("/// ```\n/// f();\n/// ```\nfn f() {}\n"), found(false, true));
        assert_eq!(Has::read("//! ```text\n//! a picture\n//! ```\n"), found(false, false));
        assert_eq!(Has::read("//! ```no_run,edition2024\n//! f();\n"), found(false, true));
        assert_eq!(Has::read("    #[tokio::test(start_paused = true)]\n"), found(true, false));
        assert_eq!(Has::read("    #[test]\n").or(Has::read("/// ```\n")), found(true, true));
    }

    #[test]
    fn a_manifest_that_hides_tests_or_runs_none_is_refused() {
        let (none, both) = (Has::default(), Has { tests: true, examples: true });
        let rules = |has: Has, manifest: Has| has.differences(manifest).count();
        assert_eq!((rules(none, none), rules(both, both)), (0, 0));
        assert_eq!((rules(none, both), rules(both, none)), (2, 2));
        let one = Has { tests: true, examples: false };
        assert_eq!(one.differences(none).collect::<Vec<_>>(), ["`test = false` hides tests of the library"]);
    }
}
