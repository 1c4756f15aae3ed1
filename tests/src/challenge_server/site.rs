//! The web site: pages by path, well-behaved and otherwise, and the requests for them.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::well_known;

/// What the web site answers. Clones share their pages.
#[derive(Clone, Default)]
pub struct Site(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    pages: HashMap<String, Page>,
    requests: Vec<Request>,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Page {
    /// These bytes and the end of the connection.
    Raw(Vec<u8>),
    /// `head`, then `piece` again and again with `pause` between, until the client leaves.
    Endless {
        /// Sent once.
        head: Vec<u8>,
        /// Sent for ever.
        piece: Vec<u8>,
        /// Waited before each piece.
        pause: Duration,
    },
    /// No answer on an open connection.
    Silence,
}

impl Page {
    /// Status 200 and this text.
    pub fn text(body: &str) -> Self {
        Self::with_status(200, "", body)
    }

    /// This status, these header lines (each ending in CR LF), this text.
    pub fn with_status(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Raw(format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes())
    }

    /// A redirect with status 302.
    pub fn redirect(location: &str) -> Self {
        Self::with_status(302, &format!("Location: {location}\r\n"), "")
    }
}

/// A request that was made.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path and query.
    pub path: String,
    /// The value of `Host`.
    pub host: String,
    /// The whole head.
    pub head: String,
    /// Whether it came over TLS.
    pub tls: bool,
}

impl Site {
    /// Answers requests for `path`, on every host.
    pub fn set(&self, path: &str, page: Page) {
        self.0.lock().unwrap().pages.insert(path.to_owned(), page);
    }

    /// Answers 404 again.
    pub fn remove(&self, path: &str) {
        self.0.lock().unwrap().pages.remove(path);
    }

    /// Answers 404 again for the http-01 path of `token`.
    pub fn remove_token(&self, token: &str) {
        self.remove(&well_known(token));
    }

    /// All requests so far, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.0.lock().unwrap().requests.clone()
    }

    /// One request and its answer.
    pub(super) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(self, mut stream: S, tls: bool) {
        let Ok(head) = read_head(&mut stream).await else { return };
        let page = self.log(head, tls);
        // A client that had enough closes the connection, which is its right.
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
