//! Connections: accepted, counted, served, and completed when the process stops.

use std::{convert::Infallible, future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use api::{ClientAddress, MAX_BODY_LEN};
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    host_header,
    places::{Places, Taken},
    prompt_stream::PromptStream,
    trusted_proxies::TrustedProxies,
    uninterrupted::Uninterrupted,
};

/// The transport of a listener.
#[derive(Clone)]
pub enum Transport {
    /// TCP without TLS.
    Plain,
    /// TLS over TCP.
    Tls(TlsAcceptor),
}

/// Serves that many connections at once until `stop` becomes true, and then completes the requests
/// in progress. A request is answered when its whole body is there, and has the address of its
/// client as an extension: that of its connection, or what one of these proxies says.
pub async fn serve<F, Fut>(
    listener: TcpListener,
    places: usize,
    proxies: TrustedProxies,
    transport: Transport,
    mut stop: watch::Receiver<bool>,
    answer: F,
) where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    let places = Places::new(places, proxies);
    let mut connections = JoinSet::new();
    let stopped = stop.clone();
    loop {
        // The permit is acquired before the connection is accepted, so that waiting connections
        // stay in the queue of the system.
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer, permit)) => {
                let (transport, answer, stop) = (transport.clone(), answer.clone(), stopped.clone());
                let place = places.take(permit, peer.ip());
                connections.spawn(async move {
                    let taken = place.taken();
                    if let Err(error) = serve_stream(stream, transport, &taken, stop, answer).await {
                        tracing::debug!(%error, "a connection ended early");
                    }
                });
            }
            // Usually too many open files.
            Err(error) => {
                places.warn(&format!("a connection could not be accepted ({error})"));
                places.make_room();
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    // A client that neither finishes nor disconnects must not delay the stop.
    drop(time::timeout(PATIENCE_AT_STOP, async { while connections.join_next().await.is_some() {} }).await);
}

/// A request with its complete body; `None` if that does not arrive in time.
async fn collect(request: Request<Incoming>) -> Option<Request<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = time::timeout(BODY_TIMEOUT, read(body)).await.ok()??;
    Some(Request::from_parts(parts, body))
}

/// The answer to a request whose body does not arrive in time.
fn too_slow() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Places>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = places.permit().await.ok_or_else(|| io::Error::other("there are no places"))?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
}

/// Reads a body up to one octet more than the limit, which shows that it is too large. A limited
/// amount of what follows is read and discarded, so that the client reads the answer. `None` if the
/// body breaks off.
async fn read(mut body: Incoming) -> Option<Bytes> {
    let mut read = BytesMut::new();
    let mut dropped = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        let room = (MAX_BODY_LEN + 1).saturating_sub(read.len()).min(data.len());
        read.extend_from_slice(data.get(..room).unwrap_or_default());
        dropped += data.len() - room;
        if dropped > MAX_DROPPED {
            break;
        }
    }
    Some(read.freeze())
}

async fn serve_stream<F, Fut>(
    stream: TcpStream,
    transport: Transport,
    taken: &Arc<Taken>,
    stop: watch::Receiver<bool>,
    answer: F,
) -> Result<(), EndedEarly>
where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    let stream = PromptStream::new(stream)?;
    match transport {
        Transport::Plain => serve_connection(stream, Protocol::Http1, taken, stop, answer).await,
        Transport::Tls(acceptor) => {
            let stream = tokio::select! {
                stream = time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)) => stream??,
                () = taken.leave() => return Err(PLACE_NEEDED.into()),
            };
            let protocol = match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => Protocol::Http2,
                _ => Protocol::Http1,
            };
            serve_connection(stream, protocol, taken, stop, answer).await
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
    taken: &Arc<Taken>,
    mut stop: watch::Receiver<bool>,
    answer: F,
) -> Result<(), EndedEarly>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    let running = Arc::new(Semaphore::new(MAX_RUNNING));
    let service = service_fn(|request| {
        let (answer, running, taken) = (answer.clone(), running.clone(), taken.clone());
        async move {
            // A client that resets its streams does not end its requests, so they are counted, too.
            let permit = running.acquire_owned().await;
            // A client that disconnects does not interrupt its request.
            let answered = Uninterrupted::new(async move {
                let _held = permit;
                if !host_header::is_acceptable(&request) {
                    return host_header::refusal();
                }
                // Until its body is there, a request keeps no place from others.
                let asked = taken.ask(request.headers());
                let Some(mut request) = collect(request).await else { return too_slow() };
                request.extensions_mut().insert(ClientAddress(asked.client()));
                let _run = taken.run();
                answer(request).await
            });
            Ok::<_, Infallible>(answered.await.map(Full::new))
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
    };
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE_TIMEOUT).max_buf_size(64 * 1024);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(IDLE_TIMEOUT).max_concurrent_streams(128);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let patience = tokio::select! {
        ended = connection.as_mut() => return ended,
        () = taken.leave() => taken.is_running().then_some(PATIENCE_TO_LEAVE),
        _ = stop.wait_for(|stop| *stop) => Some(PATIENCE_AT_STOP),
    };
    // HTTP/2: GOAWAY; HTTP/1.1: closed after the answer under way.
    connection.as_mut().graceful_shutdown();
    match patience {
        Some(patience) => time::timeout(patience, connection).await?,
        // What a slow client has not sent yet is not waited for: others wait for the place.
        None => tokio::select! {
            biased;
            ended = connection => ended,
            () = future::ready(()) => Err(PLACE_NEEDED.into()),
        },
    }
}

