//! Promises and tests: each row of docs/conformance.md has a test with its mark.

use std::collections::BTreeSet;

use super::Violation;

/// The document with the rows.
pub const LIST: &str = "docs/conformance.md";

/// The marks in the names of the tests of one file: those of `n8_threat_13_names_…` are `n8` and
/// `threat_13`.
pub fn marks(text: &str) -> BTreeSet<String> {
    let tests = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("fn ").or(line.trim_start().strip_prefix("async fn ")));
    tests.flat_map(marks_of).collect()
}

/// Checks the document; `tests` are the marks of all tests, `topics` the marks of the tests that
/// run on both hosts.
pub fn check(list: &str, tests: &BTreeSet<String>, topics: &BTreeSet<String>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (line, number) in list.lines().zip(1..) {
        for mark in rows(line) {
            let is_anywhere = mark.starts_with("threat") || OF_THE_HOST.contains(&mark);
            let wanted = if is_anywhere { tests } else { topics };
            if !wanted.contains(mark) {
                let place = format!("{LIST}:{number}");
                let hosts = if is_anywhere { "no test" } else { "no test in tests/tests/protocol" };
                violations.push(Violation { place, rule: format!("{hosts} carries the mark {mark}") });
            }
        }
    }
    violations
}

/// The marks in the first column of a table.
fn rows(line: &str) -> impl Iterator<Item = &str> {
    let first = line.strip_prefix("| ").and_then(|row| row.split(" |").next()).unwrap_or_default();
    first.split(", ").filter(|mark| is_mark(mark))
}

/// The marks at the start of a test's name.
fn marks_of(name: &str) -> Vec<String> {
    let mut marks = Vec::new();
    let mut words = name.split('_');
    while let Some(word) = words.next() {
        let mark = match word {
            "threat" => format!("threat_{}", words.next().unwrap_or_default()),
            other => other.to_owned(),
        };
        if !is_mark(&mark) {
            break;
        }
        marks.push(mark);
    }
    marks
}

/// Whether the text is a mark, such as `s4`, `p1`, `n12` or `threat_19`.
fn is_mark(text: &str) -> bool {
    let number = ["threat_", "s", "p", "n"].iter().find_map(|kind| text.strip_prefix(kind));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The rows about a host's start, and about moments that no client can choose: their tests are
/// those of the host, and of the authority.
const OF_THE_HOST: [&str; 3] = ["n14", "n15", "n16"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_test_begins_with_its_marks() {
        let text =
            "#[tokio::test]\nasync fn n8_threat_13_names_of_s3() {}\n    fn p1_every_field() {}\nfn s_one() {}\n";
        assert_eq!(marks(text), ["n8", "p1", "threat_13"].map(str::to_owned).into());
    }

    #[test]
    fn a_row_without_a_test_is_found_and_a_row_of_both_hosts_needs_a_topic() {
        let list = "| mark | promise |\n|---|---|\n| s1 | a |\n| threat_2, threat_3 | b | c |\n| n12 | d |\n";
        let tests = ["s1", "threat_2", "n12"].map(str::to_owned).into();
        let topics = ["n12"].map(str::to_owned).into();
        let places: Vec<_> = check(list, &tests, &topics).into_iter().map(|violation| violation.to_string()).collect();
        assert_eq!(
            places,
            [
                "docs/conformance.md:3: no test in tests/tests/protocol carries the mark s1",
                "docs/conformance.md:4: no test carries the mark threat_3",
            ]
        );
    }
}
