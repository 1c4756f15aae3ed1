//! The web site: pages by path, correct and faulty ones, and a record of the requests.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::well_known;

/// The pages of the web site. Clones share them.
#[derive(Clone, Default)]
pub struct Site(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    pages: HashMap<String, Page>,
    requests: Vec<Request>,
}

/// How a request for a path is answered.
#[derive(Clone, Debug)]
pub enum Page {
    /// Sends these bytes and closes the connection.
    Raw(Vec<u8>),
    /// Sends `head`, then `piece` repeatedly with `pause` before each, until the client
    /// disconnects.
    Endless {
        /// What is sent once.
        head: Vec<u8>,
        /// What is sent repeatedly.
        piece: Vec<u8>,
        /// The time before each piece.
        pause: Duration,
    },
    /// Sends nothing and keeps the connection open.
    Silence,
}

impl Page {
    /// A page with status 200 and this text.
    pub fn text(body: &str) -> Self {
        Self::with_status(200, "", body)
    }

    /// A page with this status, these header lines (each ending with CR LF) and this text.
    pub fn with_status(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Raw(format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes())
    }

    /// A redirect with status 302.
    pub fn redirect(location: &str) -> Self {
        Self::with_status(302, &format!("Location: {location}\r\n"), "")
    }
}

/// A request that was received.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path and query.
    pub path: String,
    /// The value of `Host`.
    pub host: String,
    /// The whole head of the request.
    pub head: String,
    /// Whether it was sent over TLS.
    pub tls: bool,
}

impl Site {
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap() = Default::default();
    }

    /// Sets the page at `path`, for every host.
    pub fn set(&self, path: &str, page: Page) {
        self.0.lock().unwrap().pages.insert(path.to_owned(), page);
    }

    /// Removes the page at `path`, which is then answered with 404.
    pub fn remove(&self, path: &str) {
        self.0.lock().unwrap().pages.remove(path);
    }

    /// Removes the page at the http-01 path of `token`.
    pub fn remove_token(&self, token: &str) {
        self.remove(&well_known(token));
    }

    /// All requests so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.0.lock().unwrap().requests.clone()
    }

    /// Reads one request and answers it.
    pub(super) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(self, mut stream: S, tls: bool) {
        let Ok(head) = read_head(&mut stream).await else { return };
        let page = self.log(head, tls);
        // A client may close the connection when it has read enough.
        let _ = send(&mut stream, page).await;
    }

    fn log(&self, head: String, tls: bool) -> Page {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let host = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map_or_else(String::new, |(_, value)| value.to_owned());
        let mut pages = self.0.lock().unwrap();
        let page = pages.pages.get(&path).cloned().unwrap_or_else(|| Page::with_status(404, "", "not here"));
        pages.requests.push(Request { path, host, head, tls });
        page
    }
}

async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, page: Page) -> io::Result<()> {
    match page {
        Page::Raw(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Page::Endless { head, piece, pause } => {
            stream.write_all(&head).await?;
            loop {
                tokio::time::sleep(pause).await;
                stream.write_all(&piece).await?;
                stream.flush().await?;
            }
        }
        Page::Silence => std::future::pending().await,
    }
}
