//! The CAs that are measured, each in a process of its own.

use std::{
    env, fs, io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use http::{Method, StatusCode};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde_json::json;
use tokio::time;

use crate::{
    connection::{Connector, Failure},
    floor,
    network::Network,
    process::{Process, Usage},
};

/// Where clients find a CA, and the root that they trust.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// The URL of the directory.
    pub(crate) directory: String,
    /// The root of its TLS certificate.
    pub(crate) root: CertificateDer<'static>,
}

/// A CA that runs.
pub(crate) struct Ca {
    /// The name of the program.
    pub(crate) name: String,
    /// The endpoint of the CA.
    pub(crate) endpoint: Endpoint,
    /// The time from the start of the process to the first answer.
    pub(crate) started_in: Duration,
    process: Process,
}

impl Ca {
    /// Starts this CA, on a data folder that may be new, with its default settings; the log goes to
    /// a file.
    pub(crate) async fn serverless_acme(binary: &Path, network: &Network, data: &Path) -> Result<Self, Failure> {
        let (port, status_port) = (free_port()?, free_port()?);
        let mut command = Command::new(binary);
        let flags = [
            ("--listen", format!("127.0.0.1:{port}")),
            ("--status-listen", format!("127.0.0.1:{status_port}")),
            ("--data", data.display().to_string()),
            ("--dns-resolver", network.dns.to_string()),
            ("--http-port", network.http_port.to_string()),
        ];
        command.arg("serve");
        for (flag, value) in flags {
            command.args([flag, &value]);
        }
        let began = Instant::now();
        let mut process = Process::start(&mut command, &data.with_extension("log"));
        let directory = format!("https://localhost:{port}/api/v1/protocols/acme/default/directory");
        let root = data.join("root.pem");
        let endpoint = loop {
            // The host writes it before the listener accepts connections.
            if let Ok(root) = CertificateDer::from_pem_file(&root) {
                break Endpoint { directory, root };
            }
            still_starting(&mut process, began, &data.with_extension("log")).await?;
        };
        let name = binary.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::first_answer(name, endpoint, process, began, &data.with_extension("log")).await
    }

    /// Starts the peer, if it is installed: it keeps everything in memory. Here it does not wait
    /// before it validates, does not refuse good nonces, and does not reuse authorizations.
    pub(crate) async fn pebble(network: &Network, folder: &Path) -> Result<Option<Self>, Failure> {
        if find_program(PEER).is_none() {
            return Ok(None);
        }
        let (port, management_port) = (free_port()?, free_port()?);
        let tls = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let file = |name: &str| folder.join(format!("pebble.{name}"));
        fs::write(file("pem"), tls.cert.pem())?;
        fs::write(file("key"), tls.signing_key.serialize_pem())?;
        let config = json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management_port}"),
            "certificate": file("pem"),
            "privateKey": file("key"),
            "httpPort": network.http_port,
            "tlsPort": free_port()?,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        }});
        fs::write(file("json"), config.to_string())?;
        let mut command = Command::new(PEER);
        command.arg("-config").arg(file("json")).args(["-dnsserver", &network.dns.to_string()]);
        command.envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0"), ("PEBBLE_AUTHZREUSE", "0")]);
        let began = Instant::now();
        let process = Process::start(&mut command, &file("log"));
        let endpoint = Endpoint { directory: format!("https://localhost:{port}/dir"), root: tls.cert.der().clone() };
        Self::first_answer(PEER.to_owned(), endpoint, process, began, &file("log")).await.map(Some)
    }

    /// Starts the floor: this benchmark again, as a process of its own.
    pub(crate) async fn floor(network: &Network, folder: &Path) -> Result<Self, Failure> {
        let tls = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let file = |name: &str| folder.join(format!("floor.{name}"));
        fs::write(file("pem"), tls.cert.pem())?;
        fs::write(file("key"), tls.signing_key.serialize_pem())?;
        let arguments = floor::Arguments {
            port: free_port()?,
            certificate: file("pem"),
            key: file("key"),
            appends: file("appends"),
            dns: network.dns,
            http_port: network.http_port,
        };
        let mut command = Command::new(env::current_exe()?);
        command.args(arguments.words());
        let began = Instant::now();
        let process = Process::start(&mut command, &file("log"));
        let directory = format!("https://localhost:{}/directory", arguments.port);
        let endpoint = Endpoint { directory, root: tls.cert.der().clone() };
        Self::first_answer("floor".to_owned(), endpoint, process, began, &file("log")).await
    }

    async fn first_answer(
        name: String,
        endpoint: Endpoint,
        mut process: Process,
        began: Instant,
        log: &Path,
    ) -> Result<Self, Failure> {
        let connector = Connector::trusting(endpoint.root.clone())?;
        loop {
            if let Ok(mut connection) = connector.open(&endpoint.directory).await
                && let Ok(reply) = connection.request(Method::GET, &endpoint.directory, String::new()).await
            {
                reply.expect(StatusCode::OK)?;
                return Ok(Self { name, endpoint, started_in: began.elapsed(), process });
            }
            still_starting(&mut process, began, log).await?;
        }
    }

    /// The resources that its process has used.
    pub(crate) fn usage(&self) -> Usage {
        self.process.usage()
    }
}

/// Builds the release program and returns its path, or the paths of the programs that are to be
/// measured instead.
pub(crate) fn binaries() -> Vec<PathBuf> {
    if let Some(given) = env::var_os("BENCH_BINARY") {
        return env::split_paths(&given).collect();
    }
    let mut cargo = Command::new(env!("CARGO"));
    let built = cargo.args(["build", "--release", "--package", "serverless-acme"]).status().expect("cargo runs");
    assert!(built.success(), "the program does not build");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(Path::new("target"));
    vec![target.join("release").join("serverless-acme")]
}

/// A folder on a real disk, whatever `/tmp` is.
pub(crate) fn folder() -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix("issuance-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))
}

/// A folder that is no disk, where the system has one.
pub(crate) fn folder_in_memory() -> Option<tempfile::TempDir> {
    tempfile::Builder::new().prefix("issuance-").tempdir_in("/dev/shm").ok()
}

async fn still_starting(process: &mut Process, began: Instant, log: &Path) -> Result<(), Failure> {
    if process.has_ended() || began.elapsed() > MAX_START {
        return Err(Failure::new(format!("no answer; its log: {}", fs::read_to_string(log)?)));
    }
    time::sleep(Duration::from_millis(1)).await;
    Ok(())
}

fn find_program(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// A port that is free at the moment.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The program that it is compared with.
const PEER: &str = "pebble";

/// The maximum time of a start. A store with a million certificates that was not closed is checked
/// first.
const MAX_START: Duration = Duration::from_secs(60);
