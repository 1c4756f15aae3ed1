//! The drill: an issuing CA is revoked, and relying parties see it at once, while another CA takes
//! its place.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use store::Incident;
use tests::{
    Directory, Environment,
    client::{Issued, Key, csr},
    events, openssl,
};
use tokio::time;
use x509_cert::Certificate;

use super::{
    certificates::{pointers, verify_in},
    revocation::crl_check,
};
use crate::HOST;

#[tokio::test]
async fn a_revoked_issuer_is_on_its_roots_crl_at_once_and_another_one_takes_its_place() {
    let environment = start().await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    let (issued, ready) = (client.obtain(&["a.test"]).await, client.ready_order(&["b.test"]).await);
    let before = crls(&ca, &issued).await;
    verify(&ca, &issued, &before).unwrap();
    let days_of = |crl: &Value| (time_of(&crl["nextUpdate"]) - time_of(&crl["thisUpdate"])).as_hours() / 24;
    assert_eq!(days_of(&root_crl(&environment).await), 180);

    let revoke = json!({"action": "revoke-issuer", "id": "issuing", "reason": 1, "replacement": "second"});
    let revoked = environment.act(revoke.clone()).await.unwrap();
    let difference = json!({"path": "raProfile.default.issuer", "before": "issuing", "after": "second"});
    assert_eq!((&revoked["listing"], &revoked["differences"]), (&json!("listed"), &json!([difference])));
    assert_eq!(
        (&revoked["issuer"]["state"], &revoked["issuer"]["revocation"]["reason"]),
        (&json!("revoked"), &json!(1))
    );
    assert_eq!(revoked["outOfService"], json!([]));

    // No work that was queued is needed for that: what relying parties fetch next refuses the CA.
    let after = crls(&ca, &issued).await;
    let [leaf, root] = [&before[0], &after[1]].map(Vec::clone);
    let refusal = verify(&ca, &issued, &[leaf, root]).unwrap_err();
    assert!(refusal.contains("at 1 depth lookup: certificate revoked"), "{refusal}");
    let text = text_of(&after[1]);
    assert!(text.contains("X509v3 CRL Reason Code: \n                Key Compromise"), "{text}");
    assert_eq!(days_of(&root_crl(&environment).await), 30, "the next revocation is learned sooner");

    for issued in [client.finish(ready, &["b.test"], Key::p256()).await, client.obtain(&["c.test"]).await] {
        assert_eq!(issued.leaf().tbs_certificate().issuer().to_string(), "CN=Test second");
        crl_check(&ca, &issued).await.unwrap();
    }

    // The leaves follow, and the CRL that lists them is still that of the revoked CA.
    let incident = finished(&environment, &revoked["incident"]).await;
    assert_eq!((incident.revocation.unwrap().revoked, incident.affected.issuer.unwrap().as_str()), (1, "issuing"));
    environment.settled().await;
    let after = crls(&ca, &issued).await;
    let refusal = verify(&ca, &issued, &[after[0].clone(), before[1].clone()]).unwrap_err();
    assert!(refusal.contains("at 0 depth lookup: certificate revoked"), "{refusal}");
    let replacement = client.obtain(&["a.test"]).await;
    crl_check(&ca, &replacement).await.unwrap();

    let again = environment.act(revoke).await.unwrap();
    assert_eq!((&again["incident"], &again["differences"]), (&revoked["incident"], &json!([])));
    assert_eq!(again["issuer"], revoked["issuer"], "a second call is answered with what is");
    let acts = environment.act(json!({"action": "audit", "filter": {"action": "issuer revoke"}})).await.unwrap();
    assert_eq!(acts["items"].as_array().map(Vec::len), Some(1), "{acts}");
    assert_eq!(
        (&acts["items"][0]["subject"], &acts["items"][0]["detail"]["reason"]),
        (&json!("issuing"), &json!("keyCompromise"))
    );
}

