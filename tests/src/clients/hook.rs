//! Scripts that a client calls to provision the response to a challenge.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{Failure, Target};

/// The shell functions `set_txt NAME VALUE` and `clear_txt NAME`, for names without a trailing dot.
pub(super) fn dns(target: &Target) -> String {
    format!(
        r#"post() {{
    curl --silent --show-error --fail --max-time 10 --data "$2" "{}/$1"
}}
set_txt() {{
    post set-txt "{{\"host\":\"$1.\",\"value\":\"$2\"}}"
}}
clear_txt() {{
    post clear-txt "{{\"host\":\"$1.\"}}"
}}
"#,
        target.management
    )
}

/// Writes an executable script.
pub(super) fn write(folder: &Path, name: &str, body: &str) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\nset -eu\n{body}")).map_err(Failure::io(path.display()))?;
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&path, executable).map_err(Failure::io(path.display()))?;
    Ok(path)
}
