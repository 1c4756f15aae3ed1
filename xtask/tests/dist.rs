//! What `cargo xtask dist` packs, from the programs that `sam build` made.
//!
//! Programs of others read it: Python's reader of archives, SAM's linter, the schema of CycloneDX.
//! Under a plain `cargo test` there are no programs to pack, which is reported loudly.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value as Json;
use xtask::{
    dist::{self, Architecture},
    repository,
};
use yaml_serde::Value;

/// What a folder of `cargo xtask dist` has beside a zip for each function.
const BESIDE_THE_ZIPS: [&str; 11] = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SHA256SUMS",
    "archive.yaml",
    "edge.yaml",
    "perspective.yaml",
    "samconfig.toml",
    "sbom.cdx.json",
    "status.yaml",
    "template.yaml",
];

/// The templates with functions: as they are packed, and in the repository.
const TEMPLATES: [(&str, &str); 2] =
    [("template.yaml", "template.yaml"), ("perspective.yaml", "deploy/perspective.yaml")];

#[test]
fn each_function_has_its_zip_with_a_program_that_lambda_can_start() {
    let Some(dist) = Dist::packed() else { return };
    let templates = TEMPLATES.map(|(packaged, _)| Template::read(&dist.folder.join(packaged)).functions());
    let functions: BTreeMap<String, Value> = templates.into_iter().flatten().collect();
    assert_eq!(functions.len(), dist::functions().unwrap().len());
    let out = dist.scratch("programs");
    for (id, function) in functions {
        let zip = dist.folder.join(function["Properties"]["CodeUri"].as_str().unwrap());
        let program = out.join(&id);
        let listed = dist.python("sam", UNPACK, [&zip, &program]);
        assert_eq!(listed.trim(), "bootstrap 0o100755 (1980, 1, 1, 0, 0, 0)", "{id}");
        run(Command::new(repository().join("deploy/fits-lambda.sh")).arg(&program).arg("x86_64"));
        let built = &programs(&dist.bundle)[zip.file_stem().unwrap().to_str().unwrap()];
        assert!(fs::read(program).unwrap() == fs::read(built).unwrap(), "{id} is not the program that was built");
    }
}

/// Small programs suffice: how a large one is compressed does not depend on anything else either.
#[test]
fn the_same_programs_are_packed_into_the_same_octets() {
    let folder = tempfile::tempdir().unwrap();
    let made_for_x86_64 = [&[0x7f, b'E', b'L', b'F', 2, 1, 1][..], &[0; 11], &[0x3e, 0], b"GLIBC_2.34"].concat();
    let mut programs = BTreeMap::new();
    for name in dist::functions().unwrap() {
        let path = folder.path().join(&name);
        fs::write(&path, [&made_for_x86_64, name.repeat(1000).as_bytes()].concat()).unwrap();
        programs.insert(name, path);
    }
    let packed = ["first", "second"].map(|name| {
        let out = folder.path().join(name);
        dist::pack(&programs, Architecture::X86_64, &out).unwrap();
        files(&out)
    });
    let [first, second] = packed;
    let zips = programs.keys().map(|name| format!("{name}.zip"));
    let expected: BTreeSet<_> = zips.chain(BESIDE_THE_ZIPS.map(str::to_owned)).collect();
    assert_eq!(first.keys().cloned().collect::<BTreeSet<_>>(), expected);
    assert_eq!(first, second);

    for changed in [without(&programs, "order"), without(&programs, "remote-perspective")] {
        let refused = dist::pack(&changed, Architecture::X86_64, &folder.path().join("third")).unwrap_err();
        assert!(refused.to_string().contains("the functions are"), "{refused}");
    }
    fs::write(&programs["order"], &made_for_x86_64[1..]).unwrap();
    let refused = dist::pack(&programs, Architecture::X86_64, &folder.path().join("third")).unwrap_err();
    assert!(refused.to_string().contains("no program for Linux"), "{refused}");
}

fn without(programs: &BTreeMap<String, PathBuf>, name: &str) -> BTreeMap<String, PathBuf> {
    let mut others = programs.clone();
    others.remove(name).expect("it was there");
    others
}