/// The reason for which a connection ended; usually the client.
type EndedEarly = Box<dyn std::error::Error + Send + Sync>;

/// Requests of one HTTP/2 connection that are worked on at the same time.
const MAX_RUNNING: usize = 64;
const PLACE_NEEDED: &str = "its place was needed";
/// For the answers under way on a connection whose place is needed.
const PATIENCE_TO_LEAVE: Duration = Duration::from_secs(1);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const PATIENCE_AT_STOP: Duration = Duration::from_secs(10);
const MAX_DROPPED: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hyper::client::conn::http2;
    use tokio::{
        io::{self, AsyncWriteExt},
        task,
    };

    use super::*;

    #[tokio::test]
    async fn the_requests_of_a_connection_are_bounded_although_it_resets_them() {
        let running = Arc::new(AtomicUsize::new(0));
        let counter = running.clone();
        let answer = move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            future::pending::<Response<Bytes>>()
        };
        let places = Places::new(1, TrustedProxies::default());
        let place = places.take(places.permit().await.unwrap(), "192.0.2.1".parse().unwrap());
        let (_stop, stopped) = watch::channel(false);
        let (near, far) = io::duplex(64 * 1024);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            drop(serve_connection(far, Protocol::Http2, &place.taken(), stopped, answer).await);
        });
        let (client, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(near)).await.unwrap();
        tasks.spawn(async move { drop(connection.await) });
        for _ in 0..3 {
            let mut requests = JoinSet::new();
            for _ in 0..100 {
                let request = Request::get("https://localhost/").body(Full::new(Bytes::new())).unwrap();
                requests.spawn(client.clone().send_request(request));
            }
            // Both ends are tasks of this thread, so that all is done that can be done.
            for _ in 0..1000 {
                task::yield_now().await;
            }
            requests.shutdown().await;
        }
        assert_eq!(running.load(Ordering::SeqCst), MAX_RUNNING);
    }

    /// Were they waited for, a thousand of them would keep others out for minutes.
    #[tokio::test]
    async fn a_client_that_sends_slowly_leaves_at_once_when_its_place_is_needed() {
        for sent in [
            "",
            "GET / HTTP/1.1\r\nhost: localho",
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhalf",
        ] {
            let answer = |_| future::pending::<Response<Bytes>>();
            let places = Places::new(1, TrustedProxies::default());
            let place = places.take(places.permit().await.unwrap(), "192.0.2.1".parse().unwrap());
            let (_stop, stopped) = watch::channel(false);
            let (mut near, far) = io::duplex(1024);
            near.write_all(sent.as_bytes()).await.unwrap();
            let mut serving = JoinSet::new();
            serving.spawn(async move {
                serve_connection(far, Protocol::Http1, &place.taken(), stopped, answer).await.is_err()
            });
            for _ in 0..100 {
                task::yield_now().await;
            }
            assert!(places.make_room(), "{sent:?}");
            for _ in 0..100 {
                task::yield_now().await;
            }
            assert!(serving.try_join_next().is_some(), "{sent:?} is waited for");
        }
    }
}
