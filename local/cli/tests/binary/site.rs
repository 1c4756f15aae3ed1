//! A web site that answers http-01 challenges, or does not answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::JoinSet,
};

/// A site at a free port; it ends on drop.
pub(crate) struct Site {
    pub(crate) port: u16,
    /// Notified of each request.
    pub(crate) asked: Arc<Notify>,
    pages: Arc<Mutex<HashMap<String, String>>>,
    speaks: watch::Sender<bool>,
    _server: JoinSet<()>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (speaks, may_speak) = watch::channel(true);
        let pages: Arc<Mutex<HashMap<String, String>>> = Arc::default();
        let asked = Arc::new(Notify::new());
        let port = listener.local_addr().unwrap().port();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, pages.clone(), asked.clone(), may_speak));
        Self { port, asked, pages, speaks, _server: server }
    }

    /// Answers the challenge of this token from now on.
    pub(crate) fn publish(&self, token: &str, key_authorization: &str) {
        let path = format!("/.well-known/acme-challenge/{token}");
        self.pages.lock().unwrap().insert(path, key_authorization.to_owned());
    }

    /// Whether requests are answered, or kept waiting.
    pub(crate) fn set_speaks(&self, speaks: bool) {
        self.speaks.send_replace(speaks);
    }
}

async fn serve(
    listener: TcpListener,
    pages: Arc<Mutex<HashMap<String, String>>>,
    asked: Arc<Notify>,
    may_speak: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (pages, asked, mut may_speak) = (pages.clone(), asked.clone(), may_speak.clone());
        connections.spawn(async move {
            let mut stream = stream;
            let path = path(&mut stream).await;
            asked.notify_one();
            may_speak.wait_for(|speaks| *speaks).await.unwrap();
            let page = pages.lock().unwrap().get(&path).cloned();
            let (status, body) = page.map_or(("404 Not Found", String::new()), |page| ("200 OK", page));
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            // The client may have disconnected.
            let _ = stream.write_all(answer.as_bytes()).await;
        });
    }
}

async fn path(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(octet) => head.push(octet),
            Err(_) => break,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    head.split(' ').nth(1).unwrap_or_default().to_owned()
}
