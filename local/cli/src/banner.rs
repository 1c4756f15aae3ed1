//! The start-up message of `serve`: where everything is, and commands to copy for clients.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
};

use host::Host;
use operator::{AppliedProfiles, KeptProfile};
use serde::Serialize;

use crate::shell_word::quoted;

/// Everything that a user needs to get a certificate.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Banner {
    version: &'static str,
    listen: SocketAddr,
    status_listen: SocketAddr,
    directories: Vec<String>,
    root: Root,
    status_url: String,
    commands: Vec<Command>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Profiles that are not as the configuration says, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    profiles: Vec<String>,
    /// Whether anyone who reaches the CA may register, because its operator opened it.
    open: bool,
    /// The switches for testing clients that are on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    test_switches: Vec<&'static str>,
}

/// The root certificate.
#[derive(Clone, Debug, Serialize)]
struct Root {
    path: String,
    sha256: String,
}

/// A shell command for a client.
#[derive(Clone, Debug, Serialize)]
struct Command {
    client: &'static str,
    line: String,
}

impl Banner {
    /// The message about a host.
    pub(crate) fn of(host: &Host) -> Self {
        let directories: Vec<String> = host.directories().iter().map(|id| host.directory_url(id)).collect();
        let path = host.root_path();
        let port = host.http_port();
        let commands = directories.first().map(|directory| commands(directory, path, port)).unwrap_or_default();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            listen: host.listen_address(),
            status_listen: host.status_listen_address(),
            directories,
            root: Root { path: path.display().to_string(), sha256: hex(&host.root().fingerprint()) },
            status_url: host.status_url().to_owned(),
            commands,
            profiles: profiles(host.profiles()),
            open: host.is_opened(),
            test_switches: host.test_switches().to_vec(),
            hint: needs_root(port).then(|| {
                format!(
                    "Only root can listen on port {port}: run the client as root, or start the CA with --http-port 5002."
                )
            }),
        }
    }
}

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "serverless-acme {} is listening\n", self.version)?;
        for (index, url) in self.directories.iter().enumerate() {
            writeln!(f, "  {:<13}{url}", if index == 0 { "directories" } else { "" })?;
        }
        writeln!(f, "  {:<13}{}", "root", self.root.path)?;
        writeln!(f, "  {:<13}{}", "SHA-256", self.root.sha256)?;
        writeln!(f, "  {:<13}{}  (CRLs, issuer certificates, /root.pem)", "status", self.status_url)?;
        if !self.commands.is_empty() {
            writeln!(f, "\nTo get a certificate for localhost, run one of these commands in another terminal:\n")?;
        }
        for Command { line, .. } in &self.commands {
            writeln!(f, "{line}\n")?;
        }
        let open = self.open.then(|| OPEN.to_owned());
        let switches = self.test_switches.join(", ");
        let test =
            (!switches.is_empty()).then(|| format!("TEST SWITCHES ARE ON ({switches}): this is no CA to rely on."));
        let said = open.iter().chain(&test).chain(&self.hint).chain(&self.profiles);
        said.into_iter().try_for_each(|said| writeln!(f, "{said}\n"))
    }
}

const OPEN: &str = "OPEN: anyone who reaches this CA may register and request certificates.";

/// Decisions of the start that the operator may not expect.
fn profiles(applied: &AppliedProfiles) -> Vec<String> {
    let kept = applied.kept.iter().map(|KeptProfile { path, .. }| {
        format!("{path} is not as the configuration file says: an operator changed it. `admin doctor` says what to do.")
    });
    let disabled = applied.disabled.iter().map(|path| {
        format!("{path} is a built-in profile and does not serve beside profiles of your own: it was disabled.")
    });
    kept.chain(disabled).collect()
}

/// Commands for clients. Each keeps its files in the current folder and needs no configuration.
fn commands(directory: &str, root: &Path, port: u16) -> Vec<Command> {
    let path = root.display().to_string();
    let (directory, root) = (quoted(directory), quoted(&path));
    // acme.sh passes the path of this option to a shell without quotes; curl's variable accepts any
    // path.
    let (variable, option) = if root == path {
        (String::new(), format!(" --ca-bundle {root}"))
    } else {
        (format!("CURL_CA_BUNDLE={root} "), String::new())
    };
    let line = |client, line| Command { client, line };
    vec![
        line(
            "certbot",
            format!(
                "REQUESTS_CA_BUNDLE={root} certbot certonly --standalone --http-01-port {port} --domain localhost \
                 --server {directory} --non-interactive --agree-tos --email admin@example.org --no-eff-email \
                 --config-dir certbot/config --work-dir certbot/work --logs-dir certbot/logs"
            ),
        ),
        line(
            "lego",
            format!(
                "LEGO_CA_CERTIFICATES={root} lego --http --http.port :{port} --domains localhost \
                 --server {directory} --accept-tos --email admin@example.org --path lego run"
            ),
        ),
        line(
            "acme.sh",
            format!(
                "{variable}acme.sh --issue --standalone --httpport {port} --domain localhost \
                 --server {directory}{option} --config-home \"$PWD/acme.sh\""
            ),
        ),
    ]
}

/// Whether a client of this user could not listen on the port. This is tried, because it depends on
/// the user, on capabilities and on settings of the system.
fn needs_root(port: u16) -> bool {
    let tried = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port));
    tried.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// The format of `openssl x509 -fingerprint`.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_hold_directory_root_and_port() {
        for Command { line, .. } in commands("https://localhost:1/dir", Path::new("/a b/root.pem"), 5002) {
            assert!(line.contains("https://localhost:1/dir"), "{line}");
            assert!(line.contains("'/a b/root.pem'"), "{line}");
            assert!(line.contains("5002"), "{line}");
            assert!(!line.contains('\n') && !line.contains("  "), "{line}");
        }
    }
}
