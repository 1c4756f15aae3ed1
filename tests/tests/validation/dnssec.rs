//! Tests of DNSSEC, by a resolver that validates: what it found broken is not validated, and what
//! it said of the rest is evidence.

use acme::{
    ChallengeType::{Dns01, Http01, TlsAlpn01},
    ProblemType,
};
use tests::{
    SignedZones,
    challenge_server::{DnsFault, Page},
};
use validation::{CaaTerms, try_resolver};

use crate::{Scene, assert_failure};

/// A scene whose names are looked up by a resolver that validates; `None` where there is none.
async fn scene() -> Option<(Scene, SignedZones)> {
    let mut scene = Scene::new().await;
    let digest = scene.key_authorization.dns_value();
    let mut records = String::new();
    for name in ["signed.test", "free.test"] {
        records += &format!("_acme-challenge.{name}. 60 IN TXT \"{digest}\"\n");
    }
    records += "_acme-challenge.alias.test. 60 IN CNAME text.unsigned.test.\n";
    // More than a datagram holds.
    for number in 0..100 {
        records += &format!("_acme-challenge.many.test. 60 IN TXT \"another record, number {number}\"\n");
    }
    records += &format!("_acme-challenge.many.test. 60 IN TXT \"{digest}\"\n");
    records +=
        "signed.test. 60 IN CAA 0 issue \"ca.example\"\nsigned.test. 60 IN CAA 0 atagofmorethanfifteenletters \"x\"\n";
    let zones = SignedZones::start(&records).await.unwrap()?;
    scene.rules.resolver = Some(zones.address);
    scene.rules.validates = true;
    scene.set_page(Page::text(scene.key_authorization.as_str()));
    Some((scene, zones))
}

#[tokio::test]
async fn answers_of_signed_zones_are_authentic_and_those_of_zones_without_signatures_are_not() {
    let Some((scene, _zones)) = scene().await else { return };
    for (challenge, name, authenticated) in [
        (Http01, "signed.test", true),
        (Http01, "unsigned.test", false),
        // The alias is signed, and what it leads to is not.
        (Http01, "alias.test", false),
        (Dns01, "signed.test", true),
        (Dns01, "many.test", true),
    ] {
        let seen = scene.probe(challenge, name).await.unwrap();
        assert_eq!((seen.authenticated, seen.resolver), (Some(authenticated), scene.rules.resolver), "{name}");
    }
    scene.server.set_alpn("signed.test", &scene.key_authorization);
    assert_eq!(scene.probe(TlsAlpn01, "signed.test").await.unwrap().authenticated, Some(true));
    // An address is not looked up.
    assert_eq!(scene.probe(Http01, "127.0.0.1").await.unwrap().authenticated, None);
}

#[tokio::test]
async fn a_broken_chain_of_signatures_refuses_and_says_what_is_broken() {
    let Some((scene, _zones)) = scene().await else { return };
    for (name, why) in [
        ("forged.test", "DNSSEC Bogus"),
        ("half.test", "DNSSEC Bogus"),
        ("expired.test", "Signature Expired"),
        ("stripped.test", "Check"),
    ] {
        let failure = scene.failure(Http01, name).await;
        assert_failure(&failure, ProblemType::Dns, true, "which validates DNSSEC, answered SERVFAIL");
        assert_failure(&failure, ProblemType::Dns, true, why);
        // The words of the resolver may have those of the zone in them.
        let without = format!("AAAA of {name}. Check the zone's name servers, its signatures");
        assert!(failure.guarded.detail.contains(&without), "{}", failure.guarded.detail);
    }
    let redirect = Page::redirect(&format!("http://forged.test:{}/", scene.server.http_port));
    scene.set_page(redirect);
    let failure = scene.failure(Http01, "signed.test").await;
    assert_failure(&failure, ProblemType::Dns, true, "DNSSEC Bogus");
}

#[tokio::test]
async fn what_does_not_exist_is_said_as_by_any_resolver() {
    let Some((scene, _zones)) = scene().await else { return };
    assert_failure(&scene.failure(Http01, "nowhere.test").await, ProblemType::Dns, true, "NXDOMAIN");
    assert_failure(&scene.failure(Dns01, "unsigned.test").await, ProblemType::Dns, true, "NXDOMAIN");
    assert_failure(&scene.failure(Http01, "test").await, ProblemType::Dns, true, "has no A or AAAA record");
}

