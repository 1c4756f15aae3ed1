//! Programs from PyPI, each in its own virtual environment.

use std::{
    fs,
    panic::resume_unwind,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::stamp;
use crate::{Error, command::Program, progress, repository};

/// The environments of the tests; each is made from the list `xtask/tools/<name>.txt`, and most
/// have a program of the same name, without the version behind a hyphen.
pub(super) const OF_TESTS: [&str; 14] = [
    // The linter of the workflows of the hosted CI.
    "actionlint",
    // The command line of AWS, with which `serverless-acme admin` invokes a function.
    "aws",
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

/// The environment of the judges: the fuzzer of HTTP, and a verifier of paths.
pub(super) const OF_JUDGES: [&str; 1] = ["judges"];

/// Installs what is missing, several at a time; returns the names of the environments for which
/// there is no Python.
pub(super) fn install(tools: &Path, names: &[&'static str]) -> Result<Vec<&'static str>, Error> {
    let next = AtomicUsize::new(0);
    let some = || {
        let mut missing = Vec::new();
        while let Some(&name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            if !make(tools, name)? {
                missing.push(name);
            }
        }
        Ok(missing)
    };
    let made: Vec<Result<Vec<&'static str>, Error>> = thread::scope(|scope| {
        let others: Vec<_> = (1..AT_A_TIME).map(|_| scope.spawn(some)).collect();
        let own = some();
        let others = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        others.chain([own]).collect()
    });
    let mut missing: Vec<&'static str> = made.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    missing.sort_unstable();
    Ok(missing)
}

/// Whether there is a Python that makes environments.
pub(super) fn makes_environments() -> bool {
    Program::new("python3")
        .args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"])
        .output()
        .is_ok()
}

/// Makes an environment unless it exists; `false` when there is no Python for it.
fn make(tools: &Path, name: &str) -> Result<bool, Error> {
    let folder = tools.join(name);
    let requirements = repository().join("xtask").join("tools").join(format!("{name}.txt"));
    let wanted = stamp::of(&[&requirements])?;
    if stamp::is_at(&folder, &wanted) {
        progress::say(&format!("{name}: there"));
        return Ok(true);
    }

    if !makes_environments() {
        progress::say(&format!("{name} needs python3, version 3.10 or newer, with its venv module"));
        return Ok(false);
    }
    progress::say(&format!("installing {name} from PyPI into target/tools/{name}"));
    // An environment that an earlier run left incomplete cannot be repaired.
    let _ = fs::remove_dir_all(&folder);
    Program::new("python3").args(["-m", "venv"]).arg(&folder).output()?;
    Program::new(folder.join("bin").join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements)
        .output()?;
    stamp::put(&folder, &wanted)?;
    Ok(true)
}

/// Half of the time of an installation goes by in the network.
const AT_A_TIME: usize = 4;
