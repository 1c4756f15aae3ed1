//! What a certificate costs: time, processor and memory, beside a peer, and over a long past.
//!
//! `cargo bench -p tests --bench issuance [-- [--full] [SECTION…]]`, where the sections are
//!
//! - `start`: from the start of the program to its first answer, and the memory of an idle one;
//! - `load`: one certificate after another by 1 to 32 clients, beside `pebble` when that is
//!   installed;
//! - `seam`: what the store is asked for;
//! - `stored`: the same load over a store with a short and with a long past.
//!
//! Without `--full` each step is short and the long past is not: good for a look at a change, not
//! for figures to be kept. The program under load is the release build, in a process of its own,
//! with its log going to a file and its store on the disk that holds `target`. `BENCH_BINARY` names
//! other programs to be measured in its place, separated by colons; `load` lets them take turns.

mod ca;
mod client;
mod connection;
mod floor;
mod load;
mod network;
mod preload;
mod process;

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use host::{Config, Host};
use rustls_pki_types::CertificateDer;
use tokio::time;

use self::{
    ca::{Ca, Endpoint},
    client::Client,
    connection::Failure,
    load::{Between, LoadResult},
    network::Network,
};

/// How much is done.
struct Scale {
    /// Starts on a new data folder.
    starts: usize,
    /// The time without requests before the memory is measured again.
    quiet: Duration,
    /// One step of a load.
    step: Duration,
    /// How often each step is repeated; the CAs take turns.
    rounds: usize,
    /// Certificates of the long past.
    past: usize,
}

const QUICK: Scale =
    Scale { starts: 3, quiet: Duration::from_secs(5), step: Duration::from_secs(2), rounds: 1, past: 20_000 };
const FULL: Scale =
    Scale { starts: 10, quiet: Duration::from_secs(60), step: Duration::from_secs(3), rounds: 4, past: 1_000_000 };

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let given: Vec<String> = env::args().skip(1).collect();
    if let Some(arguments) = floor::Arguments::read(&given)? {
        return floor::serve(arguments).await;
    }
    // `cargo test --benches` starts this program too, but should not run the benchmark.
    if !given.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let scale = if given.iter().any(|argument| argument == "--full") { FULL } else { QUICK };
    let sections: Vec<&String> = given.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |section: &str| sections.is_empty() || sections.iter().any(|wanted| *wanted == section);

    let binaries = ca::binaries();
    let binary = binaries.first().ok_or_else(|| Failure::new("BENCH_BINARY names nothing"))?;
    let network = Network::start().await?;
    if wanted("start") {
        start(binary, &network, &scale).await?;
    }
    if wanted("load") {
        beside_the_peer(&binaries, &network, &scale).await?;
    }
    if wanted("seam") {
        seam(&network, &scale).await?;
    }
    if wanted("stored") {
        over_a_past(binary, &network, &scale).await?;
    }
    Ok(())
}

async fn start(binary: &Path, network: &Network, scale: &Scale) -> Result<(), Failure> {
    println!("\n## Start and idle memory\n");
    let mut times = Vec::new();
    for _ in 0..scale.starts {
        let folder = ca::folder()?;
        times.push(Ca::serverless_acme(binary, network, &folder.path().join("data")).await?.started_in);
    }
    times.sort();
    println!("first answer with a new data folder: median {:.0?}", times[times.len() / 2]);
    println!("    of {} starts, slowest {:.0?}", times.len(), times[times.len() - 1]);

    let folder = ca::folder()?;
    let ca = Ca::serverless_acme(binary, network, &folder.path().join("data")).await?;
    println!("resident after the first answer: {:.1} MiB", mebibytes(&ca));
    time::sleep(scale.quiet).await;
    println!("resident after {:?} of quiet: {:.1} MiB", scale.quiet, mebibytes(&ca));
    let mut clients = load::clients(&ca, network, 32).await?;
    load::run(&ca, &mut clients, 32, scale.step, Between::Nothing).await;
    drop(clients);
    time::sleep(scale.quiet).await;
    println!("resident after a load and {:?} of quiet: {:.1} MiB", scale.quiet, mebibytes(&ca));
    Ok(())
}

