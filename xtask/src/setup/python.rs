//! Programs from PyPI, each in a virtual environment of its own.

use std::{fs, path::Path};

use super::stamp;
use crate::{Error, command::Program, progress, repository};

/// The environments: each is made from the list `xtask/tools/<name>.txt` and has a program of that
/// name.
const ENVIRONMENTS: [&str; 5] = [
    // The command line tool of AWS, by which `serverless-acme admin` asks a function.
    "aws",
    "certbot",
    // AWS for the deployed-bundle tests: an emulator, and the cryptography that its KMS signs with.
    "ministack",
    // The command line of the Serverless Application Model, and its runtime emulator for one function.
    "sam",
    // The spelling of the whole repository; the package is the program.
    "typos",
];

/// Installs what is missing; returns the names of what this machine has no Python for.
pub(super) fn install(tools: &Path) -> Result<Vec<&'static str>, Error> {
    let mut missing = Vec::new();
    for name in ENVIRONMENTS {
        if !make(tools, name)? {
            missing.push(name);
        }
    }
    Ok(missing)
}

/// Makes one environment, unless it is there; `false` when that cannot be.
fn make(tools: &Path, name: &str) -> Result<bool, Error> {
    let folder = tools.join(name);
    let requirements = repository().join("xtask").join("tools").join(format!("{name}.txt"));
    let wanted = stamp::of(&[&requirements])?;
    if stamp::is_at(&folder, &wanted) {
        progress::say(&format!("{name}: there"));
        return Ok(true);
    }

    let usable = Program::new("python3")
        .args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"])
        .output();
    if usable.is_err() {
        progress::say(&format!("{name} needs python3, version 3.10 or newer, with its venv module"));
        return Ok(false);
    }
    progress::say(&format!("installing {name} from PyPI into target/tools/{name}"));
    // A half-made environment of an earlier run would not heal by itself.
    let _ = fs::remove_dir_all(&folder);
    Program::new("python3").args(["-m", "venv"]).arg(&folder).output()?;
    Program::new(folder.join("bin").join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements)
        .output()?;
    stamp::put(&folder, &wanted)?;
    Ok(true)
}
