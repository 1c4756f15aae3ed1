//! What is linked into the programs, as a bill of materials in the form of CycloneDX 1.6.
//!
//! Cargo says which crates the programs have, with the features and for the system that they are
//! built for; crates that only compile others, or only test, are not in it. The checksums are those
//! of `Cargo.lock`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::{Map, Value, json};

use super::{Architecture, functions};
use crate::{Error, command::Program, repository};

/// The document, for programs with these digests, of a commit of this time.
///
/// # Errors
///
/// Cargo or the compiler does not answer, or a file cannot be read.
pub(super) fn of(
    architecture: Architecture,
    programs: &BTreeMap<String, String>,
    committed: Option<&str>,
) -> Result<String, Error> {
    let linked = Linked::parse(&tree(architecture)?);
    let checksums = checksums(&read("Cargo.lock")?);
    let compiler = Program::new("rustc").arg("--version").directory(repository()).output()?;
    let compiler = compiler.split(' ').nth(1).unwrap_or("unknown");

    let mut components: Vec<Value> =
        linked.packages.values().map(|package| package.component(programs, &checksums)).collect();
    let pinned = read("xtask/tools/zig.txt")?;
    let tools: Vec<_> = std::iter::once(("rustc", compiler)).chain(pins(&pinned)).collect();
    components.extend(tools.iter().filter_map(|(tool, version)| of_a_compiler(tool, version)));
    let dependencies: Vec<Value> =
        linked.uses.iter().map(|(user, used)| json!({"ref": user, "dependsOn": used})).collect();

    let mut metadata = json!({
        "tools": {"components": tools.iter().map(tool).collect::<Vec<_>>()},
        "component": {
            "type": "application",
            "bom-ref": "serverless-acme",
            "name": "serverless-acme",
            "version": env!("CARGO_PKG_VERSION"),
            "licenses": [{"expression": env!("CARGO_PKG_LICENSE")}],
            "properties": [{"name": "architecture", "value": architecture.name()}],
        },
    });
    if let (Some(metadata), Some(committed)) = (metadata.as_object_mut(), committed) {
        metadata.insert("timestamp".to_owned(), committed.into());
    }
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": dependencies,
    });
    Ok(format!("{document:#}\n"))
}

/// What a compiler adds to the programs by itself.
fn of_a_compiler(tool: &str, version: &str) -> Option<Value> {
    let (name, purl, license, description) = match tool {
        "rustc" => ("rust-std", "generic/rust-std", "MIT OR Apache-2.0", "the standard library of Rust"),
        "ziglang" => {
            let license = "Apache-2.0 WITH LLVM-exception";
            ("ziglang", "pypi/ziglang", license, "libunwind and compiler-rt of LLVM, as zig has them")
        }
        _ => return None,
    };
    Some(json!({
        "type": "library",
        "bom-ref": format!("pkg:{purl}@{version}"),
        "name": name,
        "version": version,
        "description": description,
        "licenses": [{"expression": license}],
        "purl": format!("pkg:{purl}@{version}"),
    }))
}

/// The lines of `cargo tree`: depth, package, licence and repository, separated by tabulators.
fn tree(architecture: Architecture) -> Result<String, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Program::new(cargo)
        .args(["tree", "--quiet", "--locked", "--features", "lambda", "--target", architecture.target()])
        .args(["--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", "\t{p}\t{l}\t{r}"])
        .args(functions()?.iter().map(|name| format!("--package={name}")))
        .directory(repository())
        .output()
}

/// The packages of programs, and which uses which.
#[derive(Default)]
struct Linked {
    packages: BTreeMap<String, Package>,
    uses: BTreeMap<String, BTreeSet<String>>,
}

impl Linked {
    fn parse(tree: &str) -> Self {
        let mut linked = Self::default();
        let mut above: Vec<String> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            // What is below a package is shown where it appears first; the others are marked.
            let mut fields = line.trim_end_matches(" (*)").split('\t');
            let Some(depth) = fields.next().and_then(|depth| depth.parse().ok()) else { continue };
            let Some(package) = fields.next().and_then(Package::parse) else { continue };
            let filled = |field: Option<&str>| field.filter(|text| !text.is_empty()).map(str::to_owned);
            let package = Package { license: filled(fields.next()), repository: filled(fields.next()), ..package };
            let reference = package.reference();
            above.truncate(depth);
            if let Some(user) = above.last() {
                linked.uses.entry(user.clone()).or_default().insert(reference.clone());
            }
            linked.uses.entry(reference.clone()).or_default();
            linked.packages.entry(reference.clone()).or_insert(package);
            above.push(reference);
        }
        linked
    }
}

struct Package {
    name: String,
    version: String,
    /// Whether it belongs to this repository, and is in no registry.
    is_ours: bool,
    license: Option<String>,
    repository: Option<String>,
}

