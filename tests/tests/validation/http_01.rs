//! http-01 without redirects: the request, the responses that are accepted, and misbehaving
//! servers.

use std::time::{Duration, Instant};

use acme::{
    ChallengeType::{self, Http01},
    ProblemType,
};
use tests::challenge_server::{AlpnAnswer, DnsFault, Page};
use validation::Failure;

use crate::{Scene, assert_failure};

#[tokio::test]
async fn the_file_shows_control() {
    let scene = Scene::new().await;
    scene.server.set_http(scene.token.as_str(), scene.key_authorization.as_str());
    let proof = scene.probe(Http01, "a.test").await.unwrap();
    assert_eq!(proof.address, Some("127.0.0.1".parse().unwrap()));

    let requests = scene.server.web.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.path, format!("/.well-known/acme-challenge/{}", scene.token.as_str()));
    assert_eq!(request.host, format!("a.test:{}", scene.server.http_port));
    assert!(request.head.starts_with("GET ") && !request.tls);
    assert!(request.head.to_ascii_lowercase().contains("\r\naccept-encoding: identity\r\n"));
}

#[tokio::test]
async fn threat_22_the_host_header_has_an_address_in_brackets() {
    let scene = Scene::new().await;
    scene.server.set_http(scene.token.as_str(), scene.key_authorization.as_str());
    scene.probe(Http01, "127.0.0.1").await.unwrap();
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        scene.probe(Http01, "::1").await.unwrap();
        let hosts: Vec<String> = scene.server.web.requests().into_iter().map(|request| request.host).collect();
        let port = scene.server.http_port;
        assert_eq!(hosts, [format!("127.0.0.1:{port}"), format!("[::1]:{port}")]);
    }
    assert!(scene.server.dns.questions().is_empty());
}

#[tokio::test]
async fn trailing_white_space_is_ignored() {
    let scene = Scene::new().await;
    for end in ["\n", "\r\n", " \t\r\n\n"] {
        scene.server.set_http(scene.token.as_str(), &format!("{}{end}", scene.key_authorization.as_str()));
        scene.probe(Http01, "a.test").await.unwrap();
    }
}

#[tokio::test]
async fn the_transfer_coding_does_not_matter() {
    let scene = Scene::new().await;
    let (start, end) = scene.key_authorization.as_str().split_at(10);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{start}\r\n{:x}\r\n{end}\r\n0\r\n\r\n",
        end.len()
    );
    let until_close = format!("HTTP/1.0 200 OK\r\n\r\n{start}{end}");
    let after_interim = format!("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{start}{end}");
    for answer in [chunked, until_close, after_interim] {
        scene.set_page(Page::Raw(answer.into_bytes()));
        scene.probe(Http01, "a.test").await.unwrap();
    }
}

