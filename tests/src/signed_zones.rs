//! A resolver that validates DNSSEC, unbound, with zones of its own below a root of its own: whole
//! ones and each kind of broken one. It asks no other server.
//!
//! | name | what it is |
//! | --- | --- |
//! | `signed.test` | signed, as is everything up to the root |
//! | `unsigned.test` | without signatures, and `test` proves that |
//! | `forged.test` | signed, and then a record was changed |
//! | `half.test` | the same, with its address of IPv6 alone |
//! | `tampered.test` | the same, with its CAA record alone, which then names `ca.example` |
//! | `expired.test` | signed for a time that is over |
//! | `stripped.test` | without signatures, although `test` says that there are some |

use std::{
    fmt::Write,
    fs,
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    path::Path,
};

use tempfile::TempDir;

use crate::clients::{Failure, Run, Service, Tool};

/// A running resolver; it ends on drop.
pub struct SignedZones {
    /// Where it answers, by UDP and TCP.
    pub address: SocketAddr,
    _resolver: Service,
    _folder: TempDir,
}

impl SignedZones {
    /// Signs the zones and starts the resolver; `None`, loudly, where the programs for it are not
    /// installed. `records` are lines of a zone file with further records of `test`.
    ///
    /// # Errors
    /// Those of [`Tool::find`] and of the programs.
    pub async fn start(records: &str) -> Result<Option<Self>, Failure> {
        let (Some(signer), Some(resolver)) = (Tool::find("dnssec-signzone")?, Tool::find("unbound")?) else {
            return Ok(None);
        };
        let folder = tempfile::tempdir().map_err(Failure::io("temporary folder"))?;
        let signer = Signer { program: &signer.path, folder: folder.path() };
        for child in ["unsigned", "forged", "expired", "stripped"] {
            signer.write(&format!("{child}.test"), &format!("{child}.test. 60 IN A 127.0.0.1\n"))?;
        }
        signer.sign("forged.test", &[]).await?;
        signer.change("forged.test.signed", "127.0.0.1", "127.0.0.2")?;
        signer.sign("expired.test", &["-P", "-s", "20200101000000", "-e", "20200201000000"]).await?;
        signer.sign("stripped.test", &[]).await?;
        signer.write("test", &format!("{TEST}{records}"))?;
        signer.sign("test", &[]).await?;
        signer.change("test.signed", "2001:db8::1", "2001:db8::2")?;
        signer.change("test.signed", "before.example", "ca.example")?;
        signer.write(".", "test. 60 IN NS ns.test.\n")?;
        signer.sign(".", &[]).await?;
        let (address, resolver) = signer.serve(&resolver.path).await?;
        Ok(Some(Self { address, _resolver: resolver, _folder: folder }))
    }
}

/// Makes and signs zones in a folder.
struct Signer<'a> {
    program: &'a Path,
    folder: &'a Path,
}

