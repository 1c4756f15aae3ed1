//! What comes from npm: ACME clients, and a judge of the policies.
//!
//! `@cloud-copilot/iam-simulate` is licensed under the AGPL. It is a program that the tests run,
//! from a folder of its own below `target/tools`, and no part of what is built or shipped.

use std::{fs, path::Path};

use super::stamp;
use crate::{Error, command::Program, progress, repository};

/// Packages that are installed together.
struct Packages {
    /// The folder of their lists below `xtask/tools`, and of the packages below `target/tools`.
    folder: &'static str,
    /// What the tests look for.
    tools: &'static [&'static str],
}

const OF_TESTS: [Packages; 2] = [
    Packages { folder: "npm", tools: &["acme-client", "@root/acme"] },
    Packages { folder: "iam-simulate", tools: &["iam-simulate"] },
];

/// Installs them; returns the names of the tools when this machine has no Node.js.
pub(super) fn install(tools: &Path) -> Result<Vec<&'static str>, Error> {
    let mut without = Vec::new();
    for packages in &OF_TESTS {
        if !packages.install(tools)? {
            without.extend(packages.tools);
        }
    }
    Ok(without)
}

impl Packages {
    /// Whether they are installed now.
    fn install(&self, tools: &Path) -> Result<bool, Error> {
        let names = self.tools.join(", ");
        let folder = tools.join(self.folder);
        let source = repository().join("xtask").join("tools").join(self.folder);
        let files = ["package.json", "package-lock.json"];
        let wanted = stamp::of(&files.map(|file| source.join(file)).each_ref().map(|path| path.as_path()))?;
        if stamp::is_at(&folder, &wanted) {
            progress::say(&format!("{names}: there"));
            return Ok(true);
        }

        if Program::new("npm").arg("--version").output().is_err() {
            progress::say(&format!("{names}: need node and npm"));
            return Ok(false);
        }
        progress::say(&format!("installing {names} from npm into target/tools/{}", self.folder));
        let copy =
            |file: &str| fs::create_dir_all(&folder).and_then(|()| fs::copy(source.join(file), folder.join(file)));
        for file in files {
            copy(file).map_err(|source| Error::File { path: folder.join(file), source })?;
        }
        Program::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .directory(&folder)
            .output()?;
        stamp::put(&folder, &wanted)?;
        Ok(true)
    }
}
