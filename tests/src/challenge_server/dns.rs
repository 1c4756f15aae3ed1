//! The sockets of the DNS server (RFC 1035 §4.2).

use hickory_proto::op::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
};

use super::Zone;

/// Answers datagrams; an answer that is too long is truncated, and the client repeats its query
/// over TCP.
pub(super) async fn serve_udp(socket: UdpSocket, zone: Zone) {
    let mut datagram = [0; 4096];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut datagram).await else { continue };
        let Ok(query) = Message::from_vec(datagram.get(..length).unwrap_or_default()) else { continue };
        let Some(answer) = zone.answer(&query) else { continue };
        let mut bytes = answer.to_vec().unwrap();
        if bytes.len() > usize::from(query.max_payload()) {
            bytes = answer.truncate().to_vec().unwrap();
        }
        // The client may have gone.
        let _ = socket.send_to(&bytes, peer).await;
    }
}

/// Answers messages that are preceded by their length.
pub(super) async fn serve_tcp(mut stream: TcpStream, zone: Zone) {
    while let Ok(length) = stream.read_u16().await {
        let mut message = vec![0; usize::from(length)];
        if stream.read_exact(&mut message).await.is_err() {
            return;
        }
        let Ok(query) = Message::from_vec(&message) else { return };
        let Some(answer) = zone.answer(&query) else { continue };
        let answer = answer.to_vec().unwrap();
        let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
        if stream.write_all(&[&length[..], &answer].concat()).await.is_err() {
            return;
        }
    }
}
