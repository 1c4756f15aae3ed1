//! Installed clients.

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Failure, namespace};

/// An installed program.
#[derive(Clone, Debug)]
pub struct Tool {
    /// The path of the program's file.
    pub path: PathBuf,
}

impl Tool {
    /// Looks for `program` in the folder of the tools and in `PATH`.
    ///
    /// With `None`, a plain `cargo test` passes without the client and says so loudly.
    ///
    /// # Errors
    ///
    /// [`Failure::Missing`] under `cargo xtask test`, which has installed everything that this
    /// machine can have.
    pub fn find(program: &'static str) -> Result<Option<Self>, Failure> {
        let found = candidates(program).find(|path| path.is_file());
        if found.is_none() {
            let without = env::var("SERVERLESS_ACME_WITHOUT").unwrap_or_default();
            let excused = without.split(',').any(|name| name == program);
            if env::var_os("SERVERLESS_ACME_TOOLS").is_some() && !excused {
                return Err(Failure::Missing { program });
            }
            Self::skipped(program, "is not installed (cargo xtask test installs it)");
        }
        Ok(found.map(|path| Self { path }))
    }

    /// Looks for a program that has to run in namespaces of its own, which not every machine
    /// permits.
    ///
    /// # Errors
    ///
    /// Those of [`Tool::find`].
    pub async fn find_with_namespace(program: &'static str) -> Result<Option<Self>, Failure> {
        let found = Self::find(program)?;
        if found.is_some() && !namespace::is_allowed().await {
            Self::skipped(program, "needs a user namespace, which this machine refuses");
            return Ok(None);
        }
        Ok(found)
    }

    /// Reports that a test is skipped because `program` is missing, and why.
    pub fn skipped(program: &str, why: &str) {
        // Written past the test harness, which hides the output of a test that passes.
        let _ = writeln!(io::stderr(), "SKIPPED: {program} {why}");
    }
}

fn candidates(program: &str) -> impl Iterator<Item = PathBuf> {
    let tools = folder();
    let own = [
        // A virtual environment with that name.
        tools.join(program).join("bin").join(program),
        // One that is named after the program and its version.
        tools.join(program).join("bin").join(program.split('-').next().unwrap_or(program)),
        // A virtual environment whose programs have other names: its stamp stands for it.
        tools.join(program).join("installed.stamp"),
        // A library: its folder stands for it, and its manifest shows that it is installed.
        tools.join("npm").join("node_modules").join(program).join("package.json"),
    ];
    // A library of Debian, whose files are in a folder with its version: its licence stands for it.
    let is_library = program.starts_with("ruby-") || program.starts_with("golang-");
    let library = is_library.then(|| Path::new("/usr/share/doc").join(program).join("copyright"));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path)
        // Debian installs servers in a folder that is only in the path of root.
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(program))
        .collect();
    own.into_iter().chain(library).chain(folders)
}

/// The folder of the tools that are not installed system-wide.
fn folder() -> PathBuf {
    env::var_os("SERVERLESS_ACME_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools"), PathBuf::from)
}
