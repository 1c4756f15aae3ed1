//! Receipts: why a certificate was signed, shown by the CA and examined without it.

use admin::{
    examination::{MAX_LENGTH, examine},
    finding::{Finding, is_sound},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Caa, Ground, Sha256Digest};
use tests::{Environment, client::certificate_id};

use crate::HOST;

/// The evidence for the certificate at the beginning of the chain.
async fn evidence(environment: &Environment, chain: &str) -> Value {
    environment.act(json!({"action": "evidence", "id": certificate_id(chain)})).await.unwrap()
}

/// What an examination finds, of the findings that do not hold if there are any.
fn examined(evidence: &Value) -> Result<String, String> {
    examined_at(Timestamp::now(), evidence)
}

fn examined_at(now: Timestamp, evidence: &Value) -> Result<String, String> {
    let findings = examine(evidence.to_string().as_bytes(), now).map_err(|error| error.to_string())?;
    let said = |holds| {
        let said = findings.iter().filter(|finding| finding.holds == holds);
        said.map(|Finding { says, .. }| format!("{says}\n")).collect::<String>()
    };
    if is_sound(&findings) { Ok(said(true)) } else { Err(said(false)) }
}

/// The evidence with the digest of the grounds that it has now, as if it had been written so.
fn digested(mut evidence: Value) -> Value {
    let grounds = evidence.pointer("/receipt/grounds").cloned().unwrap_or_default();
    if let Ok(grounds) = serde_json::from_value::<Vec<Ground>>(grounds) {
        evidence["receipt"]["groundsDigest"] = json!(Sha256Digest::of_document(&grounds).unwrap());
    }
    evidence
}

#[tokio::test]
async fn a_certificate_has_a_receipt_that_says_what_was_seen_under_which_rules() {
    let environment = HOST
        .configured(|config| {
            config.acme_profiles[0].caa = Some(Caa::Enforce);
            config.acme_profiles[0].caa_identities = vec!["ca.example".to_owned()];
        })
        .await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let issued = client.obtain(&["*.a.test", "b.test"]).await;
            let shown = evidence(&environment, &issued.chain).await;
            let says = examined(&shown).unwrap();
            for expected in [
                "the receipt is for the names of the certificate, and no others: b.test, *.a.test\n",
                "of the ACME Profile default, for a certificate that is valid from ",
                "*.a.test: the CA saw _acme-challenge.a.test",
                "*.a.test: CAA: there are no records\n",
                "b.test: the CA saw http://b.test",
                "b.test: control was shown at ",
            ] {
                assert!(says.contains(expected), "{expected} is not in\n{says}");
            }
            // It is the same whatever becomes of the certificate.
            client.revoke(&issued, 4).await.expect(200);
            assert_eq!(evidence(&environment, &issued.chain).await, shown);
        })
        .await;
}

#[tokio::test]
async fn the_rules_have_another_version_after_a_change_and_a_receipt_keeps_its_own() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    let first = client.obtain(&["a.test"]).await;
    let before = evidence(&environment, &first.chain).await;
    let second = client.obtain(&["a.test"]).await;
    assert_eq!(evidence(&environment, &second.chain).await["receipt"]["rules"], before["receipt"]["rules"]);
    let stricter = json!({"acmeProfile": [{"name": "default", "allowWildcards": false}]});
    environment.act(json!({"action": "apply-profiles", "profiles": stricter})).await.unwrap();
    environment.settled().await;
    let third = client.obtain(&["a.test"]).await;
    assert_ne!(evidence(&environment, &third.chain).await["receipt"]["rules"], before["receipt"]["rules"]);
    assert_eq!(evidence(&environment, &first.chain).await, before);
}

