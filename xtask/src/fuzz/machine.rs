//! What a machine needs for the fuzz targets.

use std::{env, path::Path};

/// The platform that the targets are built for.
pub(super) const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// What this machine lacks, if it lacks something.
pub(super) fn lacks() -> Option<String> {
    lack(env::consts::ARCH, env::consts::OS, |program| {
        let folders = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&folders).any(|folder| Path::new(&folder).join(program).is_file())
    })
}

fn lack(architecture: &str, system: &str, has: impl Fn(&str) -> bool) -> Option<String> {
    if (architecture, system) != ("x86_64", "linux") {
        return Some(format!("they are built for {PLATFORM}, and this is {system} on {architecture}"));
    }
    (!has("c++")).then(|| "there is no C++ compiler, `c++`, which builds libFuzzer".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_platform_and_a_missing_compiler_are_reasons() {
        assert_eq!(lack("x86_64", "linux", |program| program == "c++"), None);
        assert!(lack("x86_64", "linux", |_| false).is_some_and(|reason| reason.contains("C++")));
        assert!(lack("aarch64", "linux", |_| true).is_some_and(|reason| reason.contains("aarch64")));
        assert!(lack("x86_64", "macos", |_| true).is_some_and(|reason| reason.contains("macos")));
    }
}
