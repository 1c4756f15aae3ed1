//! The bundle on this machine: deployed in an emulator of AWS until it is interrupted.

use crate::{
    Error,
    command::Program,
    repository,
    setup::{self, Tools},
    test,
};

/// Installs the tools, builds the bundle and deploys it; ends when it is interrupted.
///
/// # Errors
///
/// An installation, the build or the deployment fails.
pub fn run() -> Result<(), Error> {
    let tools = setup::run()?;
    let Some(bundle) = test::bundle(&tools)? else { return Ok(()) };
    example("emulate", &tools).arg(containers_see()).env("SERVERLESS_ACME_BUNDLE", bundle).show()
}

/// Prints the event of a request that is valid now for the stack that [`run`] deployed.
///
/// # Errors
///
/// No stack is emulated, or no request leads to the operation.
pub fn event(operation: &str) -> Result<(), Error> {
    example("event", &setup::installed()).arg(operation).show()
}

/// An example program of the package `tests`, which knows how to deploy and how to sign.
fn example(name: &str, tools: &Tools) -> Program {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Program::new(cargo)
        .args(["run", "--quiet", "--package", "tests", "--example", name, "--"])
        .arg(repository().join("target").join("emulator"))
        .env("SERVERLESS_ACME_TOOLS", &tools.folder)
        .env("SERVERLESS_ACME_WITHOUT", tools.without.join(","))
        .directory(repository())
}

/// The address at which containers reach this machine; the loopback address where there is no
/// container engine.
fn containers_see() -> String {
    let gateway = Program::new("docker")
        .args(["network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"])
        .output()
        .unwrap_or_default();
    match gateway.trim() {
        "" => "127.0.0.1".to_owned(),
        gateway => gateway.to_owned(),
    }
}