async fn beside_the_peer(binaries: &[PathBuf], network: &Network, scale: &Scale) -> Result<(), Failure> {
    println!("\n## Certificates by the number of clients\n");
    let (folder, memory) = (ca::folder()?, ca::folder_in_memory());
    let mut cas = Vec::new();
    for (number, binary) in binaries.iter().enumerate() {
        let ca = Ca::serverless_acme(binary, network, &folder.path().join(format!("data-{number}"))).await?;
        cas.push(warm(ca, network, scale).await?);
    }
    if let (Some(memory), Some(binary)) = (&memory, binaries.first()) {
        let mut ca = Ca::serverless_acme(binary, network, &memory.path().join("data")).await?;
        ca.name.push_str(", in memory");
        cas.push(warm(ca, network, scale).await?);
    }
    cas.push(warm(Ca::floor(network, folder.path()).await?, network, scale).await?);
    LoadResult::print_head();
    let mut ratios = Vec::new();
    for (number, between) in STEPS {
        let mut outcomes = vec![LoadResult::default(); cas.len()];
        let mut peer = Some(LoadResult::default());
        for _ in 0..scale.rounds {
            take_turn(&mut cas, &mut outcomes, number, between, scale).await;
            if let Some(sum) = peer {
                peer = beside(sum, number, between, network, scale).await?;
            }
        }
        let names = cas.iter().map(|(ca, _)| ca.name.as_str()).chain(["pebble"]);
        let measured: Vec<_> = names.zip(outcomes.iter().chain(&peer)).collect();
        for (name, outcome) in &measured {
            outcome.print(&between.label(name));
        }
        if let [(_, ours), others @ ..] = &measured[..] {
            ratios.extend(others.iter().map(|(name, other)| ratio(&between.label(name), number, ours, other)));
        }
    }
    for (ca, _) in &cas {
        println!("{} now holds {:.1} MiB", ca.name, mebibytes(ca));
    }
    println!("\nThe first program, as parts of the others:\n");
    println!("| {:30} | clients | scaled server time | server time | certificates a second |", "");
    println!("|{:-<32}|{}", "", "---:|".repeat(4));
    ratios.iter().for_each(|ratio| println!("{ratio}"));
    Ok(())
}

/// A row that compares two results of the same step.
fn ratio(name: &str, clients: usize, ours: &LoadResult, other: &LoadResult) -> String {
    let (scaled, raw) = (ours.scaled() / other.scaled(), ours.server_ms() / other.server_ms());
    format!("| {name:30} | {clients:>7} | {scaled:>18.2} | {raw:>11.2} | {:>21.2} |", ours.rate() / other.rate())
}

/// A step of the peer, if it is installed. It starts with an empty peer each time: the peer
/// searches all of its objects for each order, and the more objects and clients it has, the more
/// likely it stops answering for good. A step in which that happens is repeated, a limited number
/// of times.
async fn beside(
    sum: LoadResult,
    number: usize,
    between: Between,
    network: &Network,
    scale: &Scale,
) -> Result<Option<LoadResult>, Failure> {
    for _ in 0..PATIENCE_WITH_PEER {
        let folder = ca::folder()?;
        let Some(peer) = Ca::pebble(network, folder.path()).await? else { return Ok(None) };
        let (peer, mut clients) = warm(peer, network, scale).await?;
        let outcome = load::run(&peer, &mut clients, number, scale.step, between).await;
        match outcome.failures() {
            None => return Ok(Some(sum.plus(outcome))),
            Some(failures) => println!("(the peer, {number} clients: {failures}; once more)"),
        }
    }
    Ok(None)
}

/// The CA with its clients, after each of them has obtained a certificate.
async fn warm(ca: Ca, network: &Network, scale: &Scale) -> Result<(Ca, Vec<Client>), Failure> {
    let mut clients = load::clients(&ca, network, MAX_CLIENTS).await?;
    load::run(&ca, &mut clients, 4, scale.step / 4, Between::Nothing).await;
    Ok((ca, clients))
}