#[test]
fn the_checksums_are_those_of_every_file() {
    let Some(dist) = Dist::packed() else { return };
    let listed = fs::read_to_string(dist.folder.join("SHA256SUMS")).unwrap();
    let listed: BTreeSet<_> = listed.lines().map(|line| line[66..].to_owned()).collect();
    let mut expected: BTreeSet<_> = files(&dist.folder).into_keys().collect();
    expected.remove("SHA256SUMS");
    assert_eq!(listed, expected);
    run(Command::new("sha256sum").args(["--check", "--strict", "--quiet", "SHA256SUMS"]).current_dir(&dist.folder));
}

#[test]
fn a_packaged_template_is_valid_and_differs_in_the_code_and_the_processor_alone() {
    let Some(dist) = Dist::packed() else { return };
    for (packaged, written) in TEMPLATES {
        let mut packaged = Template::read(&dist.folder.join(packaged));
        let mut written = Template::read(&repository().join(written));
        assert_eq!(packaged.parameter("Architecture")["AllowedValues"], Value::from(vec!["x86_64"]));
        written.parameter("Architecture")["AllowedValues"] = vec!["x86_64"].into();
        let global = written.0["Globals"]["Function"].as_mapping_mut().unwrap();
        assert!(global.remove("CodeUri").is_some());
        for id in written.functions().keys() {
            let resource = written.0["Resources"][id.as_str()].as_mapping_mut().unwrap();
            assert!(resource.remove("Metadata").is_some(), "{id}");
            let properties = packaged.0["Resources"][id.as_str()]["Properties"].as_mapping_mut().unwrap();
            assert!(properties.remove("CodeUri").is_some(), "{id}");
        }
        assert_eq!(packaged.0, written.0);
    }

    let Some(sam) = tool("sam", "sam") else { return };
    // Beside its defaults, as anyone who deploys from there calls it.
    let validate = ["validate", "--lint", "--region", "eu-central-1"];
    for (packaged, _) in TEMPLATES {
        let validate = [&validate[..], &["--template", packaged]].concat();
        run(Command::new(&sam).args(validate).env("SAM_CLI_TELEMETRY", "0").current_dir(&dist.folder));
    }
}

#[test]
fn the_bill_of_materials_is_valid_and_names_every_crate_that_is_found_in_the_programs() {
    let Some(dist) = Dist::packed() else { return };
    let path = dist.folder.join("sbom.cdx.json");
    let text = fs::read_to_string(&path).unwrap();
    for place in [repository().display().to_string(), "file:".into(), "registry/src".into()] {
        assert!(!text.contains(&place), "{place}");
    }
    let document: Json = serde_json::from_str(&text).unwrap();
    let components = document["components"].as_array().unwrap();
    for component in components {
        let (name, purl) = (&component["name"], component["purl"].as_str().unwrap());
        assert!(component["licenses"][0]["expression"].is_string(), "{name}");
        let is_hashed = purl.starts_with("pkg:cargo/") || component["type"] == "application";
        assert!(!is_hashed || component["hashes"][0]["content"].as_str().unwrap().len() == 64, "{name}");
    }
    let applications = components.iter().filter(|component| component["type"] == "application");
    assert_eq!(applications.count(), programs(&dist.bundle).len());

    // The message of a panic contains the place in the source, and a place the crate.
    let grep = Command::new("grep")
        .env("LC_ALL", "C")
        .args(["--text", "--only-matching", "--no-filename", "-E"])
        .arg("/index\\.[^/]{1,40}/[A-Za-z0-9_-]+-[0-9]+\\.[0-9]+\\.[A-Za-z0-9.+-]+/src/")
        .args(programs(&dist.bundle).values())
        .output()
        .unwrap();
    let found: BTreeSet<_> = String::from_utf8(grep.stdout).unwrap().lines().map(crate_of).collect();
    assert!(found.len() > 50, "{found:?}");
    let listed: BTreeSet<_> =
        components.iter().map(|it| format!("{}-{}", text_of(it, "name"), text_of(it, "version"))).collect();
    assert!(found.is_subset(&listed), "{:?}", found.difference(&listed).collect::<Vec<_>>());

    if tool("cyclonedx", "python").is_some() {
        assert_eq!(dist.python("cyclonedx", VALIDATE, [&path, &path]), "valid\n");
    }
}

