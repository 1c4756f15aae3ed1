//! acme-client and @root/acme from npm.

use std::{fs, path::Path};

use super::stamp;
use crate::{Error, command::Program, progress, repository};

/// Installs them; returns their names when this machine has no Node.js.
pub(super) fn install(tools: &Path) -> Result<Vec<&'static str>, Error> {
    let folder = tools.join("npm");
    let source = repository().join("xtask").join("tools").join("npm");
    let files = ["package.json", "package-lock.json"];
    let wanted = stamp::of(&files.map(|file| source.join(file)).each_ref().map(|path| path.as_path()))?;
    if stamp::is_at(&folder, &wanted) {
        progress::say("acme-client, @root/acme: there");
        return Ok(Vec::new());
    }

    if Program::new("npm").arg("--version").output().is_err() {
        progress::say("acme-client and @root/acme need node and npm");
        return Ok(vec!["acme-client", "@root/acme"]);
    }
    progress::say("installing acme-client and @root/acme from npm into target/tools/npm");
    let copy = |file: &str| fs::create_dir_all(&folder).and_then(|()| fs::copy(source.join(file), folder.join(file)));
    for file in files {
        copy(file).map_err(|source| Error::File { path: folder.join(file), source })?;
    }
    Program::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .directory(&folder)
        .output()?;
    stamp::put(&folder, &wanted)?;
    Ok(Vec::new())
}
