//! The fuzz targets: the page lists those that are there, each of them is built, and everything
//! that reads text or octets has one, or the reason why it needs none.
//!
//! What reads is found by its words (`READERS`), outside tests. A new reader is therefore noticed
//! as long as it has the name that such functions have here, or calls one of the usual libraries.

use std::collections::{BTreeMap, BTreeSet};

use super::{File, Violation};
use crate::Error;

const PAGE: &str = "fuzz/README.md";
const MANIFEST: &str = "fuzz/Cargo.toml";
const FOLDER: &str = "fuzz/targets/";
const CORPUS: &str = "fuzz/corpus/";

/// Compares the page, the manifest and the files.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check(files: &[File]) -> Result<Vec<Violation>, Error> {
    let read = |name: &str| files.iter().find(|file| file.name == name).map_or(Ok(String::new()), File::read);
    let within = |folder: &str, end: &str| -> BTreeSet<&str> {
        files.iter().filter_map(|file| file.name.strip_prefix(folder)?.strip_suffix(end)).collect()
    };
    let targets = within(FOLDER, ".rs");
    let page = read(PAGE)?;
    let mut violations = compare(&targets, &page, &read(MANIFEST)?, &within(CORPUS, ".base64"));
    let mut readers = BTreeMap::new();
    for file in files.iter().filter(|file| is_ours(&file.name)) {
        let found = readers_in(&file.read()?);
        if !found.is_empty() {
            readers.insert(file.name.as_str(), found);
        }
    }
    violations.extend(compare_readers(&readers, &page, &targets));
    Ok(violations)
}

/// Sources of what a CA runs. The contract tests are in the crate that they test.
fn is_ours(name: &str) -> bool {
    let is_shipped = ["shared/", "functions/", "local/"].iter().any(|folder| name.starts_with(folder));
    let is_left_out = ["/contract", "/tests", "/fuzzing.rs"].iter().any(|part| name.contains(part));
    is_shipped && name.contains("/src/") && name.ends_with(".rs") && !is_left_out
}

/// The words of the readers in a source file.
fn readers_in(text: &str) -> BTreeSet<String> {
    let code = text.lines().take_while(|line| *line != "#[cfg(test)]").filter(|line| !line.trim().starts_with("//"));
    let mut found = BTreeSet::new();
    for line in code {
        let reads = READERS.iter().filter(|(_, words)| words.iter().any(|word| line.contains(word)));
        found.extend(reads.map(|(name, _)| (*name).to_owned()));
        if line.match_indices("from_der(").any(|(at, _)| !calls_reader_of_ours(line.get(..at).unwrap_or_default())) {
            found.insert("DER".to_owned());
        }
        if let Some((_, name)) = line.split_once("FromStr for ") {
            found.insert(name.split([' ', '<']).next().unwrap_or_default().to_owned());
        }
    }
    found
}

/// Whether the type before a call is one of `ca`, which has a row of its own.
fn calls_reader_of_ours(before: &str) -> bool {
    let types = ["AuthorityRequest::", "Certificate::", "Crl::", "Csr::"];
    types.iter().any(|name| before.ends_with(name)) && !before.ends_with("x509_cert::Certificate::")
}

fn compare(targets: &BTreeSet<&str>, page: &str, manifest: &str, corpus: &BTreeSet<&str>) -> Vec<Violation> {
    let rows = first_cells(page).filter(|name| !name.contains('/'));
    let built = manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\""));
    let lists: [(&str, BTreeSet<&str>); 3] =
        [(PAGE, rows.collect()), (MANIFEST, built.collect()), (CORPUS, corpus.clone())];
    let mut violations = Vec::new();
    for (place, listed) in lists {
        let missing = targets.difference(&listed).map(|name| format!("the fuzz target `{name}` is missing"));
        let gone = listed.difference(targets).map(|name| format!("there is no fuzz target `{name}`"));
        violations.extend(missing.chain(gone).map(|rule| Violation { place: place.into(), rule }));
    }
    violations
}

