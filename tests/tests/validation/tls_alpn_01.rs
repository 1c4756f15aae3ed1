//! Tests of tls-alpn-01.

use acme::{ChallengeType::TlsAlpn01, ProblemType};
use rustls::version::{TLS12, TLS13};
use tests::challenge_server::{AlpnAnswer, AlpnKey};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{Scene, assert_failure, key_authorization};

const KEYS: [AlpnKey; 4] = [AlpnKey::P256, AlpnKey::P384, AlpnKey::Rsa, AlpnKey::Ed25519];

#[tokio::test]
async fn the_certificate_is_accepted_with_every_type_of_key_in_both_versions() {
    let scene = Scene::new().await;
    for key in KEYS {
        for version in [&TLS12, &TLS13] {
            let answer = AlpnAnswer::new("a.test", &scene.key_authorization);
            scene.server.alpn.set("a.test", AlpnAnswer { key, versions: vec![version], ..answer });
            let proof = scene.probe(TlsAlpn01, "a.test").await.unwrap();
            assert_eq!(proof.address, Some("127.0.0.1".parse().unwrap()));
        }
    }
}

#[tokio::test]
async fn addresses_are_validated_under_their_reverse_name() {
    let scene = Scene::new().await;
    let has_v6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    for address in ["127.0.0.1", "::1"].into_iter().filter(|address| has_v6 || !address.contains(':')) {
        scene.server.set_alpn(address, &scene.key_authorization);
        scene.probe(TlsAlpn01, address).await.unwrap();
    }
}

#[tokio::test]
async fn letter_case_of_the_name_does_not_matter() {
    let scene = Scene::new().await;
    let answer = AlpnAnswer::new("a.test", &scene.key_authorization);
    scene.server.alpn.set("a.test", AlpnAnswer { names: vec!["A.Test".to_owned()], ..answer });
    scene.probe(TlsAlpn01, "a.test").await.unwrap();
}

