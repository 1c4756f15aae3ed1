//! Receipts: why a certificate was signed, shown by the CA and examined without it.

use admin::examination::{Finding, examine, is_sound};
use serde_json::{Value, json};
use store::Caa;
use tests::{Environment, client::certificate_id};

use crate::HOST;

/// The evidence for the certificate at the beginning of the chain.
async fn evidence(environment: &Environment, chain: &str) -> Value {
    environment.act(json!({"action": "evidence", "id": certificate_id(chain)})).await.unwrap()
}

/// What an examination finds, of the findings that do not hold if there are any.
fn examined(evidence: &Value) -> Result<String, String> {
    let findings = examine(evidence.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let said = |holds| {
        let said = findings.iter().filter(|finding| finding.holds == holds);
        said.map(|Finding { says, .. }| format!("{says}\n")).collect::<String>()
    };
    if is_sound(&findings) { Ok(said(true)) } else { Err(said(false)) }
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
    let says = examined(&good).unwrap();
    assert!(says.contains("a.test: 4 of 6 perspectives had to agree, in two regions\n"), "{says}");

    type Alter<'a> = &'a dyn Fn(&mut Value);
    let ground = "/receipt/grounds/0";
    let seen = "/receipt/grounds/0/evidence/observations";
    let alterations: [(&str, Alter<'_>); 17] = [
        ("the certificate is ", &|all| all["id"] = other["id"].clone()),
        ("the certificate is ", &|all| all["certificate"] = other["certificate"].clone()),
        ("has the digest", &|all| all["tbs"] = other["tbs"].clone()),
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
        let wrong = examined(&altered).expect_err(expected);
        assert!(wrong.contains(expected), "{expected} is not in\n{wrong}");
    }
    for document in [json!({}), json!([]), json!({"id": good["id"], "tbs": "", "certificate": "none"})] {
        assert!(examined(&document).is_err(), "{document}");
    }
    assert!(examine(&vec![b' '; 4 * 1024 * 1024 + 1]).unwrap_err().to_string().starts_with("it is longer than"));
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
        let wrong = examined(&shown).unwrap_err();
        assert!(wrong.contains(&format!("{challenge} shows control")), "{wrong}");
    }
}
