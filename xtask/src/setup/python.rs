//! certbot from PyPI, in a virtual environment of its own.

use std::{fs, path::Path};

use super::stamp;
use crate::{Error, command::Program, progress, repository};

/// Installs certbot; returns its name when this machine has no Python for it.
pub(super) fn install(tools: &Path) -> Result<Option<&'static str>, Error> {
    let folder = tools.join("certbot");
    let requirements = repository().join("xtask").join("tools").join("certbot.txt");
    let wanted = stamp::of(&[&requirements])?;
    if stamp::is_at(&folder, &wanted) {
        progress::say("certbot: there");
        return Ok(None);
    }

    let usable = Program::new("python3")
        .args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"])
        .output();
    if usable.is_err() {
        progress::say("certbot needs python3, version 3.10 or newer, with its venv module");
        return Ok(Some("certbot"));
    }
    progress::say("installing certbot from PyPI into target/tools/certbot");
    // A half-made environment of an earlier run would not heal by itself.
    let _ = fs::remove_dir_all(&folder);
    Program::new("python3").args(["-m", "venv"]).arg(&folder).output()?;
    Program::new(folder.join("bin").join("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements)
        .output()?;
    stamp::put(&folder, &wanted)?;
    Ok(None)
}
