//! The address rule, tested with each challenge type.

use acme::{ChallengeType, ProblemType};

use crate::{Scene, assert_failure};

const DIALLING: [ChallengeType; 2] = [ChallengeType::Http01, ChallengeType::TlsAlpn01];

/// Addresses that may not be contacted under rules that allow only loopback addresses.
const FORBIDDEN: [&str; 17] = [
    "0.0.0.0",
    "10.0.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "fd00:ec2::254",
    "fd12::1",
    "fe80::1",
];

#[tokio::test]
async fn n8_threat_13_identifiers_that_are_addresses_are_subject_to_the_same_rule() {
    let scene = Scene::new().await;
    for challenge in DIALLING {
        for address in FORBIDDEN {
            let failure = scene.failure(challenge, address).await;
            assert_failure(&failure, ProblemType::Unauthorized, false, "Not connecting to");
            assert_eq!(failure.address, None, "{challenge} {address}");
        }
    }
}

#[tokio::test]
async fn n8_threat_13_names_of_forbidden_addresses_are_not_contacted() {
    let scene = Scene::new().await;
    for challenge in DIALLING {
        for address in FORBIDDEN {
            scene.server.dns.set_addresses("inside.test", &[address]);
            let failure = scene.failure(challenge, "inside.test").await;
            assert_failure(&failure, ProblemType::Unauthorized, false, "Not connecting to inside.test: ");
        }
    }
}

#[tokio::test]
async fn n8_threat_13_loopback_is_closed_unless_it_is_allowed() {
    let mut scene = Scene::new().await;
    scene.rules.allowed_networks = vec!["0.0.0.0/0".parse().unwrap()];
    for challenge in DIALLING {
        for name in ["a.test", "127.0.0.1"] {
            let failure = scene.failure(challenge, name).await;
            assert_failure(&failure, ProblemType::Unauthorized, false, "127.0.0.1 belongs to 127.0.0.0/8 (loopback");
        }
    }
    assert!(scene.server.web.requests().is_empty());
}

/// The name first resolves to a public address and then to a forbidden one. It is resolved once for
/// each connection, and the connection goes to the address that was checked.
#[tokio::test]
async fn n8_threat_13_rebinding_between_check_and_use_changes_nothing() {
    let scene = Scene::new().await;
    scene.server.set_http(scene.token.as_str(), scene.key_authorization.as_str());
    scene.server.set_alpn("rebind.test", &scene.key_authorization);
    for (asked, challenge) in (1..).zip(DIALLING) {
        scene.server.dns.set_address_sequence("rebind.test", &["127.0.0.1", "169.254.169.254"]);
        let proof = scene.probe(challenge, "rebind.test").await.unwrap();
        assert_eq!(proof.address, Some("127.0.0.1".parse().unwrap()));
        let questions = scene.server.dns.questions();
        assert_eq!(questions.iter().filter(|question| question.r#type == "A").count(), asked);
    }
}

#[tokio::test]
async fn of_several_addresses_the_forbidden_ones_are_skipped() {
    let scene = Scene::new().await;
    scene.server.set_http(scene.token.as_str(), scene.key_authorization.as_str());
    scene.server.dns.set_addresses("mixed.test", &["169.254.169.254", "fd00:ec2::254", "10.0.0.1", "127.0.0.1"]);
    let proof = scene.probe(ChallengeType::Http01, "mixed.test").await.unwrap();
    assert_eq!(proof.address, Some("127.0.0.1".parse().unwrap()));
}

#[tokio::test]
async fn ipv4_is_tried_when_ipv6_cannot_be_reached() {
    let mut scene = Scene::new().await;
    scene.rules.allowed_networks.push("fd00::/8".parse().unwrap());
    scene.rules.connect_timeout = std::time::Duration::from_millis(200);
    scene.server.set_http(scene.token.as_str(), scene.key_authorization.as_str());
    scene.server.dns.set_addresses("dual.test", &["127.0.0.1", "fd12:3456::1"]);
    let proof = scene.probe(ChallengeType::Http01, "dual.test").await.unwrap();
    assert_eq!(proof.address, Some("127.0.0.1".parse().unwrap()));
}

#[tokio::test]
async fn a_closed_port_is_a_connection_problem_that_names_all_attempts() {
    let mut scene = Scene::new().await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    (scene.rules.http_port, scene.rules.tls_port) = (free, free);
    for challenge in DIALLING {
        let failure = scene.failure(challenge, "a.test").await;
        let detail = format!("Could not connect to a.test: 127.0.0.1:{free}: connection refused.");
        assert_failure(&failure, ProblemType::Connection, true, &detail);
    }
}