/// Compares what reads with the rows of the page: place, words, targets or a reason.
fn compare_readers(readers: &BTreeMap<&str, BTreeSet<String>>, page: &str, targets: &BTreeSet<&str>) -> Vec<Violation> {
    let mut listed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut rules = Vec::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [place, words, by] = cells.as_slice() else { continue };
        let Some(place) = first_cells(line).next().filter(|_| place.contains('/')) else { continue };
        listed.entry(place).or_default().extend(quoted(words).map(str::to_owned));
        let named: Vec<&str> = quoted(by).collect();
        if named.is_empty() && !by.starts_with("none: ") {
            rules.push(format!("{place} has neither a target nor a reason after \"none: \""));
        }
        let unknown = named.iter().filter(|name| !by.starts_with("none: ") && !targets.contains(*name));
        rules.extend(unknown.map(|name| format!("{place} names the target `{name}`, which is not there")));
    }
    for (place, words) in readers {
        let known = listed.get(place).cloned().unwrap_or_default();
        let new = words.difference(&known);
        rules.extend(new.map(|word| format!("{place} reads (`{word}`): add its fuzz target, or why it needs none")));
    }
    for (place, words) in &listed {
        let there = readers.get(place).cloned().unwrap_or_default();
        rules.extend(words.difference(&there).map(|word| format!("{place} does not read (`{word}`)")));
    }
    rules.into_iter().map(|rule| Violation { place: PAGE.into(), rule }).collect()
}

/// What is quoted at the beginning of each row.
fn first_cells(page: &str) -> impl Iterator<Item = &str> {
    page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name)
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// How the page calls a reader, and what shows it in a source.
const READERS: [(&str, &[&str]); 10] = [
    ("base64", &["STANDARD.decode(", "base64url::decode("]),
    ("DNS", &[".lookup("]),
    ("forwarded", &["fn forwarded_for("]),
    ("gzip", &["GzDecoder::new("]),
    ("host", &["fn is_authority("]),
    ("HTTP", &["http1::Builder", "http2::Builder", "auto::Builder"]),
    ("JSON", &["serde_json::from_slice", "serde_json::from_str", "serde_json::Deserializer::"]),
    ("parse", &["fn parse("]),
    ("PEM", &["from_pem(", "load_pem_chain(", "pem_slice_iter("]),
    ("TOML", &["toml::from_str", "DeTable::parse("]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(violations: &[Violation]) -> Vec<String> {
        violations.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_target_that_is_not_listed_and_one_that_is_not_there_are_found() {
        let manifest = "path = \"targets/jws.rs\"\npath = \"targets/path.rs\"\n";
        let page = "| target | reads |\n|---|---|\n| `jws` | a |\n| `csr` | b |\n| `shared/a.rs` | c | d |\n";
        assert_eq!(
            texts(&compare(&["jws", "path"].into(), page, manifest, &["jws"].into())),
            [
                "fuzz/README.md: the fuzz target `path` is missing",
                "fuzz/README.md: there is no fuzz target `csr`",
                "fuzz/corpus/: the fuzz target `path` is missing",
            ]
        );
    }

    #[test]
    fn a_reader_without_a_target_is_found() {
        let source = "// fn parse(\nimpl FromStr for Name {\n    fn parse(a: &str)\n    toml::from_str(a)\n}\n\
            #[cfg(test)]\nmod tests { serde_json::from_str(a) }\n";
        let found = readers_in(source);
        assert_eq!(found.iter().collect::<Vec<_>>(), ["Name", "TOML", "parse"]);
        let readers = BTreeMap::from([("shared/a/src/a.rs", found)]);
        let page = "| place | reads | by |\n|---|---|---|\n| `shared/a/src/a.rs` | `Name`, `parse` | `name` |\n";
        assert_eq!(
            texts(&compare_readers(&readers, page, &["name"].into())),
            ["fuzz/README.md: shared/a/src/a.rs reads (`TOML`): add its fuzz target, or why it needs none"]
        );
    }

    #[test]
    fn a_row_of_what_is_gone_and_one_without_a_target_are_found() {
        let readers = BTreeMap::from([("shared/a.rs", BTreeSet::from(["parse".to_owned()]))]);
        let page = "| `shared/a.rs` | `parse`, `DER` | `gone` |\n| `shared/b.rs` | `parse` | nothing |\n";
        assert_eq!(
            texts(&compare_readers(&readers, page, &["name"].into())),
            [
                "fuzz/README.md: shared/a.rs names the target `gone`, which is not there",
                "fuzz/README.md: shared/b.rs has neither a target nor a reason after \"none: \"",
                "fuzz/README.md: shared/a.rs does not read (`DER`)",
                "fuzz/README.md: shared/b.rs does not read (`parse`)",
            ]
        );
        let page = "| `shared/a.rs` | `parse` | none: only `serve` writes it |\n";
        assert_eq!(texts(&compare_readers(&readers, page, &["name"].into())), [""; 0]);
    }
}
