//! Every test of the workspace, with its tools.
//!
//! The client tests read two variables: `SERVERLESS_ACME_TOOLS`, the folder of the tools, whose
//! presence makes a missing client a failure; and `SERVERLESS_ACME_WITHOUT`, the clients that this
//! machine cannot have, separated by commas.

use crate::{Error, command::Program, progress, repository, setup};

/// Installs the tools, then runs `cargo test --workspace` with the arguments.
///
/// # Errors
///
/// When an installation or a test fails.
pub fn run(arguments: &[String]) -> Result<(), Error> {
    let tools = setup::run()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    progress::say("cargo test --workspace");
    Program::new(cargo)
        .args(["test", "--workspace"])
        .args(arguments)
        .env("SERVERLESS_ACME_TOOLS", &tools.folder)
        .env("SERVERLESS_ACME_WITHOUT", tools.without.join(","))
        .directory(repository())
        .show()
}
