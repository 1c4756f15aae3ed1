//! The web server for clients that have none: it serves the files of one folder under
//! `/.well-known/acme-challenge/`.

use std::{
    io,
    path::{Path, PathBuf},
};

use tokio::{
    fs,
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::{Failure, Target};

/// A folder with key authorizations that is served until it is dropped.
#[derive(Debug)]
pub struct Webroot {
    folder: PathBuf,
    server: JoinHandle<()>,
}

impl Webroot {
    /// Starts to serve `folder` at the address where the CA looks for http-01.
    ///
    /// # Errors
    ///
    /// The address is in use.
    pub async fn serve(target: &Target, folder: PathBuf) -> Result<Self, Failure> {
        fs::create_dir_all(&folder).await.map_err(Failure::io(folder.display()))?;
        let listener = TcpListener::bind(target.http()).await.map_err(Failure::io(target.http()))?;
        let server = tokio::spawn(accept(listener, folder.clone()));
        Ok(Self { folder, server })
    }

    /// The folder in which the client writes a file for each token.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Webroot {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, folder: PathBuf) {
    // Connections end together with the server.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(answer(stream, folder.clone()));
    }
}

async fn answer(stream: TcpStream, folder: PathBuf) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request).await?;
    let mut header = String::new();
    while stream.read_line(&mut header).await? > 2 {
        header.clear();
    }
    let body = match token(&request) {
        Some(token) => fs::read(folder.join(token)).await.ok(),
        None => None,
    };
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await
}

/// The token of a request line, if it requests one. It must be base64url, because other characters
/// could lead out of the folder.
fn token(request: &str) -> Option<&str> {
    let token = request.strip_prefix("GET /.well-known/acme-challenge/")?.split(' ').next()?;
    let base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!token.is_empty() && token.chars().all(base64url)).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_is_served() {
        let path = "GET /.well-known/acme-challenge/";
        assert_eq!(token(&format!("{path}a-B_9 HTTP/1.1\r\n")), Some("a-B_9"));
        for other in ["", "../key", "a/b", "a%2fb", "a?b"] {
            assert_eq!(token(&format!("{path}{other} HTTP/1.1\r\n")), None, "{other}");
        }
        assert_eq!(token("GET / HTTP/1.1\r\n"), None);
    }
}
