//! Findings and tests: each row of docs/findings.md has a number of its own and names the tests
//! that would fail if the fault came back.

use std::collections::BTreeSet;

use super::Violation;

/// The document with the findings.
pub const LIST: &str = "docs/findings.md";

/// Checks the document; `tests` are the names of all tests.
pub fn check(list: &str, tests: &BTreeSet<String>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut numbers = BTreeSet::new();
    for (line, place) in list.lines().zip(1..) {
        let Some((number, named)) = row(line) else { continue };
        let mut wrong = |rule: String| violations.push(Violation { place: format!("{LIST}:{place}"), rule });
        if !numbers.insert(number) {
            wrong(format!("there is a second {number}"));
        }
        let named: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            wrong(format!("{number} names no test"));
        }
        for name in named.into_iter().filter(|name| !tests.contains(*name)) {
            wrong(format!("there is no test `{name}`"));
        }
    }
    violations
}

/// The number of a row and its last column; `None` for a line that is no row, or the head of a
/// table.
fn row(line: &str) -> Option<(&str, &str)> {
    let columns: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    let (number, tests) = (columns.first()?, columns.last()?);
    let is_number = number.starts_with(|letter: char| letter.is_ascii_uppercase())
        && number.ends_with(|letter: char| letter.is_ascii_digit());
    is_number.then_some((*number, *tests))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_test_with_one_that_is_not_there_and_with_a_second_number_are_found() {
        let list = "| number | was | holds | tests |\n|---|---|---|---|\n| C1 | a | b | `one`, `gone` |\n\
                    | SL10 | `a` | b | none |\n| C1 | a | b | `one` |\n";
        let tests = ["one".to_owned()].into();
        let found: Vec<_> = check(list, &tests).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "docs/findings.md:3: there is no test `gone`",
                "docs/findings.md:4: SL10 names no test",
                "docs/findings.md:5: there is a second C1",
            ]
        );
    }
}
