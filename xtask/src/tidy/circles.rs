//! Circles of files inside a crate: files that need each other, so that none can be read alone.
//!
//! A file needs another one when it names something that the module of the other one defines, in a
//! `use` or in a path. What the modules above it define does not count: a file may use its folder,
//! which uses its files. Re-exports (`pub use`) do not count either, nor do the names in tests
//! inside a file. So every file may use the names at the top of a crate, such as its error.

use std::collections::{BTreeMap, BTreeSet};

use super::{File, Violation};
use crate::Error;
use imports::Imports;

mod imports;

/// All circles in the repository, each in alphabetical order.
///
/// # Errors
///
/// A file cannot be read.
pub fn find(files: &[File]) -> Result<Vec<Vec<String>>, Error> {
    let mut crates: BTreeMap<&str, Crate> = BTreeMap::new();
    for file in files {
        let Some((folder, below)) = file.name.split_once("src/").filter(|_| file.name.ends_with(".rs")) else {
            continue;
        };
        crates.entry(folder).or_default().add(&file.name, below, &file.read()?);
    }
    Ok(crates.values().flat_map(Crate::circles).collect())
}

/// A violation for each circle.
pub fn check(circles: &[Vec<String>]) -> Vec<Violation> {
    circles
        .iter()
        .map(|circle| Violation {
            place: circle.first().cloned().unwrap_or_default(),
            rule: format!("a circle of files: {}", circle.join(", ")),
        })
        .collect()
}

/// A module, as a path from the top of its crate.
type Module = Vec<String>;

/// The files of one crate, by their modules.
#[derive(Debug, Default)]
struct Crate {
    files: BTreeMap<Module, (String, Imports)>,
}

impl Crate {
    /// Adds the file `name`; `below` is its path relative to the folder `src`.
    fn add(&mut self, name: &str, below: &str, text: &str) {
        let path = below.trim_end_matches(".rs");
        let module = match path {
            "lib" => Vec::new(),
            // A program beside a library is a crate of its own, and no file can use it.
            "main" if self.files.contains_key(&Vec::new()) => return,
            "main" => Vec::new(),
            path => path.split('/').map(str::to_owned).collect(),
        };
        self.files.insert(module, (name.to_owned(), imports::read(text)));
    }

    fn circles(&self) -> Vec<Vec<String>> {
        let needs: BTreeMap<&Module, BTreeSet<Module>> =
            self.files.iter().map(|(module, (_, imports))| (module, self.needs(module, imports))).collect();
        let reachable: BTreeMap<&Module, BTreeSet<&Module>> =
            needs.keys().map(|module| (*module, reach(module, &needs))).collect();
        let mut circles = BTreeSet::new();
        for (module, reached) in &reachable {
            let round: BTreeSet<&Module> = reached
                .iter()
                .copied()
                .filter(|other| reachable.get(other).is_some_and(|back| back.contains(*module)))
                .collect();
            if round.len() > 1 {
                let names = round.iter().filter_map(|module| self.files.get(*module)).map(|(name, _)| name.clone());
                circles.insert(names.collect::<Vec<_>>());
            }
        }
        circles.into_iter().collect()
    }

    /// The modules that this one needs.
    fn needs(&self, module: &Module, imports: &Imports) -> BTreeSet<Module> {
        let paths = imports.paths.iter().filter_map(|path| self.module_of(module, path));
        paths.filter(|needed| !module.starts_with(needed)).collect()
    }

    /// The module that defines what `path` means in `module`; `None` if no file of this crate does.
    fn module_of(&self, module: &Module, path: &[String]) -> Option<Module> {
        let mut at = module.clone();
        for segment in path {
            match segment.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => {
                    at.pop();
                }
                name => {
                    at.push(name.to_owned());
                    if !self.files.contains_key(&at) {
                        at.pop();
                        break;
                    }
                }
            }
        }
        self.files.contains_key(&at).then_some(at)
    }
}

/// All modules that `start` needs, directly or indirectly.
fn reach<'m>(start: &Module, needs: &'m BTreeMap<&Module, BTreeSet<Module>>) -> BTreeSet<&'m Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = needs.get(start).into_iter().flatten().collect();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(needs.get(module).into_iter().flatten());
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let mut one = Crate::default();
        for (name, text) in files {
            one.add(name, name, text);
        }
        one.circles()
    }

    #[test]
    fn two_files_that_name_each_other_are_found_whether_by_use_or_by_a_path() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\n"),
            ("a.rs", "use crate::b::{B, other};\npub struct A(B);\n"),
            ("b.rs", "pub struct B;\npub fn other() -> super::a::A {}\n"),
        ];
        assert_eq!(circles(&files), [["a.rs", "b.rs"]]);
        let cut = [files[0], files[1], ("b.rs", "pub struct B;\npub fn other() {}\n")];
        assert_eq!(circles(&cut), [[""; 0]; 0]);
    }

    #[test]
    fn a_circle_over_the_folder_of_one_of_its_files_is_found() {
        let files = [
            ("lib.rs", "mod a;\nmod c;\n"),
            ("a.rs", "mod b;\nuse b::B;\n"),
            ("a/b.rs", "use crate::c::C;\n"),
            ("c.rs", "use crate::a::A;\n"),
        ];
        assert_eq!(circles(&files), [["a.rs", "a/b.rs", "c.rs"]]);
    }

    #[test]
    fn a_file_may_use_what_the_modules_above_it_offer() {
        let files = [
            ("lib.rs", "mod a;\nuse a::A;\npub const MAX: usize = 3;\n"),
            ("a.rs", "mod b;\nuse b::B;\nuse crate::MAX;\npub struct A;\n"),
            ("a/b.rs", "use super::A;\n"),
        ];
        assert_eq!(circles(&files), [[""; 0]; 0]);
    }
}
