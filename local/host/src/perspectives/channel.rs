//! Questions over HTTP/2 and mutual TLS, on connections that they share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use acme::{Identifier, UrlBase, UrlScheme};
use async_trait::async_trait;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::Bytes,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use perspective::{Channel, ChannelError, MAX_MESSAGE, Member};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;
use validation::{Rules, dial};

use super::primary::PATH;
use crate::{StartError, config::local_networks};

/// The process of one perspective.
pub(super) struct HttpsChannel {
    connector: Arc<Connector>,
    /// The first one that has room carries a question, so that most often there is only one.
    slots: [Slot; CONNECTIONS],
}

/// How a connection is made.
struct Connector {
    host: String,
    port: u16,
    url: String,
    name: ServerName<'static>,
    rules: Rules,
    tls: Arc<ClientConfig>,
}

/// The place of one connection.
#[derive(Default)]
struct Slot {
    connection: Arc<Mutex<Option<Connection>>>,
    under_way: AtomicUsize,
}

/// An open connection, shared by the questions that are on their way.
#[derive(Clone)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
}

impl HttpsChannel {
    /// The channel to a perspective of the file, which was checked.
    pub(super) fn new(member: &Member, tls: Arc<ClientConfig>) -> Result<Self, StartError> {
        let base = UrlBase::parse(member.url.as_deref().unwrap_or_default(), UrlScheme::Https)?;
        let (name, host) = match base.host() {
            Identifier::Ip(address) if address.is_ipv6() => (ServerName::from(*address), format!("[{address}]")),
            Identifier::Ip(address) => (ServerName::from(*address), address.to_string()),
            host @ (Identifier::Dns(_) | Identifier::Wildcard(_)) => {
                let host = host.to_string();
                let name = ServerName::try_from(host.clone());
                (name.map_err(|error| rustls::Error::General(error.to_string()))?, host)
            }
        };
        // A perspective is where its operator put it, so private networks are as good as others.
        let rules = Rules { allowed_networks: local_networks(), ..Rules::default() };
        let authority = base.as_str().trim_start_matches("https://").split('/').next().unwrap_or_default();
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(HTTPS_PORT);
        let url = format!("https://{authority}{PATH}");
        let connector = Arc::new(Connector { host, port, url, name, rules, tls });
        Ok(Self { connector, slots: Default::default() })
    }
}

#[async_trait]
impl Channel for HttpsChannel {
    async fn exchange(&self, question: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let has_room = |slot: &&Slot| slot.under_way.load(Ordering::Relaxed) < QUESTIONS;
        let [first, ..] = &self.slots;
        let slot = self.slots.iter().find(has_room).unwrap_or(first);
        let _counted = Counted::new(&slot.under_way);
        let connection = self.connector.connection(slot).await?;
        match self.connector.ask(&connection, question).await {
            Ok(answer) => Ok(answer),
            Err(Unanswered::Answer(error)) => Err(error),
            // It may have ended a moment ago. The same question may be asked twice.
            Err(Unanswered::Connection(_)) => {
                slot.forget(&connection).await;
                let connection = self.connector.connection(slot).await?;
                self.connector.ask(&connection, question).await.map_err(Unanswered::into)
            }
        }
    }
}

impl Connector {
    /// The open connection of the slot, or a new one. It is made in a task of its own, so that a
    /// slow perspective has its connection when the next question comes, although this one did not
    /// wait; those who need it at the same time wait for the same.
    async fn connection(self: &Arc<Self>, slot: &Slot) -> Result<Connection, ChannelError> {
        let mut open = slot.connection.clone().lock_owned().await;
        if let Some(connection) = open.as_ref().filter(|connection| connection.is_good()) {
            return Ok(connection.clone());
        }
        let connector = self.clone();
        let connecting = tokio::spawn(async move {
            let connection = timeout(PATIENCE, connector.connect()).await.map_err(failed)??;
            *open = Some(connection.clone());
            Ok(connection)
        });
        connecting.await.map_err(failed)?
    }

    async fn connect(&self) -> Result<Connection, ChannelError> {
        let stream = dial(&self.rules, &self.host, self.port).await.map_err(failed)?.stream;
        // Each answer is bounded, and the connection has many.
        let stream = stream.into_inner();
        let stream = TlsConnector::from(self.tls.clone()).connect(self.name.clone(), stream).await.map_err(failed)?;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        // A connection that a network forgot is found within ten seconds.
        builder.timer(TokioTimer::new()).keep_alive_interval(ALIVE).keep_alive_timeout(ALIVE);
        builder.keep_alive_while_idle(true);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
        // Its errors are those of the questions. It ends in any case, whatever the other side does.
        tokio::spawn(async move { drop(timeout(LIFETIME + PATIENCE, connection).await) });
        Ok(Connection { sender, since: Instant::now() })
    }

    async fn ask(&self, connection: &Connection, question: &[u8]) -> Result<Vec<u8>, Unanswered> {
        let request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::copy_from_slice(question)))
            .map_err(|error| Unanswered::Answer(failed(error)))?;
        let answer = connection.sender.clone().send_request(request).await;
        let answer = answer.map_err(|error| Unanswered::Connection(failed(error)))?;
        if answer.status() != StatusCode::OK {
            return Err(Unanswered::Answer(ChannelError(format!("it answered {}", answer.status()))));
        }
        let body = Limited::new(answer.into_body(), MAX_MESSAGE).collect().await;
        let body = body.map_err(|error| Unanswered::Answer(ChannelError(error.to_string())))?;
        Ok(body.to_bytes().to_vec())
    }
}

impl Slot {
    /// Forgets this connection, unless another one has taken its place.
    async fn forget(&self, connection: &Connection) {
        let mut open = self.connection.lock().await;
        if open.as_ref().is_some_and(|present| present.since == connection.since) {
            *open = None;
        }
    }
}

impl Connection {
    /// Whether another question may use it. It ends after a while, so that renewed certificates of
    /// both sides are shown.
    fn is_good(&self) -> bool {
        !self.sender.is_closed() && self.since.elapsed() < LIFETIME
    }
}

/// Why a question has no answer.
enum Unanswered {
    /// The connection ended.
    Connection(ChannelError),
    /// The perspective answered something else.
    Answer(ChannelError),
}

impl From<Unanswered> for ChannelError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Connection(error) | Unanswered::Answer(error) => error,
        }
    }
}

/// A question that is on its way.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(number: &'a AtomicUsize) -> Self {
        number.fetch_add(1, Ordering::Relaxed);
        Self(number)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn failed(error: impl std::error::Error) -> ChannelError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    ChannelError(format!("{error}{cause}"))
}

const HTTPS_PORT: u16 = 443;
/// To one perspective; with [`QUESTIONS`] for each, they carry as many as a host validates at once.
const CONNECTIONS: usize = 8;
/// As many as the listener of a perspective works on at once for one connection.
const QUESTIONS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(12);
const ALIVE: Duration = Duration::from_secs(5);
const LIFETIME: Duration = Duration::from_secs(600);
