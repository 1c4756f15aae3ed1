//! `perspective`: looks at challenges from another network, for one CA.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{self, ExitCode},
};

use clap::Args;
use host::{
    PerspectiveConfig, PerspectiveProcess, Region,
    config::{LogFormat, LogSettings},
};
use ipnet::IpNet;

use super::{Failure, log, signals::Signals};

/// The arguments of `perspective`.
#[derive(Args)]
pub(super) struct PerspectiveArguments {
    /// The name of this perspective, as the CA's file of perspectives has it
    #[arg(long)]
    name: String,
    /// The region of this perspective, as that file has it: afrinic, apnic, arin, lacnic or ripe
    #[arg(long)]
    region: Region,
    /// The address on which the CA asks
    #[arg(long, value_name = "IP:PORT", default_value_t = LISTEN)]
    listen: SocketAddr,
    /// The certificate of this machine with its chain, from that CA; read again when it changes
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    /// The key of the certificate
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The root of the CA
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    /// The host of the CA's base URL; others with a certificate of its root may not ask
    #[arg(long, value_name = "HOST")]
    primary: String,
    /// The DNS server to query, which must not be that of the CA [default: the system's]
    #[arg(long, value_name = "IP:PORT")]
    dns_resolver: Option<SocketAddr>,
    /// Special-purpose networks, such as 10.0.0.0/8, that may be contacted from here for profiles
    /// that allow them, separated by commas [default: none]
    #[arg(long, value_name = "NETWORKS", value_delimiter = ',')]
    allowed_networks: Vec<IpNet>,
    /// The port that http-01 connects to
    #[arg(long, value_name = "PORT", default_value_t = 80)]
    http_port: u16,
    /// The port that tls-alpn-01 connects to
    #[arg(long, value_name = "PORT", default_value_t = 443)]
    tls_port: u16,
    /// The format of the log: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log: LogFormat,
}

/// Answers questions until a signal, then completes those under way.
pub(super) async fn run(arguments: PerspectiveArguments) -> Result<ExitCode, Failure> {
    log::start(&LogSettings { format: arguments.log, ..LogSettings::default() })?;
    let mut signals = Signals::catch(None).map_err(Failure::System)?;
    let about = format!("{} ({})", arguments.name, arguments.region);
    let primary = arguments.primary.clone();
    let process = PerspectiveProcess::start(PerspectiveConfig {
        name: arguments.name,
        region: arguments.region,
        listen: arguments.listen,
        certificate: arguments.certificate,
        key: arguments.key,
        root: arguments.root,
        primary: arguments.primary,
        dns_resolver: arguments.dns_resolver,
        allowed_networks: arguments.allowed_networks,
        http_port: arguments.http_port,
        tls_port: arguments.tls_port,
    })
    .await?;
    let (address, public_key) = (process.address(), process.public_key());
    // Without stdout, the log still has it.
    let said = format!("perspective {about} answers {primary} on https://{address}");
    let _ = writeln!(io::stdout(), "{said}\nits publicKey, for the file of the CA: {public_key}");
    tracing::info!(%address, primary, public_key, "perspective {about} is ready");
    signals.next().await;
    tokio::select! {
        () = process.stop() => Ok(ExitCode::SUCCESS),
        signal = signals.next() => process::exit(signal.exit_status()),
    }
}

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 14443);