#[tokio::test]
async fn evidence_that_was_altered_anywhere_is_not_sound() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    let issued = client.obtain(&["a.test"]).await;
    let mut good = evidence(&environment, &issued.chain).await;
    let other = client.obtain(&["b.test"]).await;
    let other = evidence(&environment, &other.chain).await;
    // As if six other networks had been asked.
    let remote = |index: usize, region: &str| json!({"perspective": format!("p{index}"), "region": region});
    let regions = ["arin", "ripe", "apnic", "arin", "ripe", "lacnic"];
    let remotes = regions.iter().enumerate().map(|(index, region)| remote(index, region));
    good["receipt"]["grounds"][0]["evidence"]["observations"].as_array_mut().unwrap().extend(remotes);
    let wrong = examined(&good).unwrap_err();
    assert_eq!(wrong, "why each name may be in it is what the receipt was written with\n");
    let good = digested(good);
    let says = examined(&good).unwrap();
    assert!(says.contains("a.test: 4 of 6 perspectives had to agree, in two regions\n"), "{says}");

    type Alter<'a> = &'a dyn Fn(&mut Value);
    let ground = "/receipt/grounds/0";
    let seen = "/receipt/grounds/0/evidence/observations";
    let alterations: [(&str, Alter<'_>); 17] = [
        ("the certificate is ", &|all| all["id"] = other["id"].clone()),
        ("the certificate is ", &|all| all["certificate"] = other["certificate"].clone()),
        ("has the digest", &|all| all["receipt"]["tbs"] = other["receipt"]["tbs"].clone()),
        ("there is no receipt", &|all| drop(all.as_object_mut().unwrap().remove("receipt"))),
        ("the receipt is for b.test", &|all| all["receipt"] = other["receipt"].clone()),
        ("the receipt is for , and", &|all| all["receipt"]["grounds"] = json!([])),
        ("the receipt is for a.test, and", &|all| {
            let again = all.pointer(ground).unwrap().clone();
            all["receipt"]["grounds"].as_array_mut().unwrap().push(again);
        }),
        ("by the rules", &|all| all["receipt"]["at"] = json!("2001-01-01T00:00:00Z")),
        ("by the rules", &|all| all["receipt"]["at"] = json!("2101-01-01T00:00:00Z")),
        ("control was shown at 2101", &|all| {
            all.pointer_mut(ground).unwrap()["evidence"]["at"] = json!("2101-01-01T00:00:00Z");
        }),
        ("there is no evidence", &|all| {
            drop(all.pointer_mut(ground).unwrap().as_object_mut().unwrap().remove("evidence"));
        }),
        ("what the CA itself saw is missing", &|all| {
            drop(all.pointer_mut(seen).unwrap().as_array_mut().unwrap().remove(0));
        }),
        ("a test switch", &|all| all.pointer_mut(seen).unwrap()[0]["testSwitch"] = json!(true)),
        ("the CA saw", &|all| all.pointer_mut(seen).unwrap()[0]["problem"] = json!("another address")),
        ("4 of 6 perspectives", &|all| {
            for index in [1, 2, 3] {
                all.pointer_mut(seen).unwrap()[index]["problem"] = json!("another address");
            }
        }),
        ("in no region", &|all| all.pointer_mut(seen).unwrap()[1]["region"] = json!("mars")),
        ("named twice", &|all| all.pointer_mut(seen).unwrap()[1]["perspective"] = json!("p5")),
    ];
    for (expected, alter) in alterations {
        let mut altered = good.clone();
        alter(&mut altered);
        let wrong = examined(&digested(altered)).expect_err(expected);
        assert!(wrong.contains(expected), "{expected} is not in\n{wrong}");
    }
    for document in [json!({}), json!([]), json!({"id": good["id"], "tbs": "", "certificate": "none"})] {
        assert!(examined(&document).is_err(), "{document}");
    }
    let long = vec![b' '; MAX_LENGTH + 1];
    let refusal = examine(&long, Timestamp::now()).unwrap_err().to_string();
    assert!(refusal.starts_with("it is longer than"), "{refusal}");
}

#[tokio::test]
async fn a_wildcard_or_an_address_is_not_shown_by_a_challenge_for_other_names() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    for (names, challenge) in [(["*.a.test"], "http-01"), (["127.0.0.1"], "dns-01")] {
        let issued = client.obtain(&names).await;
        let mut shown = evidence(&environment, &issued.chain).await;
        examined(&shown).unwrap();
        shown["receipt"]["grounds"][0]["evidence"]["challenge"] = json!(challenge);
        let wrong = examined(&digested(shown)).unwrap_err();
        assert!(wrong.contains(&format!("{challenge} shows control")), "{wrong}");
    }
}

/// All seals that the CA has, as a document.
async fn chain(environment: &Environment) -> Value {
    let page = environment.act(json!({"action": "seals"})).await.unwrap();
    assert!(page.get("next").is_none(), "{page}");
    json!({"seals": page["seals"]})
}

