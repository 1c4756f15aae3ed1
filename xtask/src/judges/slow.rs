//! slowhttptest against the host over TLS: thousands of connections that send headers or a body
//! slowly, read slowly, or ask for ranges, while another client goes on with its requests.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Outcome, host::Host};
use crate::{Error, progress, setup::Tools};

pub(super) fn run(_: &Tools) -> Result<Outcome, Error> {
    let mut host = Host::start("slow")?;
    let (mut faults, mut figures) = (Vec::new(), Vec::new());
    for (name, arguments) in ATTACKS {
        progress::say(&format!("judge slow: {name}, {SECONDS} s"));
        let attack = attack(&host, name, arguments)?;
        let Attack { connected, most, probes, slowest, failed } = &attack;
        figures.push(format!("{name}: {connected} connections, {most} at once, {probes} probes within {slowest} ms"));
        if *connected < AT_LEAST {
            faults.push(format!("{name}: there were only {connected} connections: nothing was tried"));
        }
        if *probes < AT_LEAST_PROBES || *failed > 0 {
            faults.push(format!("{name}: {probes} requests of another client were answered and {failed} were not"));
        }
        if *slowest > SLOWEST.as_millis() {
            faults.push(format!("{name}: a request of another client took {slowest} ms"));
        }
        faults.extend(host.faults());
    }
    let memory = host.peak_memory();
    if memory == 0 || memory > MOST_MEMORY {
        faults.push(format!("the host had {memory} MiB of memory; {MOST_MEMORY} are the bound"));
    }
    figures.push(format!("{memory} MiB of memory at most"));
    Ok(Outcome { figures: figures.join("; "), faults })
}

/// What an attack came to.
struct Attack {
    /// Connections over all.
    connected: u64,
    /// The most connections at the same time.
    most: u64,
    /// Requests of another client that were answered.
    probes: u64,
    /// The longest wait for an answer to one of them, in milliseconds.
    slowest: u128,
    /// Requests of another client that were not answered.
    failed: u64,
}

fn attack(host: &Host, name: &str, arguments: &[&str]) -> Result<Attack, Error> {
    let prefix = host.folder().join(name.replace(' ', "-"));
    let seconds = SECONDS.to_string();
    let common = ["-g", "-v", "1", "-c", CONNECTIONS, "-r", RATE, "-l", &seconds, "-p", "5", "-i", "2"];
    let mut command = Command::new("slowhttptest");
    command.args(common).args(arguments).arg("-u").arg(host.directory()).arg("-o").arg(&prefix);
    let log = prefix.with_extension("log");
    let file = fs::File::create(&log).map_err(|source| Error::File { path: log, source })?;
    let start = |source| Error::Start { command: "slowhttptest".to_owned(), source };
    let mut attacker = command.stdin(Stdio::null()).stdout(file).stderr(Stdio::null()).spawn().map_err(start)?;
    let (mut probes, mut failed, mut slowest) = (0, 0, 0);
    while attacker.try_wait().map_err(start)?.is_none() {
        let began = Instant::now();
        if probe(host) {
            probes += 1;
            slowest = slowest.max(began.elapsed().as_millis());
        } else {
            failed += 1;
        }
        thread::sleep(PAUSE);
    }
    let (connected, most) = statistics(&prefix.with_extension("csv"))?;
    Ok(Attack { connected, most, probes, slowest, failed })
}

/// A request of another client, from another address, on a new connection.
fn probe(host: &Host) -> bool {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--max-time", "10", "--interface", "127.0.0.9", "--cacert"]).arg(host.root());
    curl.args(["--output", "/dev/null"]).arg(host.directory());
    curl.stdin(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// How many connections there were over all, and at once, by the table of slowhttptest: seconds,
/// closed, pending, connected, and whether its own probe was answered.
fn statistics(csv: &Path) -> Result<(u64, u64), Error> {
    let text = fs::read_to_string(csv).map_err(|source| Error::File { path: csv.to_path_buf(), source })?;
    let column = |line: &str, number: usize| -> u64 {
        line.split(',').nth(number).and_then(|cell| cell.trim().parse().ok()).unwrap_or_default()
    };
    let rows = || text.lines().skip(1);
    let most = rows().map(|line| column(line, 3)).max().unwrap_or_default();
    let all = rows().last().map(|line| column(line, 1) + column(line, 3)).unwrap_or_default();
    Ok((all, most))
}

/// A name and the arguments of slowhttptest.
const ATTACKS: [(&str, &[&str]); 4] = [
    ("slow headers", &["-H", "-x", "24"]),
    ("slow body", &["-B", "-s", "65536", "-x", "32", "-f", "application/jose+json"]),
    ("slow read", &["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "10"]),
    ("ranges", &["-R", "-a", "10", "-b", "3000"]),
];

const CONNECTIONS: &str = "4000";
const RATE: &str = "400";
const SECONDS: u64 = 45;
const PAUSE: Duration = Duration::from_millis(100);

/// Fewer connections are no attack.
const AT_LEAST: u64 = 500;
const AT_LEAST_PROBES: u64 = 60;
/// The host is a debug build, on a machine that the attacker shares with it.
const SLOWEST: Duration = Duration::from_secs(8);
const MOST_MEMORY: u64 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_slowhttptest_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let table = "Seconds,Closed,Pending,Connected,Service Available\n0,0,1,0,9\n1,2,3,40,9\n2,30,0,20,9\n";
        fs::write(file.path(), table).unwrap();
        assert_eq!(statistics(file.path()).unwrap(), (50, 40));
    }
}
