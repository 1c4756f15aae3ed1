//! Programs that some rules need, from `target/tools`.

use std::path::PathBuf;

use super::Violation;
use crate::{progress, setup};

/// The program `name`. When it is not installed, its rule is skipped with a message; under
/// `cargo xtask test`, which installs it, its absence is a violation.
pub(super) fn find(name: &str, rule: &str) -> Result<Option<PathBuf>, Violation> {
    let program = setup::installed().folder.join(name).join("bin").join(name);
    if program.is_file() {
        return Ok(Some(program));
    }
    let without = std::env::var("SERVERLESS_ACME_WITHOUT").unwrap_or_default();
    if std::env::var_os("SERVERLESS_ACME_TOOLS").is_some() && !without.split(',').any(|missing| missing == name) {
        let rule = "not installed, although the tools of the tests are".to_owned();
        return Err(Violation { place: name.into(), rule });
    }
    progress::say(&format!("SKIPPED, {rule} not checked: no target/tools/{name}; `cargo xtask setup` installs it"));
    Ok(None)
}
