//! Connections: accepted, counted, served, and completed when the process stops.

use std::{io, sync::Arc, time::Duration};

use api::{MAX_BODY_LEN, RequestId};
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time,
};
use tokio_rustls::TlsAcceptor;

use crate::{host_header, prompt_stream::PromptStream};

/// The transport of a listener.
#[derive(Clone)]
pub enum Transport {
    /// TCP without TLS.
    Plain,
    /// TLS over TCP.
    Tls(TlsAcceptor),
}

/// Serves connections until `stop` becomes true, and then completes the requests in progress.
pub async fn serve<F, Fut>(listener: TcpListener, transport: Transport, mut stop: watch::Receiver<bool>, answer: F)
where
    F: Fn(Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        // The permit is acquired before the connection is accepted, so that waiting connections
        // stay in the queue of the system.
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, place)) => {
                let (transport, answer, watcher) = (transport.clone(), answer.clone(), graceful.watcher());
                connections.spawn(async move {
                    let _place = place;
                    if let Err(error) = serve_stream(stream, transport, watcher, answer).await {
                        tracing::debug!(%error, "a connection ended early");
                    }
                });
            }
            // Usually too many open files; other connections will close.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    // A client that neither finishes nor disconnects must not delay the stop.
    drop(time::timeout(PATIENCE_AT_STOP, graceful.shutdown()).await);
}

/// A request with its complete body, in a span for the log; `None` if the body does not arrive in
/// time.
pub(crate) async fn collect(request: Request<Incoming>, id: String) -> Option<api::Request> {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(RequestId(id));
    let body = time::timeout(BODY_TIMEOUT, read(body)).await.ok()?;
    Some(Request::from_parts(parts, body))
}

/// The answer to a request whose body does not arrive in time.
pub(crate) fn too_slow() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    Ok((listener.accept().await?.0, place))
}

/// Reads a body up to one octet more than the limit, which shows that it is too large. A limited
/// amount of what follows is read and discarded, so that the client reads the answer.
async fn read(mut body: Incoming) -> Bytes {
    let mut read = BytesMut::new();
    let mut dropped = 0;
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        let room = (MAX_BODY_LEN + 1).saturating_sub(read.len()).min(data.len());
        read.extend_from_slice(data.get(..room).unwrap_or_default());
        dropped += data.len() - room;
        if dropped > MAX_DROPPED {
            break;
        }
    }
    read.freeze()
}

async fn serve_stream<F, Fut>(
    stream: TcpStream,
    transport: Transport,
    watcher: Watcher,
    answer: F,
) -> Result<(), EndedEarly>
where
    F: Fn(Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    let stream = PromptStream::new(stream)?;
    match transport {
        Transport::Plain => serve_connection(stream, Protocol::Http1, watcher, answer).await,
        Transport::Tls(acceptor) => {
            let stream = time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await??;
            let protocol = match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => Protocol::Http2,
                _ => Protocol::Http1,
            };
            serve_connection(stream, protocol, watcher, answer).await
        }
    }
}

/// The protocol of a connection; negotiated before its first octet, never guessed.
enum Protocol {
    Http1,
    Http2,
}

async fn serve_connection<S, F, Fut>(
    stream: S,
    protocol: Protocol,
    watcher: Watcher,
    answer: F,
) -> Result<(), EndedEarly>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = answer.clone();
        // A separate task, so that a client that disconnects does not interrupt its request.
        let answered = tokio::spawn(async move {
            if host_header::is_acceptable(&request) { answer(request).await } else { host_header::refusal() }
        });
        async move { answered.await.map(|response| response.map(Full::new)) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
    };
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE_TIMEOUT).max_buf_size(64 * 1024);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(IDLE_TIMEOUT).max_concurrent_streams(128);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    watcher.watch(connection.into_owned()).await
}

/// The reason for which a connection ended; usually the client.
type EndedEarly = Box<dyn std::error::Error + Send + Sync>;

const MAX_CONNECTIONS: usize = 4096;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const PATIENCE_AT_STOP: Duration = Duration::from_secs(10);
const MAX_DROPPED: usize = 16 << 20;