impl Package {
    /// Reads `idna v1.1.0`, or `ca v0.1.0 (/the/folder)` for a package of this repository.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let name = words.next()?.to_owned();
        let version = words.next()?.strip_prefix('v')?.to_owned();
        let is_ours = words.next().is_some_and(|folder| folder.starts_with("(/"));
        Some(Self { name, version, is_ours, license: None, repository: None })
    }

    /// Its package URL. One of ours must not be taken for the package of that name in the registry.
    fn reference(&self) -> String {
        let Self { name, version, .. } = self;
        // A plus sign stands for itself only when it is escaped.
        let version = version.replace('+', "%2B");
        if self.is_ours {
            format!("pkg:generic/serverless-acme/{name}@{version}")
        } else {
            format!("pkg:cargo/{name}@{version}")
        }
    }

    fn component(&self, programs: &BTreeMap<String, String>, checksums: &BTreeMap<(String, String), String>) -> Value {
        let program = programs.get(&self.name).filter(|_| self.is_ours);
        let digest = program.or_else(|| checksums.get(&(self.name.clone(), self.version.clone())));
        let mut component = Map::new();
        let mut insert = |name: &str, value: Value| component.insert(name.to_owned(), value);
        insert("type", if program.is_some() { "application" } else { "library" }.into());
        insert("bom-ref", self.reference().into());
        insert("name", self.name.as_str().into());
        insert("version", self.version.as_str().into());
        if let Some(digest) = digest {
            insert("hashes", json!([{"alg": "SHA-256", "content": digest}]));
        }
        if let Some(license) = &self.license {
            // Before SPDX expressions, a slash meant "or".
            let expression = license.replace(" / ", " OR ").replace('/', " OR ");
            insert("licenses", json!([{"expression": expression}]));
        }
        insert("purl", self.reference().into());
        if let Some(repository) = &self.repository {
            insert("externalReferences", json!([{"type": "vcs", "url": repository}]));
        }
        Value::Object(component)
    }
}

/// The checksums of `Cargo.lock`, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let member = |block: &str, name: &str| {
        let mut lines = block.lines();
        lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned()))
    };
    lock.split("[[package]]")
        .filter_map(|block| Some(((member(block, "name")?, member(block, "version")?), member(block, "checksum")?)))
        .collect()
}

fn tool((name, version): &(&str, &str)) -> Value {
    json!({"type": "application", "name": name, "version": version})
}

/// The packages of a list for pip.
fn pins(list: &str) -> impl Iterator<Item = (&str, &str)> {
    list.lines().filter_map(|line| line.split_once("=="))
}

fn read(name: &str) -> Result<String, Error> {
    let path = repository().join(name);
    fs::read_to_string(&path).map_err(|source| Error::File { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
0\torder v0.1.0 (/home/name/serverless-acme/functions/order)\tApache-2.0 OR MIT\t
1\tidna v1.1.0\tMIT OR Apache-2.0\thttps://github.com/servo/rust-url/
2\tadapter v1.2.2+3\tApache-2.0/MIT\t
1\tadapter v1.2.2+3\tApache-2.0/MIT\t (*)

0\torders v0.1.0 (/home/name/serverless-acme/functions/orders)\tApache-2.0 OR MIT\t
1\tidna v1.1.0\tMIT OR Apache-2.0\thttps://github.com/servo/rust-url/ (*)
";

    #[test]
    fn what_uses_what_is_read_from_the_tree_of_cargo() {
        let linked = Linked::parse(TREE);
        let uses = |user: &str| linked.uses[user].iter().map(String::as_str).collect::<Vec<_>>();
        let (idna, adapter) = ("pkg:cargo/idna@1.1.0", "pkg:cargo/adapter@1.2.2%2B3");
        assert_eq!(linked.packages.len(), 4);
        assert_eq!(uses("pkg:generic/serverless-acme/order@0.1.0"), [adapter, idna]);
        assert_eq!(uses("pkg:generic/serverless-acme/orders@0.1.0"), [idna]);
        assert_eq!(uses(idna), [adapter]);
        assert!(uses(adapter).is_empty());
    }

    #[test]
    fn a_component_has_its_checksum_and_an_expression_and_no_folder_of_the_machine() {
        let lock = "[[package]]\nname = \"adapter\"\nversion = \"1.2.2+3\"\nchecksum = \"00ff\"\n";
        let programs = BTreeMap::from([("order".to_owned(), "aa".to_owned())]);
        let linked = Linked::parse(TREE);
        let component = |package: &str| linked.packages[package].component(&programs, &checksums(lock));
        let adapter = component("pkg:cargo/adapter@1.2.2%2B3");
        assert_eq!(adapter["hashes"][0]["content"], "00ff");
        assert_eq!(adapter["licenses"][0]["expression"], "Apache-2.0 OR MIT");
        let order = component("pkg:generic/serverless-acme/order@0.1.0");
        assert_eq!((&order["type"], &order["hashes"][0]["content"]), (&json!("application"), &json!("aa")));
        assert!(!order.to_string().contains("home"), "{order}");
    }
}