#[tokio::test]
async fn caa_records_have_their_own_evidence_and_permit_nothing_once_they_were_changed() {
    let Some((mut scene, _zones)) = scene().await else { return };
    scene.caa =
        Some(CaaTerms { identities: vec!["ca.example".to_owned()], account_urls: Vec::new(), is_wildcard: false });
    let permission = scene.probe(Dns01, "signed.test").await.unwrap().caa.unwrap();
    assert_eq!((permission.identity.as_deref(), permission.authenticated), (Some("ca.example"), Some(true)));
    // That there are none is proven as well.
    let permission = scene.probe(Dns01, "free.test").await.unwrap().caa.unwrap();
    assert_eq!((permission.domain, permission.authenticated), (None, Some(true)));
    let permission = scene.probe(Http01, "unsigned.test").await.unwrap().caa.unwrap();
    assert_eq!(permission.authenticated, Some(false));
    let failure = scene.failure(Http01, "tampered.test").await;
    assert_failure(&failure, ProblemType::Dns, true, "SERVFAIL to the query for CAA of tampered.test: DNSSEC Bogus");
    scene.caa = None;
    scene.probe(Http01, "tampered.test").await.expect("its address is authentic");
}

/// A resolver that does not validate is one whose answers are never authentic, and its failures are
/// no permission.
#[tokio::test]
async fn a_resolver_that_says_nothing_of_signatures_leaves_no_evidence_of_them() {
    let mut scene = Scene::new().await;
    scene.rules.validates = true;
    scene.set_page(Page::text(scene.key_authorization.as_str()));
    scene.server.dns.set_addresses("a.test", &["127.0.0.1"]);
    assert_eq!(scene.probe(Http01, "a.test").await.unwrap().authenticated, Some(false));
    for (fault, says) in [
        (DnsFault::ServerFailure, "answered SERVFAIL to the query for A or AAAA of a.test. Check"),
        (DnsFault::Refused, "answered REFUSED"),
        (DnsFault::NoSuchName, "NXDOMAIN"),
    ] {
        scene.server.dns.set_fault("a.test", fault);
        assert_failure(&scene.failure(Http01, "a.test").await, ProblemType::Dns, true, says);
    }
    scene.server.dns.set_fault("a.test", DnsFault::Silence);
    scene.rules.timeout = std::time::Duration::from_millis(300);
    assert_failure(&scene.failure(Http01, "a.test").await, ProblemType::Dns, true, "did not answer");
    // Without the switch nothing is kept of it.
    scene.rules.validates = false;
    scene.server.dns.clear_fault("a.test");
    assert_eq!(scene.probe(Http01, "a.test").await.unwrap().authenticated, None);
}

#[tokio::test]
async fn a_trial_tells_a_resolver_that_validates_from_one_that_does_not() {
    let Some((scene, zones)) = scene().await else { return };
    let server = &scene.server;
    server.dns.set_addresses("forged.test", &["127.0.0.2"]);
    let tried = async |address, whole, broken| try_resolver(address, whole, broken).await.map_err(|it| it.to_string());
    for whole in [".", "signed.test", "nowhere.test."] {
        assert_eq!(tried(zones.address, whole, "forged.test").await, Ok(()), "{whole}");
    }
    for (address, whole, broken, says) in [
        (server.dns_addr, ".", "forged.test", "it does not call the answer for . authentic"),
        (zones.address, "unsigned.test", "forged.test", "it does not call the answer for unsigned.test authentic"),
        (zones.address, ".", "signed.test", "it does not validate: it answers for signed.test, whose"),
        (zones.address, ".", "nowhere.test", "the trial with nowhere.test shows nothing: Non-Existent Domain"),
        (zones.address, "expired.test", "forged.test", "the trial with expired.test shows nothing: the resolver"),
        (zones.address, "a b", "forged.test", "the trial with a b shows nothing: "),
    ] {
        let said = tried(address, whole, broken).await.unwrap_err();
        assert!(said.starts_with(says), "{said}");
    }
}
