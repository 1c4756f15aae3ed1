//! Rules of the repository that the compiler does not check.
//!
//! - source files have at most 600 lines, and modules are `foo.rs` beside `foo/`, never `mod.rs`
//!   ([`sources`])
//! - the crates depend on each other only along the arrows of the design ([`dependencies`])
//! - the files of a crate do not need each other in circles ([`circles`])
//! - only `shared/aws` and the `main.rs` of the functions know AWS ([`sources`], [`dependencies`])
//! - a library is a test program only if it has tests, and none hides some ([`targets`])
//! - there is one TLS stack ([`tls`])
//! - links in the documents lead to a file and a heading that exist ([`links`])
//! - only the authority's crates name a method of the store that writes ([`state`])
//! - the workflows of the hosted CI are well formed ([`workflows`])
//! - a path in a document exists ([`paths`])
//! - lines of prose have at most 100 columns ([`prose`])
//! - the words are spelled correctly, and are the usual terms ([`spelling`], [`words`])
//! - each promise of docs/conformance.md has a test with its mark ([`rows`]), and each entry of
//!   docs/acme-divergences.md and each row of docs/findings.md names a test that exists
//!   ([`divergences`], [`findings`])
//! - docs/adding-an-endpoint.md names everything that every endpoint needed ([`endpoints`]), and
//!   fuzz/README.md the fuzz targets ([`fuzzing`])

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

use crate::{Error, command::Program, progress, repository};

pub mod circles;
pub mod dependencies;
pub mod divergences;
pub mod endpoints;
pub mod findings;
pub mod fuzzing;
pub mod links;
pub mod paths;
pub mod prose;
pub mod rows;
pub mod sources;
pub mod spelling;
pub mod state;
pub mod targets;
pub mod tls;
pub mod words;
pub mod workflows;

mod tool;

/// A violation of a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    /// The place, such as `shared/acme/src/order.rs:12` or the name of a package.
    pub place: String,
    /// What is wrong, in a few words.
    pub rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.rule)
    }
}

/// Checks every rule.
///
/// # Errors
///
/// [`Error::Untidy`] with all violations, or the repository cannot be read.
pub fn run() -> Result<(), Error> {
    let files = files(&repository())?;
    let mut violations = Vec::new();
    let mut state = state::State::default();
    let (mut marks, mut topics, mut tests) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut promises, mut differences, mut mended) = (String::new(), String::new(), String::new());
    let phrases = match files.iter().find(|file| file.name == words::LIST) {
        Some(list) => words::phrases(&list.read()?),
        None => Vec::new(),
    };
    for file in &files {
        let name = file.name.as_str();
        if words::is_read(name) {
            violations.extend(words::check(name, &file.read()?, &phrases));
        }
        if name == rows::LIST {
            promises = file.read()?;
        } else if name == divergences::LIST {
            differences = file.read()?;
        } else if name == findings::LIST {
            mended = file.read()?;
        }
        if name.ends_with(".rs") {
            let text = file.read()?;
            violations.extend(sources::check(name, &text));
            violations.extend(prose::check_comments(name, &text));
            state.take(name, &text);
            let found = rows::marks(&text);
            if name.starts_with("tests/tests/protocol/") {
                topics.extend(found.iter().cloned());
            }
            marks.extend(found);
            tests.extend(divergences::tests(&text));
        } else if name.ends_with(".md") {
            let text = file.read()?;
            violations.extend(links::check(name, &text, &files)?);
            violations.extend(prose::check(name, &text));
            if paths::is_checked(name) {
                violations.extend(paths::check(name, &text, &files));
            }
        }
    }

    let circles = circles::find(&files)?;
    progress::say(&format!("tidy: {} circles of files inside crates", circles.len()));
    violations.extend(circles::check(&circles));
    violations.extend(fuzzing::check(&files)?);
    violations.extend(endpoints::check(&files)?);
    violations.extend(divergences::check(&differences, &marks, &tests));
    violations.extend(findings::check(&mended, &tests));
    violations.extend(state.check());
    violations.extend(rows::check(&promises, &marks, &topics));
    violations.extend(spelling::check(&repository())?);
    violations.extend(workflows::check(&repository(), &files)?);
    let metadata = cargo(&["metadata", "--no-deps", "--offline", "--format-version=1"])?;
    violations.extend(dependencies::check(&metadata)?);
    violations.extend(targets::check(&metadata, &files)?);
    let linked =
        ["tree", "--workspace", "--all-features", "--edges=normal", "--prefix=none", "--format={p}", "--offline"];
    violations.extend(tls::check(&cargo(&linked)?));

    if violations.is_empty() {
        progress::say(&format!("tidy: {} files, every rule holds", files.len()));
        return Ok(());
    }
    Err(Error::Untidy(violations))
}

fn cargo(arguments: &[&str]) -> Result<String, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Program::new(cargo).args(arguments).directory(repository()).output()
}

/// A file in the repository.
#[derive(Debug)]
pub struct File {
    /// The path relative to the top folder, with `/`.
    pub name: String,
    path: PathBuf,
}

impl File {
    /// Reads its text.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not UTF-8.
    pub fn read(&self) -> Result<String, Error> {
        fs::read_to_string(&self.path).map_err(|source| Error::File { path: self.path.clone(), source })
    }
}

/// Every file below `top` that belongs to the project.
fn files(top: &Path) -> Result<Vec<File>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![top.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let failed = |source| Error::File { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if entry.file_type().map_err(failed)?.is_dir() {
                if !FOREIGN.iter().any(|name| entry.file_name() == *name) {
                    folders.push(path);
                }
            } else if let Ok(below) = path.strip_prefix(top) {
                found.push(File { name: below.to_string_lossy().replace('\\', "/"), path });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Folders without files of the project.
const FOREIGN: [&str; 5] = [".aws-sam", ".git", "node_modules", "serverless-acme-data", "target"];
