//! A receiver of webhooks: it stores deliveries, and answers as configured, or not at all.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{Mutex, mpsc, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use crate::process::Server;

/// A receiver on a free port of 127.0.0.1; it ends on drop.
pub(crate) struct Receiver {
    port: u16,
    scheme: &'static str,
    certificate: String,
    deliveries: Arc<AtomicUsize>,
    received: Mutex<mpsc::UnboundedReceiver<Delivery>>,
    answer: watch::Sender<ReceiverAnswer>,
    _server: JoinSet<()>,
}

/// A delivery as it was received.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Delivery {
    /// The document that was delivered.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What a receiver answers.
#[derive(Clone, Debug)]
pub(crate) enum ReceiverAnswer {
    /// No answer, until another one is set.
    Never,
    /// A redirect (307) to this URL.
    Redirect(String),
    /// A status without a body.
    Status(u16),
}

impl Receiver {
    pub(crate) async fn plain(answer: ReceiverAnswer) -> Self {
        Self::start(answer, None, String::new()).await
    }

    /// Over TLS, with a certificate that no client trusts by default.
    pub(crate) async fn tls(answer: ReceiverAnswer) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        Self::start(answer, Some(TlsAcceptor::from(Arc::new(config))), made.cert.pem()).await
    }

    async fn start(answer: ReceiverAnswer, tls: Option<TlsAcceptor>, certificate: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, received) = mpsc::unbounded_channel();
        let (answer, answers) = watch::channel(answer);
        let deliveries = Arc::new(AtomicUsize::new(0));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let counter = deliveries.clone();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let serving = Serving { sender: sender.clone(), answers: answers.clone(), counter: counter.clone() };
                match tls.clone() {
                    None => connections.spawn(serving.connection(stream)),
                    Some(tls) => connections.spawn(async move {
                        // A client that does not trust the certificate disconnects.
                        if let Ok(stream) = tls.accept(stream).await {
                            serving.connection(stream).await;
                        }
                    }),
                };
            }
        });
        Self { port, scheme, certificate, deliveries, received: Mutex::new(received), answer, _server: server }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}/events?key=1", self.scheme, self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the receiver as PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Sets the answer to later deliveries.
    pub(crate) fn answer(&self, answer: ReceiverAnswer) {
        self.answer.send_replace(answer);
    }

    /// The number of deliveries that have started.
    pub(crate) fn deliveries(&self) -> usize {
        self.deliveries.load(Ordering::SeqCst)
    }

    /// The next delivery.
    pub(crate) async fn next(&self) -> Delivery {
        let mut received = self.received.lock().await;
        timeout(LONGEST, received.recv()).await.expect("a delivery in time").unwrap()
    }

    /// Waits until the host knows that nothing waits for delivery.
    pub(crate) async fn settled(&self, server: &Server) {
        let mark = server.data().join("events/mark.json");
        let mut last = Vec::new();
        timeout(LONGEST, async {
            loop {
                sleep(Duration::from_millis(100)).await;
                let now = std::fs::read(&mark).unwrap_or_default();
                if !now.is_empty() && now == last {
                    return;
                }
                last = now;
            }
        })
        .await
        .expect("deliveries end");
    }
}

#[derive(Clone)]
struct Serving {
    sender: mpsc::UnboundedSender<Delivery>,
    answers: watch::Receiver<ReceiverAnswer>,
    counter: Arc<AtomicUsize>,
}

impl Serving {
    async fn connection(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let service = service_fn(move |request| self.clone().answer(request));
        // The client may have disconnected.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(mut self, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/events"));
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return pending().await };
        self.counter.fetch_add(1, Ordering::SeqCst);
        let _ = self.sender.send(Delivery { headers: head.headers, body: body.to_bytes() });
        let answer =
            self.answers.wait_for(|answer| !matches!(answer, ReceiverAnswer::Never)).await.map(|answer| answer.clone());
        let mut response = Response::new(Empty::new());
        match answer {
            Ok(ReceiverAnswer::Status(status)) => *response.status_mut() = StatusCode::from_u16(status).unwrap(),
            Ok(ReceiverAnswer::Redirect(url)) => {
                *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
                response.headers_mut().insert(header::LOCATION, url.parse().unwrap());
            }
            Ok(ReceiverAnswer::Never) | Err(_) => return pending().await,
        }
        Ok(response)
    }
}

const LONGEST: Duration = Duration::from_secs(30);
