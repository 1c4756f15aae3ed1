//! The tools of the tests: ACME clients, and what stands for AWS on this machine.
//!
//! Three sources: packages of Debian (system-wide, needs root), PyPI (the newest certbot, the SAM
//! command line, an emulator of AWS), and npm. What is there already costs only a look. All but the
//! Debian packages goes to `target/tools`.

use std::path::PathBuf;

use crate::{Error, progress, repository};

mod debian;
mod npm;
mod python;
mod stamp;

/// Where the tools are, and which could not be installed.
#[derive(Debug)]
pub struct Tools {
    /// Holds what came from PyPI and npm.
    pub folder: PathBuf,
    /// Programs that this machine does not have and that could not be installed.
    pub without: Vec<&'static str>,
}

/// Installs what is missing.
///
/// A machine without apt-get, Python or npm, or a user without the right to install, is no error:
/// what is left out is said loudly and named in [`Tools::without`].
///
/// # Errors
///
/// When an installation that should work fails.
pub fn run() -> Result<Tools, Error> {
    let Tools { folder, .. } = installed();
    let mut without = debian::install()?;
    without.extend(python::install(&folder)?);
    without.extend(npm::install(&folder)?);
    if without.is_empty() {
        progress::say("every tool is installed");
    } else {
        progress::say(&format!("SKIPPED, not installed: {}", without.join(", ")));
    }
    Ok(Tools { folder, without })
}

/// What earlier runs installed, without a look.
pub fn installed() -> Tools {
    Tools { folder: repository().join("target").join("tools"), without: Vec::new() }
}
