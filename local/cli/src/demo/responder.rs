//! The web server that answers http-01 challenges (RFC 8555 §8.3).

use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use host::{
    TrustedProxies,
    listener::{self, Transport},
};
use http::{Request, Response, StatusCode};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{AbortHandle, JoinSet},
};

/// A server at a free port of this machine; it ends with the value.
pub(super) struct Responder {
    port: u16,
    answers: Answers,
    _server: JoinSet<()>,
}

/// Key authorizations by the path that they are asked for.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<HashMap<String, String>>>);

impl Responder {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let answers = Answers::default();
        let mut server = JoinSet::new();
        let _: AbortHandle = server.spawn(serve(listener, answers.clone()));
        Ok(Self { port, answers, _server: server })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Answers the challenge of this token from now on.
    pub(super) fn answer(&self, token: &str, key_authorization: &str) {
        let path = format!("/.well-known/acme-challenge/{token}");
        self.answers.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path, key_authorization.to_owned());
    }
}

async fn serve(listener: TcpListener, answers: Answers) {
    let (_running, stop) = watch::channel(false);
    let answer = move |request: Request<Bytes>| {
        let found = answers.0.lock().unwrap_or_else(PoisonError::into_inner).get(request.uri().path()).cloned();
        async move {
            let mut response = Response::new(Bytes::new());
            match found {
                Some(text) => *response.body_mut() = text.into(),
                None => *response.status_mut() = StatusCode::NOT_FOUND,
            }
            response
        }
    };
    listener::serve(listener, PLACES, TrustedProxies::default(), Transport::Plain, stop, answer).await;
}

/// Connections at once; the CA of the demonstration makes one after the other.
const PLACES: usize = 16;
