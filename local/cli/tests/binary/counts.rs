//! What a certificate costs, in counts: they are the same on every machine, as times are not.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
};

use tempfile::TempDir;
use tokio::{net::UdpSocket, process::Command, task::JoinSet};

use crate::{
    acme::Client,
    process::{Server, command},
    site::Site,
};

#[tokio::test]
async fn a_certificate_takes_no_more_requests_allocations_and_writes_than_it_did() {
    if !cfg!(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")) {
        eprintln!("SKIPPED: nothing is counted, because the counter is for the C library of GNU on Linux");
        return;
    }
    let folder = TempDir::with_prefix("serverless-acme-binary-").unwrap();
    let (counter, shared) = (folder.path().join("counter.so"), folder.path().join("counts"));
    build(&counter).await;
    fs::write(&shared, [0; 4 * 8]).unwrap();
    let (site, (dns, _answering)) = (Site::start().await, resolver().await);
    let data = folder.path().join("data");
    let mut serve = command(&data);
    serve.args(["--http-port", &site.port.to_string(), "--dns-resolver", &dns.to_string()]);
    let server = Server::spawn(folder, serve.env("LD_PRELOAD", &counter).env("COUNTS", &shared)).await;
    let client = Client::register(&server).await;
    let obtain = async |number: u32| client.obtain(&format!("n{number}.test"), Some(&site)).await;
    for number in 0..WARM {
        obtain(number).await;
    }
    let (before, posts_before) = (Counts::read(&shared), posts(&server));
    for number in WARM..WARM + COUNTED {
        obtain(number).await;
    }
    let requests = posts(&server) - posts_before;
    // What only the log of the store has is written to its file.
    server.signal("TERM").await;
    let (_, _folder) = server.ended().await;

    let counted = Counts { requests, ..Counts::read(&shared) }.since(&before);
    println!("for each certificate: {counted:?}");
    assert!(counted.is_within(&MOST), "{counted:?} for each certificate, at most {MOST:?}");
}

/// Counts for one certificate, or since the start of the program.
#[derive(Clone, Copy, Debug)]
struct Counts {
    /// What the client posted (RFC 8555 §6.2).
    requests: u64,
    /// Calls that may allocate memory.
    allocations: u64,
    /// Writes to files.
    writes: u64,
    /// Octets of these writes.
    octets_written: u64,
    /// Flushes of files to the disk.
    flushes: u64,
}

impl Counts {
    /// What the counter has; it knows no requests.
    fn read(shared: &Path) -> Self {
        let octets = fs::read(shared).unwrap();
        let (numbers, _) = octets.as_chunks();
        let [allocations, writes, octets_written, flushes] = numbers else { panic!("it has four numbers") };
        let number = |octets: &[u8; 8]| u64::from_ne_bytes(*octets);
        Self {
            requests: 0,
            allocations: number(allocations),
            writes: number(writes),
            octets_written: number(octets_written),
            flushes: number(flushes),
        }
    }

    /// What was counted since then, for each certificate.
    fn since(&self, before: &Self) -> Self {
        let each = |kind: fn(&Self) -> u64| (kind(self) - kind(before)).div_ceil(COUNTED.into());
        Self {
            requests: each(|counts| counts.requests),
            allocations: each(|counts| counts.allocations),
            writes: each(|counts| counts.writes),
            octets_written: each(|counts| counts.octets_written),
            flushes: each(|counts| counts.flushes),
        }
    }

    fn is_within(&self, most: &Self) -> bool {
        self.requests <= most.requests
            && self.allocations <= most.allocations
            && self.writes <= most.writes
            && self.octets_written <= most.octets_written
            && self.flushes <= most.flushes
    }
}

/// The number of signed requests in the log.
fn posts(server: &Server) -> u64 {
    server.log().lines().filter(|line| line.contains(r#""message":"POST /"#)).count().try_into().unwrap()
}

async fn build(counter: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/binary/counts.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O2", "-o"]).arg(counter).arg(source).stderr(Stdio::piped());
    let built = compiler.output().await.unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

/// A resolver for which every name has one address, 127.0.0.1; it ends on drop.
async fn resolver() -> (SocketAddr, JoinSet<()>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let mut answering = JoinSet::new();
    answering.spawn(async move {
        let mut query = [0; 512];
        loop {
            let (length, client) = socket.recv_from(&mut query).await.unwrap();
            let mut answer = query[..length].to_vec();
            // An answer with recursion (RFC 1035 §4.1.1), and an address if the question is for A.
            answer[2..4].copy_from_slice(&[0x81, 0x80]);
            if answer.ends_with(&[0, 1, 0, 1]) {
                answer[7] = 1;
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
            }
            socket.send_to(&answer, client).await.unwrap();
        }
    });
    (address, answering)
}

/// Certificates before anything is counted, and those that are.
const WARM: u32 = 20;
const COUNTED: u32 = 60;
/// More than was counted: a client that has to wait asks once more, and which pages of the file are
/// written depends on random keys.
const MOST: Counts = Counts { requests: 9, allocations: 4_300, writes: 17, octets_written: 45_000, flushes: 9 };