impl Signer<'_> {
    /// The zone file of `zone`, with its own two records and these.
    fn write(&self, zone: &str, records: &str) -> Result<(), Failure> {
        let origin = zone.trim_end_matches('.');
        let own = format!("{origin}. 60 IN SOA ns.test. h.test. 1 3600 600 86400 60\n{origin}. 60 IN NS ns.test.\n");
        self.save(&file(zone), &(own + records))
    }

    /// Signs it with a new key, and leaves its digest for the zone above it.
    async fn sign(&self, zone: &str, options: &[&str]) -> Result<(), Failure> {
        let keygen = self.program.with_file_name("dnssec-keygen");
        let key = Run::new(keygen, self.folder).args(["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone]);
        let key = key.finish().await?.stdout;
        if zone == "." {
            let anchor = self.folder.join(format!("{}.key", key.trim()));
            fs::copy(&anchor, self.folder.join("anchor")).map_err(Failure::io(anchor.display()))?;
        }
        let signed = format!("{}.signed", file(zone));
        let run = Run::new(self.program, self.folder).args(["-S", "-z", "-g", "-o", zone, "-f", &signed]);
        run.args(options).arg(file(zone)).finish().await.map(drop)
    }

    /// Replaces a text of a file.
    fn change(&self, file: &str, from: &str, to: &str) -> Result<(), Failure> {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).map_err(Failure::io(path.display()))?;
        self.save(file, &text.replace(from, to))
    }

    fn save(&self, file: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(file);
        fs::write(&path, text).map_err(Failure::io(path.display()))
    }

    /// Starts the resolver on a free port. Another program may take that first, so it is tried with
    /// more than one.
    async fn serve(&self, program: &Path) -> Result<(SocketAddr, Service), Failure> {
        let log = self.folder.join("log");
        for _ in 0..PORTS {
            let address = free()?;
            self.save("unbound.conf", &configuration(self.folder, address))?;
            self.save("log", "")?;
            let mut service = Run::new(program, self.folder).args(["-c", "unbound.conf"]).serve()?;
            let started = service.until(|| fs::read_to_string(&log).ok()?.contains("start of service").then_some(()));
            match started.await {
                Ok(()) => return Ok((address, service)),
                Err(Failure::Ended { .. }) if says(&log, "address already in use") => {}
                Err(failure) => return Err(failure),
            }
        }
        Err(Failure::io("a port for unbound")(ErrorKind::AddrInUse.into()))
    }
}

fn says(log: &Path, text: &str) -> bool {
    fs::read_to_string(log).is_ok_and(|log| log.to_lowercase().contains(text))
}

/// The zone file; the root has none to be named after.
fn file(zone: &str) -> String {
    if zone == "." { "root".to_owned() } else { zone.to_owned() }
}

/// An address of this machine where UDP and TCP are free.
///
/// The system knows free ports of UDP alone: for TCP, one may be held by a connection that other
/// tests ended a minute ago, and with thousands of these that is every third port.
fn free() -> Result<SocketAddr, Failure> {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Failure::io("a free port"))?;
        let address = udp.local_addr().map_err(Failure::io("a free port"))?;
        match TcpListener::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            bound => return bound.map(|_| address).map_err(Failure::io("a free port")),
        }
    }
}

/// Answers by its own zones alone: it looks nothing up elsewhere, and remembers nothing.
fn configuration(folder: &Path, address: SocketAddr) -> String {
    let folder = folder.display();
    let mut text = format!(
        r#"server:
  interface: {}@{}
  do-ip6: no
  do-daemonize: no
  num-threads: 1
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{folder}"
  use-syslog: no
  logfile: "{folder}/log"
  verbosity: 1
  module-config: "validator iterator"
  trust-anchor-file: "{folder}/anchor"
  trust-anchor-signaling: no
  root-key-sentinel: no
  local-zone: "test." nodefault
  ede: yes
  val-log-level: 2
remote-control:
  control-enable: no
"#,
        address.ip(),
        address.port()
    );
    for (zone, file) in [
        (".", "root.signed"),
        ("test.", "test.signed"),
        ("unsigned.test.", "unsigned.test"),
        ("forged.test.", "forged.test.signed"),
        ("expired.test.", "expired.test.signed"),
        ("stripped.test.", "stripped.test"),
    ] {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "auth-zone:\n  name: \"{zone}\"\n  zonefile: \"{folder}/{file}\"\n  for-downstream: no\n  \
             for-upstream: yes\n  fallback-enabled: no\n"
        );
    }
    text
}

/// The records of `test` that each test has.
const TEST: &str = "\
ns.test. 60 IN A 127.0.0.1
signed.test. 60 IN A 127.0.0.1
tampered.test. 60 IN A 127.0.0.1
tampered.test. 60 IN CAA 0 issue before.example
half.test. 60 IN A 127.0.0.1
half.test. 60 IN AAAA 2001:db8::1
alias.test. 60 IN CNAME unsigned.test.
unsigned.test. 60 IN NS ns.test.
forged.test. 60 IN NS ns.test.
expired.test. 60 IN NS ns.test.
stripped.test. 60 IN NS ns.test.
";

const PORTS: usize = 8;
