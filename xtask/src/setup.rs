//! The tools of the tests: ACME clients and emulators of AWS.
//!
//! There are three sources: Debian packages (system-wide, needs root), PyPI (the newest certbot,
//! the SAM command line, an emulator of AWS), and npm. A tool that is already installed costs only
//! a check. Everything except the Debian packages goes to `target/tools`.

use std::path::PathBuf;

use crate::{Error, progress, repository};

mod debian;
mod npm;
mod python;
mod stamp;

/// Where the tools are, and which ones could not be installed.
#[derive(Debug)]
pub struct Tools {
    /// The folder of the tools from PyPI and npm.
    pub folder: PathBuf,
    /// Programs that are not on this machine and could not be installed.
    pub without: Vec<&'static str>,
}

/// Installs the tools that are missing.
///
/// A machine without apt-get, Python or npm, or a user without the right to install, is not an
/// error: the missing tools are reported and listed in [`Tools::without`].
///
/// # Errors
///
/// An installation that should work fails.
pub fn run() -> Result<Tools, Error> {
    let Tools { folder, .. } = installed();
    let mut without = debian::install(&debian::OF_TESTS)?;
    without.extend(python::install(&folder, &python::OF_TESTS)?);
    without.extend(npm::install(&folder)?);
    if without.is_empty() {
        progress::say("every tool is installed");
    } else {
        progress::say(&format!("SKIPPED, not installed: {}", without.join(", ")));
    }
    Ok(Tools { folder, without })
}

/// Installs what builds the functions, if it is missing.
///
/// # Errors
///
/// It cannot be installed.
pub fn for_dist() -> Result<Tools, Error> {
    let Tools { folder, .. } = installed();
    if !python::makes_environments() {
        debian::install(&debian::OF_DIST)?;
    }
    let without = python::install(&folder, &python::OF_DIST)?;
    if without.is_empty() { Ok(Tools { folder, without }) } else { Err(Error::Missing(without.join(", "))) }
}

/// Installs the tools of the judges that are missing. All of them are needed.
///
/// # Errors
///
/// One cannot be installed.
pub fn for_judges() -> Result<Tools, Error> {
    let Tools { folder, .. } = installed();
    let mut without = debian::install(&debian::OF_JUDGES)?;
    without.extend(python::install(&folder, &python::OF_JUDGES)?);
    if without.is_empty() { Ok(Tools { folder, without }) } else { Err(Error::Missing(without.join(", "))) }
}

/// Installs what `smoke` needs, if it is missing. The clients are left out where they cannot be
/// installed.
///
/// # Errors
///
/// The command line of AWS cannot be installed.
pub fn for_smoke() -> Result<Tools, Error> {
    let Tools { folder, .. } = installed();
    let mut without = debian::install(&debian::OF_SMOKE)?;
    without.extend(python::install(&folder, &python::OF_SMOKE)?);
    if without.contains(&"aws") { Err(Error::Missing(without.join(", "))) } else { Ok(Tools { folder, without }) }
}

/// The tools that earlier runs installed, without a check.
pub fn installed() -> Tools {
    Tools { folder: repository().join("target").join("tools"), without: Vec::new() }
}