#[tokio::test]
async fn a_receipt_is_sealed_after_its_day_and_one_that_the_seal_does_not_have_is_found() {
    let environment = HOST.started_days_ago(3).await.an_hour_later().await;
    let client = environment.directory("default").client().await;
    let issued = [client.obtain(&["a.test"]).await, client.obtain(&["b.test"]).await];
    let early = evidence(&environment, &issued[0].chain).await;
    let at: Timestamp = early["receipt"]["at"].as_str().unwrap().parse().unwrap();
    assert!(examined_at(at, &early).unwrap().contains("not sealed yet"));
    assert!(early.get("seal").is_none());
    let long_after = at + SignedDuration::from_hours(50);
    let mut at_the_end_of_time = early.clone();
    at_the_end_of_time["receipt"]["at"] = json!("9999-12-30T22:00:00Z");
    examined(&at_the_end_of_time).unwrap_err();
    assert!(examined_at(long_after, &early).unwrap_err().contains("was left out"), "it had to be sealed by then");

    let environment = environment.days_later(2).await;
    let client = environment.directory("default").client().await;
    let later = client.obtain(&["c.test"]).await;
    let sealed = evidence(&environment, &issued[0].chain).await;
    let says = examined_at(long_after, &sealed).unwrap();
    let root = "the root has the SHA-256 fingerprint ";
    for expected in [root, "Issuing", " sealed it", "one of the 2 of the seal number ", ", for 2"] {
        assert!(says.contains(expected), "{expected} is not in\n{says}");
    }
    let unsealed = evidence(&environment, &later.chain).await;
    assert!(examined_at(long_after, &unsealed).unwrap().contains("not sealed yet"));

    // Each is the evidence of this CA, with something that the seal contradicts.
    let other = evidence(&environment, &issued[1].chain).await;
    assert_eq!(other["seal"], sealed["seal"], "both are of one day");
    examined(&other).unwrap();
    type Alter<'a> = &'a dyn Fn(&mut Value);
    let alterations: [(&str, Alter<'_>); 6] = [
        ("one of the 2", &|all| all["receipt"]["rules"] = json!("0123456789abcdef01234567")),
        ("one of the 2", &|all| all["receipt"]["grounds"][0]["by"] = other["receipt"]["grounds"][0]["by"].clone()),
        ("one of the 2", &|all| {
            all["receipt"]["at"] = json!(at + SignedDuration::from_secs(1));
        }),
        ("was left out", &|all| drop(all.as_object_mut().unwrap().remove("seal"))),
        ("not a statement", &|all| all["seal"] = json!("eyJhbGciOiJFUzI1NiJ9.e30.AAAA")),
        ("does not verify", &|all| {
            let seal = all["seal"].as_str().unwrap();
            let (signed, signature) = seal.rsplit_once('.').unwrap();
            let first = if signature.starts_with('A') { 'B' } else { 'A' };
            all["seal"] = json!(format!("{signed}.{first}{}", &signature[1..]));
        }),
    ];
    for (expected, alter) in alterations {
        let mut altered = sealed.clone();
        alter(&mut altered);
        let wrong = examined_at(long_after, &digested(altered)).expect_err(expected);
        assert!(wrong.contains(expected), "{expected} is not in\n{wrong}");
        assert_eq!(wrong.lines().count(), 1, "{wrong}");
    }
}

#[tokio::test]
async fn the_seal_of_another_ca_or_for_another_day_is_none() {
    let sealed = async || {
        let environment = HOST.started_days_ago(3).await.an_hour_later().await;
        let client = environment.directory("default").client().await;
        let issued = client.obtain(&["a.test"]).await;
        let environment = environment.days_later(2).await;
        (evidence(&environment, &issued.chain).await, environment)
    };
    let ((mine, environment), (theirs, _)) = (sealed().await, sealed().await);
    let mut foreign = mine.clone();
    foreign["seal"] = theirs["seal"].clone();
    let wrong = examined(&foreign).unwrap_err();
    assert!(wrong.contains("below one of them") && wrong.contains("one of the 1 of the seal"), "{wrong}");
    foreign["root"] = theirs["root"].clone();
    assert!(examined(&foreign).unwrap_err().contains("signed it, or the CA above it"));

    let seals = chain(&environment).await;
    let first = &seals["seals"][0]["jws"];
    assert_ne!(*first, mine["seal"]);
    let mut early = mine.clone();
    early["seal"] = first.clone();
    let wrong = examined(&early).unwrap_err();
    assert!(
        wrong.contains("one of the 0 of the seal number 0, with which the chain begins, for receipts since "),
        "{wrong}"
    );
}

#[tokio::test]
async fn a_chain_in_which_a_seal_is_missing_moved_or_changed_is_not_sound() {
    let mut environment = HOST.started_days_ago(5).await.an_hour_later().await;
    for day in 0..3 {
        environment.directory("default").client().await.obtain(&["a.test"]).await;
        environment = environment.days_later(if day == 0 { 2 } else { 1 }).await;
    }
    let whole = chain(&environment).await;
    let says = examined(&whole).unwrap();
    assert!(says.starts_with("number 0, with which the chain begins, for receipts since "), "{says}");
    assert!(says.contains(": 1 receipts, by "), "{says}");
    let seals = whole["seals"].as_array().unwrap();
    assert!(seals.len() >= 4, "{says}");
    // What is kept elsewhere may begin later.
    examined(&json!({"seals": seals[2..]})).unwrap();
    examined(&json!({"seals": seals[..2]})).unwrap();
    for missing in 1..seals.len() - 1 {
        let mut others = seals.clone();
        others.remove(missing);
        let wrong = examined(&json!({"seals": others})).unwrap_err();
        assert!(wrong.contains("it does not follow the one before it"), "{wrong}");
    }
    let mut moved = seals.clone();
    moved.swap(1, 2);
    examined(&json!({"seals": moved})).unwrap_err();
    let mut changed = whole.clone();
    let jws = changed["seals"][1]["jws"].as_str().unwrap().replacen("ey", "ez", 1);
    changed["seals"][1]["jws"] = json!(jws);
    assert!(examined(&changed).unwrap_err().contains("is not a statement of a CA"));
}