#[tokio::test]
async fn other_content_is_refused_and_shown_beside_the_expected_one() {
    let scene = Scene::new().await;
    let right = scene.key_authorization.as_str();
    for body in [
        String::new(),
        scene.token.as_str().to_owned(),
        format!(" {right}"),
        format!("{right}x"),
        format!("{right}\n{right}"),
        format!("{right}{}", " ".repeat(42)),
        right.to_uppercase(),
    ] {
        scene.set_page(Page::text(&body));
        let failure = scene.failure(Http01, "a.test").await;
        let detail = format!("expected the key authorization {right}. Serve exactly that text.");
        assert_failure(&failure, ProblemType::IncorrectResponse, true, &detail);
        assert_eq!(failure.address, Some("127.0.0.1".parse().unwrap()));
    }
    scene.set_page(Page::text(&format!("{}.other", scene.token.as_str())));
    assert!(scene.failure(Http01, "a.test").await.problem.detail.contains(".other\", expected"));
    scene.set_page(Page::text("<html>\u{1b}[31m"));
    assert!(scene.failure(Http01, "a.test").await.problem.detail.contains(r#" found "<html>\x1b[31m", expected"#));
}

#[tokio::test]
async fn a_missing_file_is_named_with_its_url_and_address() {
    let scene = Scene::new().await;
    let port = scene.server.http_port;
    let detail = format!(
        "GET http://a.test:{port}/.well-known/acme-challenge/{} at 127.0.0.1:{port} was answered with status 404",
        scene.token.as_str()
    );
    assert_failure(&scene.failure(Http01, "a.test").await, ProblemType::IncorrectResponse, true, &detail);
    for status in [201, 204, 206, 300, 304, 401, 500] {
        scene.set_page(Page::with_status(status, "", ""));
        let failure = scene.failure(Http01, "a.test").await;
        assert_failure(&failure, ProblemType::IncorrectResponse, true, &format!("status {status}"));
    }
}

/// The challenge must not show what a probe read from the wrong server.
#[tokio::test]
async fn threat_12_foreign_content_is_cut_short() {
    let scene = Scene::new().await;
    scene.set_page(Page::text(&format!("{}SECRET", "x".repeat(40))));
    let failure = scene.failure(Http01, "a.test").await;
    assert!(failure.problem.detail.contains("\"xxx") && !failure.problem.detail.contains("SECRET"));
    scene.set_page(Page::with_status(500, "X-Secret: SECRET\r\n", "SECRET"));
    assert!(!scene.failure(Http01, "a.test").await.problem.detail.contains("SECRET"));
}

/// Whatever a target answers, the text for clients that must not read there has none of it.
#[tokio::test]
async fn threat_12_what_was_read_is_not_in_the_guarded_text() {
    let scene = Scene::new().await;
    let (http, name) = (scene.server.http_port, "a.test");
    let mut failures = Vec::new();
    for page in [
        Page::text("hunter2"),
        Page::redirect("ftp://hunter2.test/"),
        Page::redirect("http://hunter2.test:99/"),
        Page::redirect("/hunter2"),
        Page::redirect(&format!("http://hunter2.test:{http}/")),
    ] {
        scene.server.dns.set_addresses("hunter2.test", &["169.254.169.254"]);
        scene.set_page(page);
        failures.push(scene.failure(Http01, name).await);
    }
    scene.server.dns.add_txt("_acme-challenge.a.test", &["hunter2"]);
    failures.push(scene.failure(ChallengeType::Dns01, name).await);
    let answer = AlpnAnswer::new(name, &scene.key_authorization);
    scene.server.alpn.set(name, AlpnAnswer { names: vec!["hunter2.test".to_owned()], ..answer });
    let tls = scene.failure(ChallengeType::TlsAlpn01, name).await;
    assert!(tls.guarded.detail.contains("presented a wrong certificate. Present"), "{}", tls.guarded.detail);
    for Failure { problem, guarded, .. } in failures {
        assert!(problem.detail.contains("hunter2"), "{}", problem.detail);
        assert!(!guarded.detail.contains("hunter2"), "{}", guarded.detail);
        assert!(guarded.detail.ends_with("The CA's operator can see what was found."), "{}", guarded.detail);
        assert_eq!(guarded.r#type, problem.r#type);
    }
    // What is said without reading anything is said.
    let forbidden = scene.failure(Http01, "hunter2.test").await;
    assert_eq!(forbidden.guarded, forbidden.problem);
}

#[tokio::test]
async fn threat_12_a_compressed_bomb_is_neither_unpacked_nor_read_to_its_end() {
    let scene = Scene::new().await;
    scene.set_page(Page::Endless {
        head: b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec(),
        piece: vec![0; 65536],
        pause: Duration::ZERO,
    });
    let start = Instant::now();
    assert_failure(&scene.failure(Http01, "a.test").await, ProblemType::IncorrectResponse, true, r"\x1f\x8b");
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn threat_12_headers_without_end_are_cut_off() {
    let scene = Scene::new().await;
    for piece in ["X-Header: value\r\n".repeat(500), "x".repeat(65536)] {
        let (head, pause) = (b"HTTP/1.1 200 OK\r\n".to_vec(), Duration::ZERO);
        scene.set_page(Page::Endless { head, piece: piece.into_bytes(), pause });
        let failure = scene.failure(Http01, "a.test").await;
        assert_failure(&failure, ProblemType::Connection, true, "the header is too large");
    }
}

#[tokio::test]
async fn threat_12_interim_answers_without_end_are_cut_off() {
    let scene = Scene::new().await;
    let piece = "HTTP/1.1 102 Processing\r\n\r\n".repeat(100).into_bytes();
    scene.set_page(Page::Endless { head: Vec::new(), piece, pause: Duration::ZERO });
    let failure = scene.failure(Http01, "a.test").await;
    assert_failure(&failure, ProblemType::Connection, true, "the server sends more than any response needs");
}

#[tokio::test]
async fn threat_12_slow_servers_meet_the_time_limit() {
    let scene = Scene::in_a_hurry().await;
    let drip = |head: &str| Page::Endless {
        head: head.as_bytes().to_vec(),
        piece: b"x".to_vec(),
        pause: Duration::from_millis(20),
    };
    for page in [Page::Silence, drip("HTTP/1.1 200 OK\r\n"), drip("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")] {
        scene.set_page(page);
        let start = Instant::now();
        assert_failure(&scene.failure(Http01, "a.test").await, ProblemType::Connection, true, "not answered in time");
        assert!(start.elapsed() < scene.rules.timeout * 3);
    }
}

#[tokio::test]
async fn answers_that_are_not_http_are_connection_problems() {
    let scene = Scene::new().await;
    for answer in ["", "SSH-2.0-OpenSSH_9\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"] {
        scene.set_page(Page::Raw(answer.into()));
        let failure = scene.failure(Http01, "a.test").await;
        assert_failure(&failure, ProblemType::Connection, true, " failed: ");
        assert!(!failure.problem.detail.contains("OpenSSH"));
    }
}

#[tokio::test]
async fn dns_failures_are_distinguished() {
    let mut scene = Scene::new().await;
    scene.rules.dns_timeout = Duration::from_millis(200);
    for challenge in [Http01, ChallengeType::TlsAlpn01] {
        for (fault, detail) in [
            (DnsFault::NoSuchName, "The name a.test does not exist in DNS (NXDOMAIN, queried for A or AAAA)."),
            (DnsFault::ServerFailure, "answered SERVFAIL to the query for A or AAAA of a.test."),
            (DnsFault::Silence, "did not answer the query for A or AAAA of a.test in time."),
        ] {
            scene.server.dns.set_fault("a.test", fault);
            assert_failure(&scene.failure(challenge, "a.test").await, ProblemType::Dns, true, detail);
        }
        scene.server.dns.set_addresses("none.test", &[]);
        let detail = "none.test has no A or AAAA record.";
        assert_failure(&scene.failure(challenge, "none.test").await, ProblemType::Dns, true, detail);
    }
}

/// Repeats the test above in a process with a proxy in its environment that does not exist.
#[test]
fn threat_12_a_proxy_in_the_environment_is_not_asked() {
    let proxy = "http://127.0.0.1:1";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "http_01::the_file_shows_control"])
        .envs(
            ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
                .map(|name| (name, proxy)),
        )
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
