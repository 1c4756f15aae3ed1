//! The network in which identifiers are validated: a DNS server that answers every query with this
//! machine, and a web server that answers every http-01 request for the clients that it knows.
//!
//! It does as little work as possible: the processors belong to the server that is measured.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, PoisonError, RwLock},
};

use hickory_proto::{
    op::{Message, MessageType},
    rr::{RData, Record, RecordType, rdata::A},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
};

/// The running network. It stops with the runtime.
pub(crate) struct Network {
    /// The address of the DNS server.
    pub(crate) dns: SocketAddr,
    /// The port of the web server.
    pub(crate) http_port: u16,
    thumbprints: Thumbprints,
}

/// The thumbprints of account keys, by the label of the client.
type Thumbprints = Arc<RwLock<HashMap<String, String>>>;

impl Network {
    /// Starts the network on free ports.
    pub(crate) async fn start() -> io::Result<Self> {
        let dns = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let web = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let thumbprints = Thumbprints::default();
        let network =
            Self { dns: dns.local_addr()?, http_port: web.local_addr()?.port(), thumbprints: thumbprints.clone() };
        tokio::spawn(serve_dns(dns));
        tokio::spawn(async move {
            while let Ok((stream, _)) = web.accept().await {
                // If the validator disconnects early, its validation fails.
                tokio::spawn(answer(stream, thumbprints.clone()));
            }
        });
        Ok(network)
    }

    /// Validates names of the form `<anything>.<label>.<domain>` from now on; returns the part
    /// after `<anything>.`.
    pub(crate) fn admit(&self, thumbprint: &str) -> String {
        let mut thumbprints = self.thumbprints.write().unwrap_or_else(PoisonError::into_inner);
        let label = format!("c{}", thumbprints.len());
        thumbprints.insert(label.clone(), thumbprint.to_owned());
        label
    }
}

async fn serve_dns(socket: UdpSocket) {
    let mut datagram = [0; 1500];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut datagram).await else { continue };
        if let Some(answer) = datagram.get(..length).and_then(resolve) {
            // The resolver may have gone.
            drop(socket.send_to(&answer, peer).await);
        }
    }
}

/// The answer 127.0.0.1 to every query.
fn resolve(datagram: &[u8]) -> Option<Vec<u8>> {
    let query = Message::from_vec(datagram).ok()?;
    let question = query.queries.first()?;
    let mut answer = Message::new(query.metadata.id, MessageType::Response, query.metadata.op_code);
    answer.metadata.recursion_desired = query.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.add_query(question.clone());
    if question.query_type == RecordType::A {
        answer.add_answers([Record::from_rdata(question.name.clone(), 300, RData::A(A(Ipv4Addr::LOCALHOST)))]);
    }
    answer.to_vec().ok()
}

/// Answers one request.
async fn answer(mut stream: TcpStream, thumbprints: Thumbprints) -> io::Result<()> {
    let mut head = Vec::with_capacity(1024);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let body = proof(&head, &thumbprints).unwrap_or_default();
    let status = if body.is_empty() { "404 Not Found" } else { "200 OK" };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// The key authorization (RFC 8555 §8.1) of the token in the path, for the client whose label is in
/// the host name.
fn proof(head: &str, thumbprints: &Thumbprints) -> Option<String> {
    let token = head.strip_prefix("GET /.well-known/acme-challenge/")?.split(' ').next()?;
    let host = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("host").then_some(value)
    })?;
    let label = host.split('.').nth(1)?;
    let thumbprint = thumbprints.read().unwrap_or_else(PoisonError::into_inner).get(label)?.clone();
    Some(format!("{token}.{thumbprint}"))
}
