//! Programs from PyPI, each in its own virtual environment.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::stamp;
use crate::{Error, command::Program, progress, repository};

/// The environments of the tests; each is made from the list `xtask/tools/<name>.txt`, and most
/// have a program of the same name, without the version behind a hyphen.
pub(super) const OF_TESTS: [&str; 16] = [
    // The linter of the workflows of the hosted CI.
    "actionlint",
    // The command line of AWS, with which `serverless-acme admin` invokes a function.
    "aws",
    // Looks keys up in the lists that this CA reads, too.
    "badkeys",
    // A current Caddy, beside the one of the distribution.
    "caddy-current",
    "certbot",
    // A certbot that distributions with long support still have.
    "certbot-2021",
    // The schema of the bill of materials, by its makers; a library.
    "cyclonedx",
    // Builds a client.
    "go",
    // For the tests of the deployed bundle: an emulator of AWS, and the cryptography that its KMS
    // signs with.
    "ministack",
    // A second opinion on CAA records; a library.
    OF_JUDGES[1],
    // Carries swagger-parser, with which API Gateway reads OpenAPI documents; it needs Java.
    "openapi-generator-cli",
    // Lints certificates and CRLs; its programs are named after what they lint.
    "pkilint",
    // The command line of the Serverless Application Model, which can run one function in an
    // emulator.
    "sam",
    // A reverse proxy that obtains certificates by itself.
    "traefik",
    // The spelling of the whole repository; the package is the program.
    "typos",
    OF_DIST[0],
];

/// The environment that builds the functions: zig and cargo-zigbuild.
pub(super) const OF_DIST: [&str; 1] = ["zig"];

/// The environments of the smoke test: the command line of AWS, and a client.
pub(super) const OF_SMOKE: [&str; 2] = ["aws", "certbot"];

/// The environments of the judges: the fuzzer of HTTP with a verifier of paths, and a reader of CAA
/// records.
pub(super) const OF_JUDGES: [&str; 2] = ["judges", "open-mpic"];

/// Installs what is missing; returns the names of the missing environments where there is no Python
/// for them.
pub(super) fn install(tools: &Path, names: &[&'static str]) -> Result<Vec<&'static str>, Error> {
    let mut missing = Vec::new();
    for &name in names {
        match wanted(tools, name)? {
            None => progress::say(&format!("{name}: there")),
            Some(stamp) => missing.push((name, stamp)),
        }
    }
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    if !makes_environments() {
        progress::say("programs from PyPI need python3, version 3.10 or newer, with its venv module");
        return Ok(missing.into_iter().map(|(name, _)| name).collect());
    }
    let uv = installer(tools)?;
    for (name, stamp) in missing {
        make(tools, name, &uv, &stamp)?;
    }
    Ok(Vec::new())
}

/// Whether there is a Python that makes environments.
pub(super) fn makes_environments() -> bool {
    Program::new("python3")
        .args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"])
        .output()
        .is_ok()
}

/// The stamp of an environment that is yet to be made; `None` for one that is there.
fn wanted(tools: &Path, name: &str) -> Result<Option<String>, Error> {
    let stamp = stamp::of(&[&requirements(name)])?;
    Ok((!stamp::is_at(&tools.join(name), &stamp)).then_some(stamp))
}

fn requirements(name: &str) -> PathBuf {
    repository().join("xtask").join("tools").join(format!("{name}.txt"))
}

/// The program that installs into environments, in one of its own.
fn installer(tools: &Path) -> Result<PathBuf, Error> {
    let folder = tools.join(INSTALLER);
    if let Some(stamp) = wanted(tools, INSTALLER)? {
        progress::say(&format!("installing {INSTALLER} from PyPI into target/tools/{INSTALLER}"));
        let _ = fs::remove_dir_all(&folder);
        Program::new("python3").args(["-m", "venv"]).arg(&folder).output()?;
        let install = ["install", "--quiet", "--disable-pip-version-check", "--requirement"];
        Program::new(folder.join("bin").join("pip")).args(install).arg(requirements(INSTALLER)).output()?;
        stamp::put(&folder, &stamp)?;
    }
    Ok(folder.join("bin").join(INSTALLER))
}

/// Makes an environment.
fn make(tools: &Path, name: &str, uv: &Path, stamp: &str) -> Result<(), Error> {
    let folder = tools.join(name);
    progress::say(&format!("installing {name} from PyPI into target/tools/{name}"));
    // An environment that an earlier run left incomplete cannot be repaired.
    let _ = fs::remove_dir_all(&folder);
    Program::new("python3").args(["-m", "venv", "--without-pip"]).arg(&folder).output()?;
    Program::new(uv)
        // Nothing is left outside of `target`, and the Python is that of the machine.
        .args(["pip", "install", "--quiet", "--no-cache", "--no-python-downloads", "--python"])
        .arg(folder.join("bin").join("python"))
        .arg("--requirement")
        .arg(requirements(name))
        .output()?;
    stamp::put(&folder, stamp)
}

const INSTALLER: &str = "uv";
