//! Tests of dns-01.

use acme::{ChallengeType::Dns01, ProblemType};
use tests::challenge_server::DnsFault;

use crate::{Scene, assert_failure};

#[tokio::test]
async fn the_right_record_among_others_is_accepted() {
    let scene = Scene::new().await;
    for other in ["", "v=spf1 -all", "someone else's digest"] {
        scene.server.dns.add_txt("_acme-challenge.a.test", &[other]);
    }
    scene.server.set_dns("a.test", &scene.key_authorization);
    assert_eq!(scene.probe(Dns01, "a.test").await.unwrap().address, None);
}

#[tokio::test]
async fn the_strings_of_a_record_are_joined() {
    let scene = Scene::new().await;
    let value = scene.key_authorization.dns_value();
    let (start, end) = value.split_at(20);
    scene.server.dns.add_txt("_acme-challenge.a.test", &[start, end]);
    scene.probe(Dns01, "a.test").await.unwrap();
}

#[tokio::test]
async fn aliases_are_followed_to_another_zone() {
    let scene = Scene::new().await;
    scene.server.dns.set_cname("_acme-challenge.a.test", "a.challenges.example");
    scene.server.dns.set_cname("a.challenges.example", "b.challenges.example");
    scene.server.dns.add_txt("b.challenges.example", &[&scene.key_authorization.dns_value()]);
    scene.probe(Dns01, "a.test").await.unwrap();
}

/// If a name has more records than fit into a datagram, it is queried again over TCP.
#[tokio::test]
async fn many_records_count_all() {
    let scene = Scene::new().await;
    for number in 0..100 {
        scene.server.dns.add_txt("_acme-challenge.a.test", &[&format!("another record, number {number}")]);
    }
    scene.server.set_dns("a.test", &scene.key_authorization);
    scene.probe(Dns01, "a.test").await.unwrap();
    assert_eq!(scene.server.dns.questions().len(), 2);
}

#[tokio::test]
async fn a_record_is_seen_at_once_after_it_was_missed() {
    let scene = Scene::new().await;
    scene.failure(Dns01, "a.test").await;
    scene.server.set_dns("a.test", &scene.key_authorization);
    scene.probe(Dns01, "a.test").await.unwrap();
    scene.server.dns.clear_txt("_acme-challenge.a.test");
    scene.failure(Dns01, "a.test").await;
}

#[tokio::test]
async fn wrong_records_are_listed_beside_the_expected_one() {
    let scene = Scene::new().await;
    scene.server.dns.add_txt("_acme-challenge.a.test", &["wrong"]);
    let failure = scene.failure(Dns01, "a.test").await;
    let detail =
        format!("No TXT record of _acme-challenge.a.test is {}; found \"wrong\".", scene.key_authorization.dns_value());
    assert_failure(&failure, ProblemType::IncorrectResponse, true, &detail);
}

/// The value of another account's key, and the key authorization itself, are wrong values.
#[tokio::test]
async fn threat_1_only_the_digest_for_this_account_counts() {
    let scene = Scene::new().await;
    let other = crate::key_authorization(&scene.token, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    scene.server.set_dns("a.test", &other);
    scene.server.dns.add_txt("_acme-challenge.a.test", &[scene.key_authorization.as_str()]);
    scene.server.dns.add_txt("_acme-challenge.a.test", &[&format!("{}=", scene.key_authorization.dns_value())]);
    scene.server.dns.add_txt("_acme-challenge.a.test", &[&format!(" {}", scene.key_authorization.dns_value())]);
    let failure = scene.failure(Dns01, "a.test").await;
    assert_failure(&failure, ProblemType::IncorrectResponse, true, " and 1 more.");
}

#[tokio::test]
async fn dns_failures_are_distinguished() {
    let mut scene = Scene::new().await;
    scene.rules.dns_timeout = std::time::Duration::from_millis(200);
    let name = "_acme-challenge.a.test";
    for (fault, detail) in [
        (DnsFault::NoSuchName, "The name _acme-challenge.a.test does not exist in DNS (NXDOMAIN, queried for TXT)."),
        (DnsFault::Refused, "answered REFUSED to the query for TXT of _acme-challenge.a.test."),
        (DnsFault::ServerFailure, "answered SERVFAIL to the query for TXT of _acme-challenge.a.test."),
        (DnsFault::Silence, "did not answer the query for TXT of _acme-challenge.a.test in time."),
    ] {
        scene.server.dns.set_fault(name, fault);
        assert_failure(&scene.failure(Dns01, "a.test").await, ProblemType::Dns, true, detail);
    }
    scene.server.dns.clear_fault(name);
    let detail = "_acme-challenge.a.test has no TXT record.";
    assert_failure(&scene.failure(Dns01, "a.test").await, ProblemType::Dns, true, detail);
}

#[tokio::test]
async fn an_unreachable_resolver_is_reported() {
    let mut scene = Scene::in_a_hurry().await;
    let free = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    scene.rules.resolver = Some(free);
    let failure = scene.failure(Dns01, "a.test").await;
    assert_failure(&failure, ProblemType::Dns, true, "_acme-challenge.a.test");
}

#[tokio::test]
async fn a_name_too_long_for_the_prefix_is_a_dns_problem() {
    let scene = Scene::new().await;
    let name = format!("{}test", "a.".repeat(120));
    assert_failure(&scene.failure(Dns01, &name).await, ProblemType::Dns, true, "Looking up TXT of");
}

#[tokio::test]
async fn addresses_are_not_validated_by_dns() {
    let scene = Scene::new().await;
    let failure = scene.failure(Dns01, "127.0.0.1").await;
    assert_failure(&failure, ProblemType::Malformed, false, "dns-01 cannot validate 127.0.0.1.");
    assert!(scene.server.dns.questions().is_empty());
}
