//! Several issuing CAs side by side, and what an operator does with them (interface row P3).

use serde_json::{Value, json};
use tests::{
    Directory, Environment,
    client::{Issued, Key, csr},
};

use super::revocation::crl_check;
use crate::HOST;

/// A CA with the issuer `second` and an RA Profile of that name, which serves in family B.
async fn with_a_second() -> Environment {
    let environment = HOST.start().await;
    let second = environment.add_issuer("second", json!({})).await.unwrap();
    assert_eq!((&second["state"], &second["subject"]), (&json!("active"), &json!("CN=Test second")));
    apply(&environment, json!({"raProfile": [{"name": "second", "issuer": "second", "acmeProfile": "default"}]})).await;
    environment.settled().await;
    environment
}

async fn apply(environment: &Environment, profiles: Value) {
    let applied = environment.act(json!({"action": "apply-profiles", "profiles": profiles})).await.unwrap();
    assert_eq!(applied["applied"], true, "{applied}");
}

/// The name of the CA that signed it.
fn issuer_of(issued: &Issued) -> String {
    issued.leaf().tbs_certificate().issuer().to_string()
}

async fn obtained(ca: Directory<'_>, name: &str) -> Issued {
    ca.client().await.obtain(&[name]).await
}

#[tokio::test]
async fn two_issuers_sign_side_by_side_each_with_a_chain_and_a_crl_of_its_own() {
    let environment = with_a_second().await;
    for (directory, issuer) in
        [("default", FIRST), ("raProfile/default", FIRST), ("raProfile/second", "CN=Test second")]
    {
        let ca = environment.directory(directory);
        let client = ca.client().await;
        let (kept, revoked) = (client.obtain(&["a.test"]).await, client.obtain(&["a.test"]).await);
        assert_eq!(issuer_of(&kept), issuer, "{directory}");
        crl_check(&ca, &kept).await.unwrap();
        client.revoke(&revoked, 4).await.expect(200);
        environment.settled().await;
        crl_check(&ca, &revoked).await.unwrap_err();
        crl_check(&ca, &kept).await.unwrap();
    }
}

#[tokio::test]
async fn p3_a_swapped_ca_signs_the_next_order_of_existing_accounts_and_family_b_stays() {
    let environment = with_a_second().await;
    let (a, b) = (environment.directory("default"), environment.directory("raProfile/default"));
    let (client, pinned) = (a.client().await, b.client().await);
    assert_eq!(issuer_of(&client.obtain(&["a.test"]).await), FIRST);
    apply(&environment, json!({"acmeProfile": [{"name": "default", "raProfile": "second"}]})).await;
    let swapped = client.obtain(&["a.test"]).await;
    assert_eq!(issuer_of(&swapped), "CN=Test second");
    crl_check(&a, &swapped).await.unwrap();
    assert_eq!(issuer_of(&pinned.obtain(&["a.test"]).await), FIRST);
}

#[tokio::test]
async fn a_roll_over_moves_every_profile_at_once_and_the_old_ca_goes_on_signing_crls() {
    let environment = HOST.start().await;
    let ca = environment.directory("default");
    let (kept, revoked) = (obtained(ca, "a.test").await, ca.client().await);
    let (client, revoked) = (revoked.clone(), revoked.obtain(&["b.test"]).await);
    let mut request = json!({"action": "roll-over-issuer", "old": "issuing", "new": "issuing-2"});
    if let Some(key) = environment.issuer_key(ca::IssuerKeyType::P256) {
        request["key"] = key.into();
    }
    let rolled = environment.act(request.clone()).await.unwrap();
    let difference = json!({"path": "raProfile.default.issuer", "before": "issuing", "after": "issuing-2"});
    assert_eq!(rolled["differences"], json!([difference]));
    assert_eq!(environment.act(request).await.unwrap()["differences"], json!([]), "doing it again is harmless");
    environment.settled().await;
    for directory in ["default", "raProfile/default"] {
        let ca = environment.directory(directory);
        let issued = obtained(ca, "a.test").await;
        assert_eq!(issuer_of(&issued), "CN=serverless-acme Issuing CA 2");
        crl_check(&ca, &issued).await.unwrap();
    }

    let retired = environment.act(json!({"action": "retire-issuer", "id": "issuing"})).await.unwrap();
    assert_eq!(retired["state"], "retired");
    client.revoke(&revoked, 4).await.expect(200);
    environment.settled().await;
    crl_check(&ca, &kept).await.unwrap();
    crl_check(&ca, &revoked).await.unwrap_err();
    assert_eq!(client.read(&revoked.certificate).await.expect(200).text(), revoked.chain, "it can be downloaded");
}

