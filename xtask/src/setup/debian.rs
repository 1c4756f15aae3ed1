//! ACME clients and a container engine from Debian.
//!
//! No service may listen after the installation: `policy-rc.d` forbids starting services while
//! packages are configured, services that a package enables for the next boot are disabled again,
//! and Apache is installed as the bare program (`apache2-bin`) without its service. The test that
//! needs the container engine starts and stops it.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

use crate::{Error, command::Program, progress};

/// Each package, and the program of it that the tests use.
pub(super) const OF_TESTS: [(&str, &str); 22] = [
    ("acme-tiny", "acme-tiny"),
    ("acmetool", "acmetool"),
    ("apache2-bin", "apache2"),
    // Signs the zones of the tests of DNSSEC.
    ("bind9-utils", "dnssec-signzone"),
    // The shell of the container image in which functions are tried.
    ("busybox-static", "busybox"),
    ("caddy", "caddy"),
    ("curl", "curl"),
    // Runs the parser of OpenAPI documents.
    ("default-jre-headless", "java"),
    ("dehydrated", "dehydrated"),
    ("docker.io", "dockerd"),
    // Builds the driver of the fuzz targets.
    ("g++", "c++"),
    // The source of a library; the Go that builds it is current.
    ("golang-golang-x-crypto-dev", "golang-golang-x-crypto-dev"),
    ("lego", "lego"),
    // Checks its example; it is not a client.
    ("nginx", "nginx"),
    ("nodejs", "node"),
    ("npm", "npm"),
    ("openssl", "openssl"),
    // The benchmark compares with it; it is not a client.
    ("pebble", "pebble"),
    // A module, not a program: certbot gets a virtual environment.
    ("python3-venv", "python3-venv"),
    // A library, not a program.
    ("ruby-acme-client", "ruby-acme-client"),
    ("uacme", "uacme"),
    // The resolver that validates them; it is not a client.
    ("unbound", "unbound"),
];

/// What installs the compiler of the functions.
pub(super) const OF_DIST: [(&str, &str); 1] = [("python3-venv", "python3-venv")];

/// Each package, and the program of it that the smoke test uses.
pub(super) const OF_SMOKE: [(&str, &str); 3] =
    [("lego", "lego"), ("openssl", "openssl"), ("python3-venv", "python3-venv")];

/// Each package, and the program of it that the judges use.
pub(super) const OF_JUDGES: [(&str, &str); 4] =
    [("curl", "curl"), ("openssl", "openssl"), ("slowhttptest", "slowhttptest"), ("testssl.sh", "testssl")];

/// Services that the packages above install.
const SERVICES: [(&str, &str); 8] = [
    ("acmetool", "acmetool.timer"),
    ("caddy", "caddy.service"),
    ("dehydrated", "dehydrated.timer"),
    ("docker.io", "containerd.service"),
    ("docker.io", "docker.service"),
    ("docker.io", "docker.socket"),
    ("nginx", "nginx.service"),
    ("unbound", "unbound.service"),
];

/// The package tools ask this program before they start a service.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs the missing packages; returns the programs that could not be installed.
pub(super) fn install(packages: &[(&'static str, &'static str)]) -> Result<Vec<&'static str>, Error> {
    let is_missing = |(package, program): &&(&str, &str)| !is_on_path(program) && !is_installed(package);
    let missing: Vec<_> = packages.iter().filter(is_missing).copied().collect();
    if missing.is_empty() {
        progress::say("Debian packages: all there");
        return Ok(Vec::new());
    }

    let packages: Vec<_> = missing.iter().map(|(package, _)| *package).collect();
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !is_on_path("apt-get") {
        progress::say(&format!("no apt-get here; on Debian: {by_hand}"));
        return Ok(missing.into_iter().map(|(_, program)| program).collect());
    }
    if !is_root()? {
        progress::say(&format!("only root may install Debian packages; as root: {by_hand}"));
        return Ok(missing.into_iter().map(|(_, program)| program).collect());
    }

    progress::say(&format!("installing from Debian: {}", packages.join(" ")));
    let policy = NoServices::enforce()?;
    let installed = apt_get(["update"].as_slice()).and_then(|()| {
        let arguments = ["install", "--yes", "--no-install-recommends"];
        apt_get(&[arguments.as_slice(), packages.as_slice()].concat())
    });
    drop(policy);
    installed?;
    for (package, service) in SERVICES {
        // Without systemd there is nothing to disable, and a package that was installed before
        // keeps its service.
        if packages.contains(&package) {
            let _ = Program::new("systemctl").args(["disable", "--quiet", service]).output();
        }
    }
    Ok(Vec::new())
}

fn apt_get(arguments: &[&str]) -> Result<(), Error> {
    Program::new("apt-get")
        .arg("--quiet=2")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .map(|_| ())
}

fn is_installed(package: &str) -> bool {
    Program::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .output()
        .is_ok_and(|status| status == "installed")
}

fn is_on_path(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // Debian installs Apache in a folder that is only in the path of root.
    std::env::split_paths(&folders)
        .chain([Path::new("/usr/sbin").to_path_buf()])
        .any(|folder| folder.join(program).is_file())
}

fn is_root() -> Result<bool, Error> {
    Ok(Program::new("id").arg("-u").output()?.trim() == "0")
}

/// As long as it exists, packages do not start services.
struct NoServices {
    ours: bool,
}

impl NoServices {
    fn enforce() -> Result<Self, Error> {
        let path = Path::new(POLICY);
        if path.exists() {
            // The machine has a policy of its own, as containers do; it stays as it is.
            return Ok(Self { ours: false });
        }
        let write = || -> io::Result<()> {
            // 101: action forbidden by policy.
            fs::write(path, "#!/bin/sh\nexit 101\n")?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        };
        write().map_err(|source| Error::File { path: path.to_path_buf(), source })?;
        Ok(Self { ours: true })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours {
            let _ = fs::remove_file(POLICY);
        }
    }
}
