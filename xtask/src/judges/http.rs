//! schemathesis, a fuzzer that knows the form of the API, against the host: bodies, methods, paths
//! and headers that fit the description, and such that do not.
//!
//! Half of the bodies are payloads that a hook signs with a valid account, so that they get past
//! the checks of signatures. No answer may be a failure of the CA, and each refusal is a problem
//! document.

use std::fs;

use serde_json::Value;

use super::{Outcome, host::Host};
use crate::{Error, command::Program, setup::Tools};

pub(super) fn run(tools: &Tools) -> Result<Outcome, Error> {
    let mut host = Host::start("http")?;
    let write = |name: &str, text: &str| {
        let path = host.folder().join(name);
        fs::write(&path, text).map_err(|source| Error::File { path, source })
    };
    write("openapi.json", DESCRIPTION)?;
    write("hooks.py", include_str!("http/hooks.py"))?;
    let options = format!(
        "--checks all --exclude-checks {NOT_CHECKED} --max-examples {EXAMPLES} --seed 9 --continue-on-failure --phases examples,coverage,fuzzing --no-shrink --no-color"
    );
    let run = Program::new(tools.folder.join("judges").join("bin").join("schemathesis"))
        .arg("run")
        .args(options.split(' '))
        .args(["--suppress-health-check", "all", "--warnings", "off", "--url", &host.origin(), "--tls-verify"])
        .arg(host.root())
        .arg("openapi.json")
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", host.folder())
        .env("ORIGIN", host.origin())
        .env("ROOT", host.root())
        // It counts more than what the program itself says.
        .env("REQUESTS_CA_BUNDLE", host.root())
        .directory(host.folder());
    let mut faults = Vec::new();
    let report = run.output().unwrap_or_else(|error| {
        faults.push(error.to_string());
        String::new()
    });
    write("report", &report)?;
    faults.extend(host.faults());
    let counts = fs::read_to_string(host.folder().join("counts.json")).unwrap_or_default();
    let counts: Value = serde_json::from_str(&counts).unwrap_or_default();
    let count = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or_default();
    if count("signed") < AT_LEAST || count("accepted") < AT_LEAST / 4 {
        faults.push(format!("only {} requests were signed and {} succeeded", count("signed"), count("accepted")));
    }
    let figures = format!(
        "{} requests, {} of them signed; {} succeeded and {} were refused",
        count("requests"),
        count("signed"),
        count("accepted"),
        count("refused")
    );
    Ok(Outcome { figures, faults })
}

/// The paths and payloads. A test compares it with the routes of the code.
const DESCRIPTION: &str = include_str!("http/openapi.json");

/// What the description does not say, or not exactly: which values are accepted.
const NOT_CHECKED: &str = "negative_data_rejection,positive_data_acceptance,unsupported_method,status_code_conformance,missing_required_header,use_after_free,ensure_resource_availability,ignored_auth";

/// Requests for each operation and phase.
const EXAMPLES: u32 = 60;

/// Fewer requests that were signed, or that succeeded, mean that it tried only the outer checks.
const AT_LEAST: u64 = 300;
