//! One question to one server: over UDP, and over TCP where a datagram does not hold the answer.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use hickory_resolver::proto::op::Metadata;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use crate::question::{LONGEST_DATAGRAM, Question};

/// A whole answer.
pub(crate) struct Answer {
    /// What its head says.
    pub(crate) head: Metadata,
    /// All of it.
    pub(crate) octets: Vec<u8>,
}

/// Asks in two datagrams at most, and then over TCP, which also helps where datagrams are lost or
/// changed on their way. Each answer is waited for that long.
///
/// # Errors
/// The exchange failed; [`io::ErrorKind::TimedOut`] if there was no answer in time.
pub(crate) async fn ask(server: SocketAddr, question: &Question, patience: Duration) -> io::Result<Answer> {
    for _ in 0..DATAGRAMS {
        match timeout(patience, over_udp(server, question)).await {
            Ok(answer) => match answer? {
                whole if !whole.head.truncation => return Ok(whole),
                _ => break,
            },
            Err(_) => continue,
        }
    }
    timeout(patience, over_tcp(server, question)).await?
}

/// The answer in a datagram, which may not have had room for all of it.
async fn over_udp(server: SocketAddr, question: &Question) -> io::Result<Answer> {
    let socket = connected(server).await?;
    socket.send(&question.message()?).await?;
    let mut datagram = [0; LONGEST_DATAGRAM as usize];
    loop {
        let length = socket.recv(&mut datagram).await?;
        let received = datagram.get(..length).unwrap_or_default();
        if let Some(head) = question.head_of_datagram(received) {
            return Ok(Answer { head, octets: received.to_vec() });
        }
    }
}

/// The answer over TCP (RFC 7766), which has room for all.
///
/// # Errors
/// The exchange failed, or what came is no whole answer to this question.
pub(crate) async fn over_tcp(server: SocketAddr, question: &Question) -> io::Result<Answer> {
    let message = question.message()?;
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&[&length.to_be_bytes(), message.as_slice()].concat()).await?;
    let mut octets = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut octets).await?;
    match question.head_of_answer(&octets) {
        Some(head) if head.truncation => Err(io::Error::other("the answer is cut short even over TCP")),
        Some(head) => Ok(Answer { head, octets }),
        None => Err(io::Error::other("the answer is to another question")),
    }
}

/// A socket with a random port that takes datagrams of this server only, so that who cannot see the
/// questions has to guess the port as well.
pub(crate) async fn connected(server: SocketAddr) -> io::Result<UdpSocket> {
    let any = if server.is_ipv6() { IpAddr::from(Ipv6Addr::UNSPECIFIED) } else { Ipv4Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    Ok(socket)
}

/// How many times a question is sent.
const DATAGRAMS: usize = 2;