async fn seam(network: &Network, scale: &Scale) -> Result<(), Failure> {
    println!("\n## The store, for each certificate\n");
    println!("| {:>7} | {:>6} | {:>6} | {:>7} |", "clients", "reads", "writes", "commits");
    println!("|{}", "-------:|".repeat(4));
    let folder = ca::folder()?;
    let mut config = Config::new(folder.path().join("data"));
    config.listen.set_port(0);
    config.status_listen.set_port(0);
    config.dns_resolver = Some(network.dns);
    config.http_port = network.http_port;
    let host = Host::start(config).await?;
    let directory = host.directory_url(&"default".parse()?);
    let endpoint = Endpoint { directory, root: CertificateDer::from(host.root().der().to_vec()) };
    for number in [1, MAX_CLIENTS] {
        let mut clients = Vec::new();
        for _ in 0..number {
            clients.push(Client::register(&endpoint, network).await?);
        }
        let before = host.store().counts();
        let outcome = load::all(clients, scale.step, Between::Nothing).await.1;
        let after = host.store().counts();
        let made = outcome.made() as f64;
        println!(
            "| {number:>7} | {:>6.2} | {:>6.2} | {:>7.2} |",
            (after.reads - before.reads) as f64 / made,
            (after.writes - before.writes) as f64 / made,
            (after.commits - before.commits) as f64 / made,
        );
    }
    host.stop().await;
    Ok(())
}

async fn over_a_past(binary: &Path, network: &Network, scale: &Scale) -> Result<(), Failure> {
    println!("\n## Over a short and over a long past\n");
    let folder = ca::folder()?;
    let mut cas = Vec::new();
    for past in [1_000, scale.past] {
        let data = folder.path().join(past.to_string());
        preload::fill(&data, past).await?;
        let ca = Ca::serverless_acme(binary, network, &data).await?;
        println!("    first answer after {:.0?}, resident {:.1} MiB", ca.started_in, mebibytes(&ca));
        cas.push(warm(ca, network, scale).await?);
    }
    println!();
    LoadResult::print_head();
    for number in [1, MAX_CLIENTS] {
        let mut outcomes = vec![LoadResult::default(); cas.len()];
        for _ in 0..scale.rounds {
            take_turn(&mut cas, &mut outcomes, number, Between::Nothing, scale).await;
        }
        for (past, outcome) in [1_000, scale.past].into_iter().zip(&outcomes) {
            outcome.print(&format!("over {past}"));
        }
    }
    for (ca, _) in &cas {
        println!("resident at the end: {:.1} MiB", mebibytes(ca));
    }
    Ok(())
}

/// Runs the same step for each of the CAs, in many short turns, so that other load on the machine
/// affects all of them alike.
async fn take_turn(
    cas: &mut [(Ca, Vec<Client>)],
    outcomes: &mut [LoadResult],
    number: usize,
    between: Between,
    scale: &Scale,
) {
    for ((ca, clients), outcome) in cas.iter_mut().zip(outcomes) {
        let more = load::run(ca, clients, number, scale.step, between).await;
        if let Some(failures) = more.failures() {
            println!("({}, {number} clients: {failures})", ca.name);
        }
        *outcome = std::mem::take(outcome).plus(more);
    }
}

fn mebibytes(ca: &Ca) -> f64 {
    ca.usage().resident as f64 / 1024.0
}

const MAX_CLIENTS: usize = 32;
const STEPS: [(usize, Between); 8] = [
    (1, Between::Nothing),
    (2, Between::Nothing),
    (4, Between::Nothing),
    (8, Between::Nothing),
    (16, Between::Nothing),
    (MAX_CLIENTS, Between::Nothing),
    (1, Between::Reconnect),
    (MAX_CLIENTS, Between::Reconnect),
];
const PATIENCE_WITH_PEER: usize = 3;