/// `idna-1.1.0` of `/index.of-a-registry/idna-1.1.0/src/`.
fn crate_of(place: &str) -> String {
    place.trim_end_matches("/src/").rsplit('/').next().unwrap().to_owned()
}

fn text_of<'a>(value: &'a Json, member: &str) -> &'a str {
    value[member].as_str().unwrap()
}

/// The programs of `sam build` and what was packed from them, once for all tests.
struct Dist {
    bundle: PathBuf,
    folder: PathBuf,
}

impl Dist {
    fn packed() -> Option<&'static Self> {
        static PACKED: LazyLock<Option<Dist>> = LazyLock::new(|| {
            let bundle = PathBuf::from(env::var_os("SERVERLESS_ACME_BUNDLE")?);
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dist");
            dist::pack(&programs(&bundle), Architecture::X86_64, &folder).unwrap();
            Some(Dist { bundle, folder })
        });
        if PACKED.is_none() {
            skipped("the bundle is not built (cargo xtask test builds it)");
        }
        PACKED.as_ref()
    }

    /// An empty folder of one test.
    fn scratch(&self, name: &str) -> PathBuf {
        let folder = self.folder.with_file_name(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn python(&self, environment: &'static str, script: &str, paths: [&Path; 2]) -> String {
        let python = tool(environment, "python").expect("what built the bundle has it");
        run(Command::new(python).arg("-c").arg(script).args(paths))
    }
}

fn programs(bundle: &Path) -> BTreeMap<String, PathBuf> {
    let function = |name: &str| {
        let words = name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
        format!("{}Function", words.collect::<String>())
    };
    // That of the other template was built beside the bundle.
    let beside = bundle.with_file_name("sam-perspective");
    let built = |name: &str| if name == "remote-perspective" { beside.as_path() } else { bundle };
    let names = dist::functions().unwrap().into_iter();
    names.map(|name| (name.clone(), built(&name).join(function(&name)).join("bootstrap"))).collect()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

struct Template(Value);

impl Template {
    fn read(path: &Path) -> Self {
        Self(yaml_serde::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    }

    fn functions(&self) -> BTreeMap<String, Value> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        let functions = resources.filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
        functions.map(|(id, resource)| (id.as_str().unwrap().to_owned(), resource.clone())).collect()
    }

    fn parameter(&mut self, name: &str) -> &mut Value {
        &mut self.0["Parameters"][name]
    }
}

/// A program of a tool; `None` where the tool cannot be installed.
fn tool(environment: &'static str, program: &str) -> Option<PathBuf> {
    let folder = env::var_os("SERVERLESS_ACME_TOOLS").map_or(xtask::setup::installed().folder, PathBuf::from);
    let path = folder.join(environment).join("bin").join(program);
    if path.is_file() {
        return Some(path);
    }
    let without = env::var("SERVERLESS_ACME_WITHOUT").unwrap_or_default();
    let is_demanded = env::var_os("SERVERLESS_ACME_TOOLS").is_some();
    assert!(!is_demanded || without.split(',').any(|name| name == environment), "{environment} is not installed");
    skipped(&format!("{environment} is not installed (cargo xtask test installs it)"));
    None
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let written = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}\n{written}\n{said}");
    written.into_owned()
}

/// Written past the test harness, which hides the output of a test that passes.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

const UNPACK: &str = "
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
for entry in archive.infolist():
    print(entry.filename, oct(entry.external_attr >> 16), entry.date_time)
    open(sys.argv[2], 'wb').write(archive.read(entry))
";

const VALIDATE: &str = "
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing
from packageurl import PackageURL
text = open(sys.argv[1]).read()
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
assert error is None, error
document, licences = json.loads(text), get_spdx_licensing()
names = {component['bom-ref'] for component in document['components']}
assert len(names) == len(document['components'])
for component in document['components']:
    found = licences.validate(component['licenses'][0]['expression'])
    assert not found.errors, (component['name'], found.errors)
    purl = PackageURL.from_string(component['purl'])
    assert (purl.name, purl.version) == (component['name'], component['version']), purl
for dependency in document['dependencies']:
    assert names.issuperset([dependency['ref'], *dependency['dependsOn']]), dependency
print('valid')
";
