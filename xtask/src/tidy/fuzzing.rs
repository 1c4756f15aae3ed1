//! The fuzz targets: the page lists those that are there, and each of them is built.

use std::collections::BTreeSet;

use super::{File, Violation};
use crate::Error;

const PAGE: &str = "fuzz/README.md";
const MANIFEST: &str = "fuzz/Cargo.toml";
const FOLDER: &str = "fuzz/targets/";

/// Compares the page, the manifest and the files.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check(files: &[File]) -> Result<Vec<Violation>, Error> {
    let read = |name: &str| files.iter().find(|file| file.name == name).map_or(Ok(String::new()), File::read);
    let targets = files.iter().filter_map(|file| file.name.strip_prefix(FOLDER)?.strip_suffix(".rs")).collect();
    Ok(compare(&targets, &read(PAGE)?, &read(MANIFEST)?))
}

fn compare(targets: &BTreeSet<&str>, page: &str, manifest: &str) -> Vec<Violation> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name);
    let built = manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\""));
    let lists: [(&str, BTreeSet<&str>); 2] = [(PAGE, rows.collect()), (MANIFEST, built.collect())];
    let mut violations = Vec::new();
    for (place, listed) in lists {
        let missing = targets.difference(&listed).map(|name| format!("the fuzz target `{name}` is missing"));
        let gone = listed.difference(targets).map(|name| format!("there is no fuzz target `{name}`"));
        violations.extend(missing.chain(gone).map(|rule| Violation { place: place.into(), rule }));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_is_not_listed_and_one_that_is_not_there_are_found() {
        let manifest = "path = \"targets/jws.rs\"\npath = \"targets/path.rs\"\n";
        let page = "| target | reads |\n|---|---|\n| `jws` | a |\n| `csr` | b |\n";
        let found: Vec<_> = compare(&["jws", "path"].into(), page, manifest).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            ["fuzz/README.md: the fuzz target `path` is missing", "fuzz/README.md: there is no fuzz target `csr`",]
        );
    }
}