#[tokio::test]
async fn a_retired_issuer_issues_nothing_and_is_retired_under_its_profiles_only_when_told_so() {
    let environment = with_a_second().await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    let (issued, ready) = (client.obtain(&["a.test"]).await, client.ready_order(&["b.test"]).await);
    let retire = |id: &str, named: bool| json!({"action": "retire-issuer", "id": id, "named": named});
    for (request, expected) in [
        (retire("issuing", false), "RA Profiles name `issuing`: default"),
        (retire("root", false), "`root` is a root"),
        (retire("none", false), "there is no issuer `none`"),
    ] {
        let reason = environment.act(request).await.unwrap_err();
        assert!(reason.contains(expected), "{reason}");
    }
    environment.act(retire("issuing", true)).await.unwrap();
    let refused = client.new_order(&["c.test"]).await.refused(403, "unauthorized");
    assert!(refused["detail"].as_str().unwrap().contains("retired"), "{refused}");
    client.finalize(&ready, &csr(&["b.test"], &Key::p256())).await.refused(403, "unauthorized");
    client.read(&issued.certificate).await.expect(200);
    client.revoke(&issued, 4).await.expect(200);

    // The profile can be changed, to an issuer that issues.
    let named = json!({"name": "third", "issuer": "issuing"});
    let refused = environment.act(json!({"action": "apply-profiles", "profiles": {"raProfile": [named]}})).await;
    let expected = "raProfile.third.issuer: issuer `issuing` is retired and issues nothing; those that do: `second`";
    assert!(refused.unwrap_err().contains(expected));
    apply(&environment, json!({"raProfile": [{"name": "default", "description": "still there"}]})).await;
    apply(&environment, json!({"raProfile": [{"name": "default", "issuer": "second"}]})).await;
    let issued = client.finish(ready, &["b.test"], Key::p256()).await;
    assert_eq!(issuer_of(&issued), "CN=Test second");
    let reason = environment.act(retire("second", true)).await.unwrap_err();
    assert!(reason.contains("the last issuer"), "{reason}");
}

#[tokio::test]
async fn an_issuer_that_cannot_be_is_refused_before_anything_is_signed() {
    let environment = with_a_second().await;
    let before = environment.act(json!({"action": "issuers"})).await.unwrap();
    for (id, terms, expected) in [
        ("second", json!({"name": "Other"}), "there is an issuer `second` already, and it is active"),
        ("third", json!({"name": "Test second"}), "issuer `second` has that name in its certificate"),
        ("third", json!({"name": ""}), "a part of an authority's name has 1 to 64 characters"),
        ("third", json!({"days": 0}), "days should be a whole number from 1 to 36500"),
        ("third", json!({"shards": 0}), "shards should be a whole number from 1 to 1024"),
        ("Third", json!({}), "an issuer's name has 1 to 64 characters of a-z 0-9 -"),
    ] {
        let reason = environment.add_issuer(id, terms).await.unwrap_err();
        assert!(reason.contains(expected), "{reason}");
    }
    let key = before[1]["key"].clone();
    let same = json!({"id": "third", "name": "Third", "key": key});
    let reason = environment.act(json!({"action": "add-issuer", "issuer": same})).await.unwrap_err();
    assert!(reason.contains("each issuer has a key of its own"), "{reason}");
    assert_eq!(environment.act(json!({"action": "issuers"})).await.unwrap(), before);
}

#[tokio::test]
async fn what_an_issuer_is_asked_to_be_stands_in_its_certificate() {
    let environment = HOST.start().await;
    let terms = json!({"name": "Short", "organization": "Example Ltd", "days": 30, "shards": 4});
    let issuer = environment.add_issuer("short", terms).await.unwrap();
    assert_eq!(issuer["subject"], "CN=Short,O=Example Ltd");
    assert_eq!(issuer["shards"], 4);
    let end: jiff::Timestamp = issuer["notAfter"].as_str().unwrap().parse().unwrap();
    let days = end.duration_since(jiff::Timestamp::now()).as_hours() / 24;
    assert!((29..=30).contains(&days), "{end}");
    environment.settled().await;
    for shard in 0..4 {
        environment.http().get(&format!("{}/crl/short/{shard}.crl", environment.status_url())).await.expect(200);
    }
    environment.http().get(&format!("{}/issuer/short.cer", environment.status_url())).await.expect(200);
    let findings = environment.act(json!({"action": "doctor"})).await.unwrap();
    let found = |check: &str| findings.as_array().unwrap().iter().find(|finding| finding["check"] == check).unwrap();
    assert_eq!(found("certificate of issuer short")["verdict"], "warning", "it ends soon");
    assert_eq!(found("key of issuer short")["verdict"], "good");
    assert_eq!(found("CRL 3 of issuer short")["verdict"], "good");
}

const FIRST: &str = "CN=serverless-acme Issuing CA";
