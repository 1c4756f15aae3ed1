//! The part of this crate that the fuzz targets use: the readers of what servers send. It is built
//! under `cfg(fuzzing)` only.

use std::{
    io,
    net::IpAddr,
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll},
};

use acme::{CaaPermission, ChallengeType};
use hickory_resolver::proto::{
    op::{Message, MessageType, OpCode, Query},
    rr::{Name, RecordType},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    runtime::{Builder, Runtime},
};

use crate::{
    CaaTerms, Probe,
    caa::RecordSet,
    connection, datagram, dns_01,
    host::Host,
    http_01, peer_certificate, plain_caa,
    question::Question,
    records,
    url::{Scheme, Url},
    validated,
};

/// The URL to which a `Location` on the URL of a challenge leads; `None` when it is not followed.
pub fn redirect(location: &[u8]) -> Option<String> {
    challenge_url()?.join(location).ok().map(|url| url.to_string())
}

/// Whether a certificate in DER validates `a.test` for this digest of a key authorization.
pub fn peer_certificate(leaf: &[u8], digest: &[u8; 32]) -> bool {
    Host::from_authority("a.test").is_some_and(|host| peer_certificate::check(leaf, &host, digest).is_ok())
}

/// Whether the answer of a web server, from its first octet to the last, shows the key
/// authorization of the probe; `None` when it cannot be read or leads elsewhere.
pub fn http_answer(octets: &[u8], probe: &Probe) -> Option<bool> {
    let said = Said { octets, is_asked: false };
    RUNTIME.as_ref()?.block_on(http_01::shows(&challenge_url()?, said, probe))
}

/// What a DNS message leads to: whether its TXT records validate, and the addresses that would be
/// connected to.
pub fn dns_answer(octets: &[u8], probe: &Probe) -> Option<(bool, Vec<IpAddr>)> {
    // The words of a resolver that validates go into a problem document.
    let is_printable = |reason: String| reason.bytes().all(|octet| matches!(octet, b' '..=b'~'));
    assert!(validated::reason(octets).is_none_or(is_printable));
    let message = Message::from_vec(octets).ok()?;
    let of_type = |r#type| records::of_type(&message.answers, r#type);
    let texts = records::joined(of_type(RecordType::TXT));
    let addresses = [RecordType::AAAA, RecordType::A].into_iter().flat_map(of_type).filter_map(|data| data.ip_addr());
    let addresses = addresses.chain(datagram::of_message(&message));
    let host = Host::from_authority("a.test")?;
    let candidates = connection::candidates(&host, addresses, &probe.rules).unwrap_or_default();
    Some((dns_01::shows("_acme-challenge.a.test", &texts, probe).is_ok(), candidates))
}

/// What the CAA records of `a.test` say about it that an answer of a resolver has, from its first
/// record on; `None` when they cannot be read or forbid the certificate.
pub fn caa(number: u8, records: &[u8], terms: &CaaTerms) -> Option<CaaPermission> {
    let query = Query::query(Name::from_ascii("a.test.").ok()?, RecordType::CAA);
    let mut message = Message::new(0, MessageType::Response, OpCode::Query);
    message.add_query(query.clone());
    let mut octets = message.to_vec().ok()?;
    *octets.get_mut(ANSWERS)? = number;
    octets.extend(records);
    let records = plain_caa::read(&octets, &Question::repeated(0, query)).ok()??;
    RecordSet::new(records)?.permission("a.test", "a.test", ChallengeType::Dns01, terms).ok()
}

fn challenge_url() -> Option<Url> {
    let path = "/.well-known/acme-challenge/token".to_owned();
    Some(Url { scheme: Scheme::Http, host: Host::from_authority("a.test")?, port: 80, path })
}

/// Where a message has the number of its answers, the lower octet of it.
const ANSWERS: usize = 7;

static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| Builder::new_current_thread().build().ok());

/// A server that answers when it was asked, and then closes the connection.
struct Said<'a> {
    octets: &'a [u8],
    is_asked: bool,
}

impl AsyncRead for Said<'_> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.is_asked {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.octets).poll_read(cx, buf)
    }
}

impl AsyncWrite for Said<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.is_asked = true;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