#[tokio::test]
async fn an_issuer_is_revoked_without_a_replacement_and_all_who_ask_see_it() {
    let environment = HOST.configured(|config| config.ca.issuing_days = 120).await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    let ready = client.ready_order(&["a.test"]).await;
    let revoked = environment.act(json!({"action": "revoke-issuer", "id": "issuing", "reason": 4})).await.unwrap();
    assert_eq!((&revoked["listing"], &revoked["outOfService"]), (&json!("listed"), &json!(["default"])));
    for reply in [client.new_order(&["b.test"]).await, client.finalize(&ready, &csr(&["a.test"], &Key::p256())).await] {
        let refused = reply.refused(403, "unauthorized");
        assert!(refused["detail"].as_str().unwrap().contains("the CA behind it is revoked"), "{refused}");
    }
    let findings = environment.act(json!({"action": "doctor"})).await.unwrap();
    let found = |check: &str| findings.as_array().unwrap().iter().find(|finding| finding["check"] == check).unwrap();
    let listed = found("revocation of issuer issuing");
    assert_eq!(listed["verdict"], "good", "{listed}");
    assert!(listed["seen"].as_str().unwrap().contains("superseded"), "{listed}");
    assert_eq!(found("RA Profiles of issuer issuing")["verdict"], "bad");
    let explained = json!({"action": "explain", "subject": {"name": {"name": "a.test", "profile": "default"}}});
    let explained = environment.act(explained).await.unwrap().to_string();
    assert!(explained.contains("issuer issuing is revoked"), "{explained}");
    let issuers = environment.act(json!({"action": "issuers"})).await.unwrap();
    assert_eq!((&issuers[0]["id"], &issuers[0]["state"]), (&json!("issuing"), &json!("revoked")));
    let serial = openssl_serial(&issuers[0]["certificates"][0]);
    let told = events::emitted(|event| event["type"] == "issuer.revoked" && event["serial"] == *serial);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["issuer"], &told[0]["reasonCode"]), (&json!("issuing"), &json!(4)));

    // Another one can still be made, and profiles led to it.
    let mut request = json!({"action": "roll-over-issuer", "old": "issuing", "new": "issuing-2"});
    if let Some(key) = environment.issuer_key(ca::IssuerKeyType::P256) {
        request["key"] = key.into();
    }
    environment.act(request).await.unwrap();
    environment.settled().await;
    let issued = client.finish(ready, &["a.test"], Key::p256()).await;
    crl_check(&ca, &issued).await.unwrap();
}

#[tokio::test]
async fn the_reason_for_the_revocation_of_an_issuer_is_raised_to_a_compromise_and_never_lowered() {
    let environment = start().await;
    let revoke = |reason: u8| json!({"action": "revoke-issuer", "id": "second", "reason": reason});
    let first = environment.act(revoke(4)).await.unwrap();
    let raised = environment.act(revoke(2)).await.unwrap();
    assert_eq!(raised["incident"], first["incident"]);
    let [first, raised] = [first, raised].map(|revoked| revoked["issuer"]["revocation"].clone());
    assert_eq!((&raised["at"], &raised["reason"]), (&first["at"], &json!(2)), "the time is that of the first one");
    let url = format!("{}/crl/root/0.crl", environment.status_url());
    let text = text_of(&environment.http().get(&url).await.expect(200).body);
    assert!(text.contains("CA Compromise"), "{text}");
    let lowered = environment.act(revoke(4)).await.unwrap_err();
    assert!(lowered.contains("issuer `second` is revoked already, for cACompromise"), "{lowered}");
    let environment = environment.restarted(|_| {}).await;
    let text = text_of(&environment.http().get(&url).await.expect(200).body);
    assert!(text.contains("CA Compromise"), "it survives a restart: {text}");
}

