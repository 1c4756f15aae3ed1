//! One question to the resolver and one request to the web server, over plain sockets.

use std::net::{Ipv4Addr, SocketAddr};

use aws_lc_rs::rand;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
};

use crate::connection::Failure;

/// Where names are resolved, and the port on which they are probed.
pub(super) struct Probe {
    pub(super) dns: SocketAddr,
    pub(super) http_port: u16,
}

impl Probe {
    /// Fetches the proof of http-01 (RFC 8555 §8.3), and fails if it is another.
    pub(super) async fn fetch(&self, name: &str, token: &str, thumbprint: &str) -> Result<(), Failure> {
        let address = self.resolve(name).await?;
        let mut stream = TcpStream::connect((address, self.http_port)).await?;
        let request = format!(
            "GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: floor\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(1_024);
        stream.read_to_end(&mut answer).await?;
        if String::from_utf8_lossy(&answer).ends_with(&format!("{token}.{thumbprint}")) {
            Ok(())
        } else {
            Err(Failure::new(format!("{name} does not prove control")))
        }
    }

    /// The last address of the answer to a question for A records (RFC 1035 §4).
    async fn resolve(&self, name: &str) -> Result<Ipv4Addr, Failure> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        socket.connect(self.dns).await?;
        let mut id = [0; 2];
        rand::fill(&mut id)?;
        let mut query = Vec::with_capacity(512);
        query.extend(id);
        // Recursion is desired, and there is one question.
        query.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        for label in name.split('.') {
            query.push(u8::try_from(label.len())?);
            query.extend(label.as_bytes());
        }
        query.extend([0, 0, 1, 0, 1]);
        socket.send(&query).await?;
        let mut answer = [0; 512];
        let length = socket.recv(&mut answer).await?;
        let answer = answer.get(..length).unwrap_or_default();
        let address = answer.last_chunk::<4>().filter(|_| answer.starts_with(&id));
        address.map(|octets| Ipv4Addr::from(*octets)).ok_or_else(|| Failure::new(format!("{name} has no address")))
    }
}