#[tokio::test]
async fn threat_4_each_wrong_certificate_is_refused_with_its_reason() {
    let scene = Scene::new().await;
    let right = || AlpnAnswer::new("a.test", &scene.key_authorization);
    let other = key_authorization(&scene.token, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let digest = scene.key_authorization.digest();
    for (answer, reason) in [
        (AlpnAnswer { oid: None, ..right() }, "it has no acmeIdentifier extension"),
        (AlpnAnswer { oid: Some(vec![1, 3, 6, 1, 5, 5, 7, 1, 30]), ..right() }, "it has no acmeIdentifier extension"),
        (AlpnAnswer { oid: Some(vec![1, 3, 6, 1, 5, 5, 7, 1, 30, 1]), ..right() }, "the OID of a draft"),
        (AlpnAnswer { critical: false, ..right() }, "is not critical"),
        (AlpnAnswer { value: digest.to_vec(), ..right() }, "does not hold an OCTET STRING of 32 bytes"),
        (
            AlpnAnswer { value: [&[4, 31], &digest[..31]].concat(), ..right() },
            "does not hold an OCTET STRING of 32 bytes",
        ),
        (
            AlpnAnswer { value: [&[4, 33], &digest[..], &[0]].concat(), ..right() },
            "does not hold an OCTET STRING of 32 bytes",
        ),
        (
            AlpnAnswer { value: [&[4, 32], &digest[..], &[0]].concat(), ..right() },
            "does not hold an OCTET STRING of 32 bytes",
        ),
        (
            AlpnAnswer { value: [&[4, 0x81, 32], &digest[..]].concat(), ..right() },
            "does not hold an OCTET STRING of 32 bytes",
        ),
        (AlpnAnswer { value: Vec::new(), ..right() }, "does not hold an OCTET STRING of 32 bytes"),
        (AlpnAnswer::new("a.test", &other), "the digest of another key authorization"),
        (AlpnAnswer { names: names(&[]), ..right() }, "it has no subject alternative name"),
        (
            AlpnAnswer { names: names(&["a.test", "b.test"]), ..right() },
            "it has 2 subject alternative names instead of one",
        ),
        (
            AlpnAnswer { names: names(&["a.test", "a.test"]), ..right() },
            "it has 2 subject alternative names instead of one",
        ),
        (AlpnAnswer { names: names(&["b.test"]), ..right() }, "its subject alternative name is not the identifier"),
        (AlpnAnswer { names: names(&["*.test"]), ..right() }, "its subject alternative name is not the identifier"),
        (AlpnAnswer { names: names(&["127.0.0.1"]), ..right() }, "its subject alternative name is not the identifier"),
    ] {
        scene.server.alpn.set("a.test", answer);
        let failure = scene.failure(TlsAlpn01, "a.test").await;
        assert_failure(&failure, ProblemType::IncorrectResponse, true, reason);
    }
    // The text of an address as a dNSName is not the address.
    let answer = AlpnAnswer { names: names(&["1.0.0.127.in-addr.arpa"]), ..right() };
    scene.server.alpn.set("127.0.0.1", answer);
    let failure = scene.failure(TlsAlpn01, "127.0.0.1").await;
    assert_failure(
        &failure,
        ProblemType::IncorrectResponse,
        true,
        "its subject alternative name is not the identifier",
    );
}

/// The certificate alone is public: the server that presents it must have its key.
#[tokio::test]
async fn threat_4_a_handshake_signed_with_another_key_is_refused() {
    let scene = Scene::new().await;
    for key in KEYS {
        for version in [&TLS12, &TLS13] {
            let answer = AlpnAnswer::new("a.test", &scene.key_authorization);
            let answer = AlpnAnswer { key, versions: vec![version], foreign_signature: true, ..answer };
            scene.server.alpn.set("a.test", answer);
            let failure = scene.failure(TlsAlpn01, "a.test").await;
            assert_failure(&failure, ProblemType::Tls, true, "BadSignature");
        }
    }
}

#[tokio::test]
async fn threat_4_the_protocol_must_be_negotiated() {
    let scene = Scene::new().await;
    let right = || AlpnAnswer::new("a.test", &scene.key_authorization);
    scene.server.alpn.set("a.test", AlpnAnswer { protocol: None, ..right() });
    let failure = scene.failure(TlsAlpn01, "a.test").await;
    assert_failure(&failure, ProblemType::Tls, true, "did not negotiate the protocol acme-tls/1");

    scene.server.alpn.set("a.test", AlpnAnswer { protocol: Some(b"h2".to_vec()), ..right() });
    let failure = scene.failure(TlsAlpn01, "a.test").await;
    assert_failure(&failure, ProblemType::Tls, true, "NoApplicationProtocol");
}

/// A server that answers with a ServerHello of TLS 1.1 or 1.0, whatever was offered.
#[tokio::test]
async fn threat_4_old_tls_is_neither_offered_nor_accepted() {
    for old in [1, 2] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut scene = Scene::new().await;
        scene.rules.tls_port = listener.local_addr().unwrap().port();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut header = [0; 5];
            stream.read_exact(&mut header).await.unwrap();
            let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
            stream.read_exact(&mut hello).await.unwrap();
            // Version, random, no session id, ECDHE-RSA-AES128-SHA, no compression, no extensions.
            let body = [&[3, old][..], &[7; 32], &[0, 0xc0, 0x13, 0]].concat();
            let message = [&[2, 0, 0, body.len() as u8][..], &body].concat();
            let record = [&[22, 3, old, 0, message.len() as u8][..], &message].concat();
            stream.write_all(&record).await.unwrap();
            hello
        };
        let (hello, failure) = tokio::join!(server, scene.failure(TlsAlpn01, "a.test"));
        assert_failure(&failure, ProblemType::Tls, true, "failed");
        // supported_versions (43): four bytes of versions, TLS 1.3 and 1.2, in that order.
        assert!(hello.windows(9).any(|bytes| bytes == [0, 43, 0, 5, 4, 3, 4, 3, 3]), "{hello:?}");
    }
}

#[tokio::test]
async fn a_server_without_the_certificate_is_a_tls_problem() {
    let scene = Scene::new().await;
    let failure = scene.failure(TlsAlpn01, "a.test").await;
    assert_failure(&failure, ProblemType::Tls, true, "The TLS handshake with a.test at 127.0.0.1");
    assert_eq!(failure.address, Some("127.0.0.1".parse().unwrap()));
}

#[tokio::test]
async fn threat_12_a_server_that_says_nothing_meets_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut scene = Scene::in_a_hurry().await;
    scene.rules.tls_port = listener.local_addr().unwrap().port();
    let failure = scene.failure(TlsAlpn01, "a.test").await;
    assert_failure(&failure, ProblemType::Connection, true, "did not end in time");
}

/// A server that sends handshake records endlessly.
#[tokio::test]
async fn threat_12_a_server_that_never_stops_meets_the_size_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut scene = Scene::new().await;
    scene.rules.tls_port = listener.local_addr().unwrap().port();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        // A ServerHello that claims 16 MiB, in records of 16 KiB.
        let first = [&[22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff][..], &[0; 0x3ffc]].concat();
        let more = [&[22, 3, 3, 0x40, 0][..], &[0; 0x4000]].concat();
        let mut result = stream.write_all(&first).await;
        while result.is_ok() {
            result = stream.write_all(&more).await;
        }
    };
    let (_, failure) = tokio::join!(server, scene.failure(TlsAlpn01, "a.test"));
    assert_failure(&failure, ProblemType::Tls, true, "failed");
}
