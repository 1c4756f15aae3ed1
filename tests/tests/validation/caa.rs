//! Tests of CAA records (RFC 8659): where they are looked for, and what a fault on the way means.

use acme::{CaaPermission, ChallengeType::Dns01, ChallengeType::Http01, ProblemType};
use hickory_proto::rr::RecordType;
use tests::challenge_server::{DnsFault, Page};
use validation::CaaTerms;

use crate::{Scene, assert_failure};

impl Scene {
    /// With CAA records checked, and with names whose challenge is met.
    async fn with_caa(names: &[&str]) -> Self {
        let mut scene = Self::new().await;
        scene.caa =
            Some(CaaTerms { identities: vec!["ca.example".to_owned()], account_urls: Vec::new(), is_wildcard: false });
        for name in names {
            scene.server.set_dns(name, &scene.key_authorization);
        }
        scene
    }

    fn caa(&self, name: &str, issuer: &str) {
        self.server.dns.set_caa(name, &[(false, "issue", issuer)]);
    }

    async fn permission(&self, name: &str) -> CaaPermission {
        self.probe(Dns01, name).await.unwrap().caa.expect("records were asked for")
    }

    /// The names that were asked for CAA records, in order.
    fn asked(&self) -> Vec<String> {
        let questions = self.server.dns.questions().into_iter();
        questions.filter(|question| question.r#type == "CAA").map(|question| question.name).collect()
    }
}

#[tokio::test]
async fn a_name_without_records_up_to_its_top_level_domain_is_free() {
    let scene = Scene::with_caa(&["a.b.test"]).await;
    assert_eq!(scene.permission("a.b.test").await, CaaPermission::default());
    assert_eq!(scene.asked(), ["a.b.test", "b.test", "test"]);
}

#[tokio::test]
async fn the_nearest_records_decide() {
    let scene = Scene::with_caa(&["a.permit.deny.test", "deny.permit.test"]).await;
    scene.caa("permit.deny.test", "ca.example");
    scene.caa("deny.test", ";");
    let permission = scene.permission("a.permit.deny.test").await;
    assert_eq!(permission.domain.as_deref(), Some("permit.deny.test"));
    scene.caa("permit.test", "ca.example");
    scene.caa("deny.permit.test", "other.example");
    let failure = scene.failure(Dns01, "deny.permit.test").await;
    assert_failure(&failure, ProblemType::Caa, false, "issue \"other.example\"");
}

/// RFC 8659 §3 climbs from the name itself, and not from where an alias leads.
#[tokio::test]
async fn an_alias_leads_to_records_and_its_target_is_not_climbed_from() {
    let scene = Scene::with_caa(&["cname-deny.test", "cname.deny.test"]).await;
    scene.caa("deny.test", "other.example");
    scene.server.dns.set_cname("cname-deny.test", "b.test");
    scene.server.dns.set_cname("b.test", "deny.test");
    scene.failure(Dns01, "cname-deny.test").await;
    scene.caa("permit.test", "ca.example");
    scene.server.dns.set_cname("cname.deny.test", "sub.permit.test");
    let failure = scene.failure(Dns01, "cname.deny.test").await;
    assert_failure(&failure, ProblemType::Caa, false, "The CAA records of deny.test");
}

#[tokio::test]
async fn threat_2_a_fault_below_the_records_refuses_and_one_above_them_is_not_seen() {
    for (fault, said) in
        [(DnsFault::ServerFailure, "SERVFAIL"), (DnsFault::Refused, "REFUSED"), (DnsFault::Silence, "in time")]
    {
        let mut scene = Scene::with_caa(&["a.permit.test", "a.b.test"]).await;
        scene.rules.dns_timeout = std::time::Duration::from_millis(100);
        scene.caa("permit.test", "ca.example");
        scene.server.dns.set_fault("test", fault);
        assert_eq!(scene.permission("a.permit.test").await.domain.as_deref(), Some("permit.test"));
        let failure = scene.failure(Dns01, "a.b.test").await;
        assert_failure(&failure, ProblemType::Dns, true, said);
    }
}

#[tokio::test]
async fn more_records_than_a_datagram_holds_count_all() {
    let scene = Scene::with_caa(&["big.test"]).await;
    let others: Vec<_> = (0..1_000).map(|number| format!("t{number}")).collect();
    let mut records: Vec<_> = others.iter().map(|tag| (false, tag.as_str(), "x")).collect();
    records.push((false, "issue", "caatestsuite.com"));
    scene.server.dns.set_caa("big.test", &records);
    assert_failure(&scene.failure(Dns01, "big.test").await, ProblemType::Caa, false, "caatestsuite.com");
}

#[tokio::test]
async fn records_are_not_asked_for_before_the_challenge_is_met_nor_for_addresses() {
    let scene = Scene::with_caa(&[]).await;
    scene.caa("a.test", ";");
    assert_failure(&scene.failure(Dns01, "a.test").await, ProblemType::Dns, true, "TXT");
    assert_eq!(scene.asked(), [""; 0]);
    scene.set_page(Page::text(scene.key_authorization.as_str()));
    assert_eq!(scene.probe(Http01, "127.0.0.1").await.unwrap().caa, Some(CaaPermission::default()));
    assert_eq!(scene.asked(), [""; 0]);
}

/// The library does not read tags of more than 15 letters; RFC 8659 knows no such bound.
#[tokio::test]
async fn a_property_with_a_long_tag_is_one_like_others() {
    let scene = Scene::with_caa(&["a.test"]).await;
    let tag = "caatestsuitedummyproperty";
    let records = |critical, issuer| [(critical, tag, "x"), (false, "issue", issuer)];
    scene.server.dns.set_caa("a.test", &records(false, "ca.example"));
    assert_eq!(scene.permission("a.test").await.record.as_deref(), Some("issue \"ca.example\""));
    scene.server.dns.set_caa("a.test", &records(false, ";"));
    assert_failure(&scene.failure(Dns01, "a.test").await, ProblemType::Caa, false, "issue \";\"");
    scene.server.dns.set_caa("a.test", &records(true, "ca.example"));
    assert_failure(&scene.failure(Dns01, "a.test").await, ProblemType::Caa, false, tag);
}

/// It could be the one that forbids.
#[tokio::test]
async fn a_record_that_cannot_be_read_permits_nothing() {
    let scene = Scene::with_caa(&["a.test"]).await;
    for data in [&b""[..], b"\0", b"\0\0", b"\0\x05issu", b"\0\x03a-bx"] {
        scene.server.dns.set_caa_answer("a.test", RecordType::CAA, data);
        let failure = scene.failure(Dns01, "a.test").await;
        assert_failure(&failure, ProblemType::Dns, true, "could not be read");
    }
}

/// Only records decide, so their absence sends to the domain above.
#[tokio::test]
async fn an_answer_that_cannot_be_read_and_has_no_record_does_not_decide() {
    let scene = Scene::with_caa(&["a.deny.test"]).await;
    scene.caa("deny.test", ";");
    scene.server.dns.set_caa_answer("a.deny.test", RecordType::A, b"\x7f\0\0");
    let failure = scene.failure(Dns01, "a.deny.test").await;
    assert_failure(&failure, ProblemType::Caa, false, "The CAA records of deny.test");
}
