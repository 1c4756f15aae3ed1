//! A client that insists on files or ports of the system gets a system of its own: a user
//! namespace, in which nobody may use a port below 1024, and a mount namespace, in which those
//! files are others.

use std::path::Path;

use super::run::Run;

/// What stands in front of the client's program: in the new namespaces, the shell command `mounts`
/// runs first.
pub(super) fn run(mounts: &str, folder: &Path) -> Run {
    Run::new("unshare", folder)
        .args(["--user", "--map-root-user", "--mount", "sh", "-euc"])
        .arg(format!("{mounts}; exec \"$@\""))
        // The name that the shell gives itself.
        .arg("sh")
}

/// Whether this machine lets us; some containers do not.
pub(super) async fn is_allowed() -> bool {
    let folder = std::env::temp_dir();
    run("mount -t tmpfs none /run", &folder).arg("true").finish().await.is_ok()
}
