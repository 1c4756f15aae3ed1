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

    /// Prints the head of the table.
    pub(crate) fn print_head() {
        println!(
            "| {:30} | {:>7} | {:>6} | {:>6} | {:>7} | {:>8} | {:>8} | {:>9} | {:>9} | {:>7} | {:>7} |",
            "", "clients", "made", "errors", "per s", "p50 ms", "p95 ms", "server ms", "client ms", "cores", "posts"
        );
        println!("|{:-<32}|{}", "", "--------:|".repeat(10));
    }

    /// Prints a row of the table. CPU times are per certificate; cores are the number that the
    /// server kept busy.
    pub(crate) fn print(&self, what: &str) {
        println!(
            "| {what:30} | {:>7} | {:>6} | {:>6} | {:>7.1} | {:>8.1} | {:>8.1} | {:>9.2} | {:>9.2} | {:>7.2} | {:>7.2} |",
            self.clients,
            self.times.len(),
            self.failures.len(),
            self.rate(),
            self.percentile(50),
            self.percentile(95),
            self.server_ms(),
            self.each(self.bench),
            self.server.as_secs_f64() / self.wall.as_secs_f64(),
            f64::from(self.posts) / self.times.len() as f64,
        );
    }

    fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e3 / self.times.len() as f64
    }
}
