//! Many clients at once, and their results.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{ca::Ca, client::Client, connection::Failure, network::Network, process::Usage};

/// What clients do between two certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// They keep their connection.
    Nothing,
    /// They open a new connection.
    Reconnect,
}

impl Between {
    /// The name of a CA in the table of steps.
    pub(crate) fn label(self, ca: &str) -> String {
        match self {
            Self::Nothing => ca.to_owned(),
            Self::Reconnect => format!("{ca}, reconnecting"),
        }
    }
}

/// The result of a load, or the sum of several.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoadResult {
    clients: usize,
    times: Vec<Duration>,
    posts: u32,
    failures: Vec<String>,
    wall: Duration,
    server: Duration,
    bench: Duration,
}

/// Clients of a CA, each with an account.
pub(crate) async fn clients(ca: &Ca, network: &Network, number: usize) -> Result<Vec<Client>, Failure> {
    let mut clients = Vec::with_capacity(number);
    for _ in 0..number {
        clients.push(Client::register(&ca.endpoint, network).await?);
    }
    Ok(clients)
}

/// Lets the first `number` clients obtain certificates for `how_long`.
pub(crate) async fn run(
    ca: &Ca,
    clients: &mut Vec<Client>,
    number: usize,
    how_long: Duration,
    between: Between,
) -> LoadResult {
    let before = ca.usage().cpu;
    let (back, outcome) = all(clients.drain(..number).collect(), how_long, between).await;
    clients.splice(..0, back);
    LoadResult { server: ca.usage().cpu - before, ..outcome }
}

/// Lets the clients obtain certificates for `how_long`.
pub(crate) async fn all(clients: Vec<Client>, how_long: Duration, between: Between) -> (Vec<Client>, LoadResult) {
    let (began, own) = (Instant::now(), Usage::own().cpu);
    let number = clients.len();
    let running: JoinSet<_> = clients.into_iter().map(|client| work(client, began + how_long, between)).collect();
    let (clients, parts): (Vec<_>, Vec<_>) = running.join_all().await.into_iter().unzip();
    let whole = parts.into_iter().fold(LoadResult::default(), LoadResult::plus);
    (clients, LoadResult { clients: number, wall: began.elapsed(), bench: Usage::own().cpu - own, ..whole })
}

async fn work(mut client: Client, until: Instant, between: Between) -> (Client, LoadResult) {
    let mut outcome = LoadResult::default();
    // The server may have closed the connection while other clients had their turn.
    if let Err(failure) = client.reconnect().await {
        outcome.failures.push(failure.to_string());
    }
    while Instant::now() < until {
        let mut done = client.certificate().await;
        if between == Between::Reconnect || done.is_err() {
            done = client.reconnect().await.and(done);
        }
        match done {
            Ok(sample) => {
                outcome.times.push(sample.elapsed);
                outcome.posts += sample.posts;
            }
            Err(failure) => outcome.failures.push(failure.to_string()),
        }
    }
    (client, outcome)
}

impl LoadResult {
    /// The sum of both.
    pub(crate) fn plus(mut self, other: Self) -> Self {
        self.times.extend(other.times);
        self.failures.extend(other.failures);
        Self {
            clients: self.clients.max(other.clients),
            posts: self.posts + other.posts,
            wall: self.wall + other.wall,
            server: self.server + other.server,
            bench: self.bench + other.bench,
            ..self
        }
    }

    /// The number of certificates.
    pub(crate) fn made(&self) -> usize {
        self.times.len()
    }

    /// The number of certificates per second.
    pub(crate) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.wall.as_secs_f64()
    }

    /// The CPU time of the server per certificate, in milliseconds.
    pub(crate) fn server_ms(&self) -> f64 {
        self.each(self.server)
    }

    /// The time within which that percentage of the certificates was obtained, in milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut times = self.times.clone();
        times.sort();
        let time = times.get(times.len() * percent / 100).copied().unwrap_or_default();
        time.as_secs_f64() * 1e3
    }

    /// The number of certificates that failed, and the reason of the first; `None` if there were
    /// none.
    pub(crate) fn failures(&self) -> Option<String> {
        let first = self.failures.first()?;
        Some(format!("{} failures, the first: {first:.200}", self.failures.len()))
    }

    /// The CPU time of the server per certificate, as a multiple of what the client needs for one
    /// request. The client does the same work for each, so that this does not follow the speed
    /// that the machine happens to have.
    pub(crate) fn scaled(&self) -> f64 {
        self.server_ms() / (self.bench.as_secs_f64() * 1e3 / f64::from(self.posts))
    }

    /// The number of certificates per second for each core that the server kept busy.
    fn rate_per_core(&self) -> f64 {
        self.times.len() as f64 / self.server.as_secs_f64()
    }

    /// Prints the head of the table.
    pub(crate) fn print_head() {
        print!("| {:30} |", "");
        COLUMNS.iter().for_each(|column| print!(" {:>9} |", column.name));
        println!("\n|{:-<32}|{}", "", "----------:|".repeat(COLUMNS.len()));
    }

    /// Prints a row of the table. CPU times and requests are per certificate.
    pub(crate) fn print(&self, what: &str) {
        print!("| {what:30} |");
        COLUMNS.iter().for_each(|column| print!(" {:>9} |", (column.figure)(self)));
        println!();
    }

    fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e3 / self.times.len() as f64
    }
}

/// A column of the table.
struct Column {
    name: &'static str,
    figure: fn(&LoadResult) -> String,
}

/// The columns after the name of the CA.
const COLUMNS: [Column; 11] = [
    Column { name: "clients", figure: |load| load.clients.to_string() },
    Column { name: "made", figure: |load| load.times.len().to_string() },
    Column { name: "errors", figure: |load| load.failures.len().to_string() },
    Column { name: "per s", figure: |load| format!("{:.1}", load.rate()) },
    Column { name: "p50 ms", figure: |load| format!("{:.1}", load.percentile(50)) },
    Column { name: "p99 ms", figure: |load| format!("{:.1}", load.percentile(99)) },
    Column { name: "server ms", figure: |load| format!("{:.2}", load.server_ms()) },
    Column { name: "client ms", figure: |load| format!("{:.2}", load.each(load.bench)) },
    Column { name: "scaled", figure: |load| format!("{:.2}", load.scaled()) },
    Column { name: "per core", figure: |load| format!("{:.1}", load.rate_per_core()) },
    Column { name: "posts", figure: |load| format!("{:.2}", f64::from(load.posts) / load.times.len() as f64) },
];