#[tokio::test]
async fn an_impossible_revocation_of_an_issuer_is_refused_before_anything_is_done() {
    let environment = start().await;
    let before = environment.act(json!({"action": "issuers"})).await.unwrap();
    for (id, reason, replacement, expected) in [
        ("none", 1, Value::Null, "there is no issuer `none`"),
        ("root", 1, Value::Null, "`root` is a root"),
        ("issuing", 0, Value::Null, "the reasons for an issuing CA are 1, 2, 3, 4, 5 and 9"),
        ("issuing", 6, Value::Null, "the reasons for an issuing CA are 1, 2, 3, 4, 5 and 9"),
        ("issuing", 1, json!("none"), "there is no issuer `none`"),
        ("issuing", 1, json!("root"), "`root` is a root"),
        ("issuing", 1, json!("issuing"), "issuer `issuing` cannot replace itself"),
    ] {
        let request = json!({"action": "revoke-issuer", "id": id, "reason": reason, "replacement": replacement});
        let refusal = environment.act(request).await.unwrap_err();
        assert!(refusal.contains(expected), "{refusal}");
    }
    assert_eq!(environment.act(json!({"action": "issuers"})).await.unwrap(), before);
    assert_eq!(environment.act(json!({"action": "incidents"})).await.unwrap(), json!([]));
}

/// A CA with the issuer `second`, whose issuers expire soon: the search for certificates goes
/// through the days until then.
async fn start() -> Environment {
    let environment = HOST.configured(|config| config.ca.issuing_days = 120).await;
    environment.add_issuer("second", json!({"days": 120})).await.unwrap();
    environment.settled().await;
    environment
}

/// Has the revocation of the incident done, from the time at which it begins.
async fn finished(environment: &Environment, id: &Value) -> Incident {
    loop {
        let incidents = environment.act(json!({"action": "incidents"})).await.unwrap();
        let incidents: Vec<Incident> = serde_json::from_value(incidents).unwrap();
        let incident = incidents.into_iter().find(|incident| json!(incident.id) == *id).unwrap();
        let revocation = incident.revocation.clone().unwrap();
        if revocation.finished_at.is_some() {
            return incident;
        }
        let left = revocation.begins_at.duration_since(Timestamp::now());
        time::sleep(Duration::try_from(left).unwrap_or_default()).await;
        environment.act(json!({"action": "continue-revocations"})).await.unwrap();
    }
}

/// The CRLs that relying parties fetch now: that of the leaf first, that of its issuer next.
async fn crls(ca: &Directory<'_>, issued: &Issued) -> Vec<Vec<u8>> {
    let mut crls = Vec::new();
    for certificate in Certificate::load_pem_chain(issued.chain.as_bytes()).unwrap() {
        crls.push(ca.http().get(&pointers(&certificate).1).await.expect(200).body.to_vec());
    }
    assert_eq!(crls.len(), 2);
    crls
}

/// What OpenSSL says about the chain with these CRLs.
fn verify(ca: &Directory<'_>, issued: &Issued, crls: &[Vec<u8>]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["-crl_check_all".to_owned()];
    for (number, crl) in crls.iter().enumerate() {
        let file = folder.path().join(format!("{number}.crl"));
        std::fs::write(&file, openssl(&["crl", "-inform", "DER"], crl).unwrap()).unwrap();
        arguments.extend(["-CRLfile".to_owned(), file.to_str().unwrap().to_owned()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    verify_in(folder.path(), ca, &issued.chain, &arguments)
}

fn text_of(crl: &[u8]) -> String {
    String::from_utf8(openssl(&["crl", "-inform", "DER", "-noout", "-text"], crl).unwrap()).unwrap()
}

/// The root's CRL, as the status has it.
async fn root_crl(environment: &Environment) -> Value {
    let status = environment.act(json!({"action": "status"})).await.unwrap();
    let root = status["issuers"].as_array().unwrap().iter().find(|issuer| issuer["id"] == "root").unwrap().clone();
    root["crls"][0].clone()
}

fn time_of(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// The serial number in the form of events.
fn openssl_serial(pem: &Value) -> String {
    let text = openssl(&["x509", "-noout", "-serial"], pem.as_str().unwrap().as_bytes()).unwrap();
    let text = String::from_utf8(text).unwrap();
    text.trim().trim_start_matches("serial=").to_ascii_lowercase()
}
