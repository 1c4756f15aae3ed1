//! Divergences and tests: each entry of docs/acme-divergences.md names the tests that verify it.

use std::collections::BTreeSet;

use super::Violation;

/// The document with the divergences.
pub const LIST: &str = "docs/acme-divergences.md";

/// The names of the tests in one source file.
pub fn tests(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim_start) {
        let function = line.strip_prefix("async fn ").or(line.strip_prefix("fn "));
        if line.starts_with("#[") {
            is_test |= line.contains("test]") || line.contains("test(");
        } else if let Some(function) = function.filter(|_| is_test) {
            names.extend(function.split('(').next().map(str::to_owned));
            is_test = false;
        } else if !line.starts_with("//") {
            is_test = false;
        }
    }
    names
}

/// Checks the document; `marks` and `tests` are the marks and the names of all tests.
pub fn check(list: &str, marks: &BTreeSet<String>, tests: &BTreeSet<String>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (entry, line) in entries(list) {
        let mut wrong = |rule: String| violations.push(Violation { place: format!("{LIST}:{line}"), rule });
        let named = entry.split_once("Tests:").map_or("", |(_, named)| named);
        let named: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            wrong("the divergence names no test".into());
        }
        for name in named.into_iter().filter(|name| !marks.contains(*name) && !tests.contains(*name)) {
            wrong(format!("there is no test `{name}`"));
        }
    }
    violations
}

/// The items of the lists, each with the number of its first line; paragraphs are left out.
fn entries(list: &str) -> Vec<(String, usize)> {
    let mut entries: Vec<(String, usize)> = Vec::new();
    let mut is_open = false;
    for (line, number) in list.lines().zip(1..) {
        if let Some(first) = line.strip_prefix("- ") {
            entries.push((first.to_owned(), number));
            is_open = true;
        } else if !line.starts_with("  ") {
            is_open = false;
        } else if let Some((entry, _)) = entries.last_mut().filter(|_| is_open) {
            entry.push_str(line);
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_without_a_test_and_one_with_a_test_that_is_not_there_are_found() {
        let list = "About.\n\n- **§1** a\n  b. Tests: `s1`,\n  `an_order_ends`.\n- **§2** c `s1`.\n- **§3** d. Tests: `gone`.\n";
        let marks = ["s1".to_owned()].into();
        let tests = ["an_order_ends".to_owned()].into();
        let found: Vec<_> = check(list, &marks, &tests).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "docs/acme-divergences.md:6: the divergence names no test",
                "docs/acme-divergences.md:7: there is no test `gone`",
            ]
        );
    }

    #[test]
    fn only_functions_with_the_attribute_of_a_test_are_tests() {
        let text = "fn helper() {}\n#[tokio::test]\nasync fn a_thing_holds() {}\n#[test]\n// why\nfn another() {}\n#[derive(Debug)]\nfn none() {}\n";
        assert_eq!(tests(text), ["a_thing_holds", "another"].map(str::to_owned).into());
    }
}
