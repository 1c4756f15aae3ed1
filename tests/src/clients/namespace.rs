//! A client that insists on files or ports of the system runs in namespaces of its own: in its user
//! namespace it cannot use ports below 1024, and in its mount namespace those files are different
//! ones.

use std::path::Path;

use super::run::Run;

/// Runs a program in new namespaces, after the shell command `mounts`. The program and its
/// arguments still have to be added.
pub(super) fn run(mounts: &str, folder: &Path) -> Run {
    Run::new("unshare", folder)
        .args(["--user", "--map-root-user", "--mount", "sh", "-euc"])
        .arg(format!("{mounts}; exec \"$@\""))
        // The name that the shell gives itself (`$0`).
        .arg("sh")
}

/// Whether this machine permits it; some containers do not.
pub(super) async fn is_allowed() -> bool {
    let folder = std::env::temp_dir();
    run("mount -t tmpfs none /run", &folder).arg("true").finish().await.is_ok()
}
