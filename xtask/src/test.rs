//! Every test of the workspace, with the tools and the bundle, and every fuzz target for a moment.
//!
//! The tests read three variables: `SERVERLESS_ACME_TOOLS`, the folder of the tools (if it is set,
//! a missing tool is a failure); `SERVERLESS_ACME_WITHOUT`, the tools that cannot be installed on
//! this machine, separated by commas; and `SERVERLESS_ACME_BUNDLE`, the functions as `sam build`
//! made them.

use std::{env, num::NonZero, path::PathBuf, thread, time::Instant};

use crate::{
    Error,
    command::{Beside, Program},
    fuzz::{self, Effort},
    progress, repository,
    setup::{self, Tools},
};

/// Installs the tools, builds the bundle, then runs `cargo test --workspace` with the arguments.
/// When nothing was chosen by `--test` or by name, the fuzz targets are built beside, and run when
/// the tests have passed.
///
/// # Errors
///
/// An installation, a build, a test or a fuzz target fails.
pub fn run(arguments: &[String]) -> Result<(), Error> {
    let tools = setup::run()?;
    let bundle = bundle(&tools)?;
    // Tests wait for much, and meanwhile processors are free.
    let targets = if is_everything(arguments) { fuzz::build_beside()? } else { None };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    progress::say("cargo test --workspace");
    let test = Program::new(cargo)
        .env("RUST_TEST_THREADS", threads())
        .args(["test", "--workspace"])
        .args(arguments)
        .env("SERVERLESS_ACME_TOOLS", &tools.folder)
        .env("SERVERLESS_ACME_WITHOUT", tools.without.join(","))
        .directory(repository());
    match bundle {
        Some(bundle) => test.env("SERVERLESS_ACME_BUNDLE", bundle).show()?,
        None => test.show()?,
    }
    if is_everything(arguments) {
        targets.map_or(Ok(()), Beside::finish)?;
        fuzz::run(&[], Effort::Repeated, false)?;
    }
    Ok(())
}

/// How many tests of one program run at once: more than there are processors, because most of them
/// wait, for the pauses between attempts above all.
fn threads() -> String {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    env::var("RUST_TEST_THREADS").unwrap_or_else(|_| (2 * processors).to_string())
}

/// Whether the arguments choose no tests among those of the workspace.
fn is_everything(arguments: &[String]) -> bool {
    arguments.iter().all(|argument| argument == "--locked")
}

/// Builds the functions as for a deployment; `None` on a machine that cannot have SAM.
///
/// # Errors
///
/// The build fails.
pub(crate) fn bundle(tools: &Tools) -> Result<Option<PathBuf>, Error> {
    if let Some(missing) = tools.without.iter().find(|tool| ["sam", "zig"].contains(tool)) {
        progress::say(&format!("SKIPPED: the bundle is not built, because {missing} is missing"));
        return Ok(None);
    }
    let folder = repository().join("target").join("sam");
    let began = Instant::now();
    progress::say("sam build");
    // The program of the other template is built by the same call of cargo.
    let beside = folder.with_file_name("sam-perspective");
    for (template, folder) in [("template.yaml", &folder), ("deploy/perspective.yaml", &beside)] {
        // Its messages go to standard error and are shown when it fails.
        Program::new(tools.folder.join("sam").join("bin").join("sam"))
            .args(["build", "--build-in-source", "--template", template, "--build-dir"])
            .arg(folder)
            .env("SAM_CLI_TELEMETRY", "0")
            .directory(repository())
            .output()?;
    }
    progress::say(&format!("sam build: done after {} s", began.elapsed().as_secs()));
    Ok(Some(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_were_chosen_run_without_the_fuzz_targets() {
        let asked = |text: &str| is_everything(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert!(asked("") && asked("--locked"));
        assert!(!asked("--test clients lego") && !asked("--locked -- --nocapture"));
    }
}
