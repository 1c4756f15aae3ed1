//! Many clients at once, and what became of them.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{ca::Ca, client::Client, connection::Failure, network::Network, process::Usage};

/// What clients do between two certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Between {
    /// Nothing.
    Nothing,
    /// They open a new connection.
    Reconnect,
}

impl Between {
    /// What a CA is called in a table of steps.
    pub(crate) fn label(self, ca: &str) -> String {
        match self {
            Self::Nothing => ca.to_owned(),
            Self::Reconnect => format!("{ca}, reconnecting"),
        }
    }
}

/// The outcome of a load; of several, when they are added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
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

/// Lets the first `number` of the clients obtain certificates for so long.
pub(crate) async fn run(
    ca: &Ca,
    clients: &mut Vec<Client>,
    number: usize,
    how_long: Duration,
    between: Between,
) -> Outcome {
    let before = ca.usage().cpu;
    let (back, outcome) = all(clients.drain(..number).collect(), how_long, between).await;
    clients.splice(..0, back);
    Outcome { server: ca.usage().cpu - before, ..outcome }
}

/// Lets the clients obtain certificates for so long.
pub(crate) async fn all(clients: Vec<Client>, how_long: Duration, between: Between) -> (Vec<Client>, Outcome) {
    let (began, own) = (Instant::now(), Usage::own().cpu);
    let number = clients.len();
    let running: JoinSet<_> = clients.into_iter().map(|client| work(client, began + how_long, between)).collect();
    let (clients, parts): (Vec<_>, Vec<_>) = running.join_all().await.into_iter().unzip();
    let whole = parts.into_iter().fold(Outcome::default(), Outcome::plus);
    (clients, Outcome { clients: number, wall: began.elapsed(), bench: Usage::own().cpu - own, ..whole })
}

async fn work(mut client: Client, until: Instant, between: Between) -> (Client, Outcome) {
    let mut outcome = Outcome::default();
    // The server may have closed the connection while others had their turn.
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

impl Outcome {
    /// Both together.
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

    /// Certificates that were made.
    pub(crate) fn made(&self) -> usize {
        self.times.len()
    }

    /// Certificates for each second.
    pub(crate) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.wall.as_secs_f64()
    }

    /// The server's time on a processor for each certificate, in milliseconds.
    pub(crate) fn server_ms(&self) -> f64 {
        self.each(self.server)
    }

    /// So many percent of the certificates were made within this time, in milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut times = self.times.clone();
        times.sort();
        let time = times.get(times.len() * percent / 100).copied().unwrap_or_default();
        time.as_secs_f64() * 1e3
    }

    /// The certificates that were not made, and why the first was not.
    pub(crate) fn failures(&self) -> Option<String> {
        let first = self.failures.first()?;
        Some(format!("{} failures, the first: {first:.200}", self.failures.len()))
    }

    /// The head of the table.
    pub(crate) fn print_head() {
        println!(
            "| {:30} | {:>7} | {:>6} | {:>6} | {:>7} | {:>8} | {:>8} | {:>9} | {:>9} | {:>7} | {:>7} |",
            "", "clients", "made", "errors", "per s", "p50 ms", "p95 ms", "server ms", "client ms", "cores", "posts"
        );
        println!("|{:-<32}|{}", "", "--------:|".repeat(10));
    }

    /// A row of the table. Times on processors are for each certificate; cores are those that the
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
