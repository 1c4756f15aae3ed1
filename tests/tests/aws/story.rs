//! A whole life of an account, with every operation in it, by a client that retries.

use std::sync::Arc;

use jose::base64url;
use serde_json::json;
use tests::{
    Directory,
    client::{Issued, Key, Reply, certificate_id, challenge, csr, identifiers, strings},
};

use crate::{
    passing_time::{end_the_lease, end_the_patience},
    patient::Patient,
};

/// The results of a story.
pub(crate) struct StoryResult {
    /// The URL of the account.
    pub(crate) account: String,
    /// The certificate of the account, which was revoked in the end.
    pub(crate) issued: Issued,
}

/// Plays the story, with a certificate for these names. Every request is repeated until it is
/// answered; what an earlier attempt has already done counts as done.
pub(crate) async fn play(ca: &Directory<'_>, stranger: &Patient, names: &[&str]) -> StoryResult {
    let client = stranger.client();
    stranger.get("GET", &ca.url()).await.expect(200);
    let account = stranger.post(client.url("newAccount"), &json!({"termsOfServiceAgreed": true})).await.location();
    let patient = stranger.with_account(&account);
    let contact = json!(["mailto:admin@example.org"]);
    assert_eq!(patient.post(&account, &json!({"contact": contact})).await.json()["contact"], contact);

    let issued = certificate(ca, &patient, names).await;
    let id = certificate_id(&issued.chain);
    stranger.get("GET", &format!("{}/{id}", client.url("renewalInfo"))).await.expect(200);
    let lists =
        [format!("{account}/orders"), client.below(&format!("/orders/{}", account.rsplit('/').next().unwrap()))];
    for list in lists {
        patient.read(&list).await;
    }
    give_up_an_authorization(&patient).await;

    let by_key = stranger.with_key(issued.key.clone());
    let revocation = json!({"certificate": issued.encoded(), "reason": 1}).to_string();
    let reply = by_key.settled(client.url("revokeCert"), &revocation).await;
    let is_revoked = reply.status == 200 || (by_key.was_troubled() && is_problem(&reply, "alreadyRevoked"));
    assert!(is_revoked, "{}", reply.text());

    let patient = change_key(&patient, &account).await;
    let reply = patient.settled(&account, &json!({"status": "deactivated"}).to_string()).await;
    let is_ended = reply.status == 200 || (patient.was_troubled() && is_problem(&reply, "unauthorized"));
    assert!(is_ended, "{}", reply.text());
    // The CRL and everything else that was queued.
    ca.settled().await;
    StoryResult { account, issued }
}

/// Obtains a certificate by http-01, with one order.
async fn certificate(ca: &Directory<'_>, patient: &Patient, names: &[&str]) -> Issued {
    let client = patient.client();
    let request = json!({"identifiers": identifiers(names)});
    let order = patient.post(client.url("newOrder"), &request).await.location();
    for authorization in strings(&patient.read(&order).await.json()["authorizations"]) {
        let object = patient.read(&authorization).await.json();
        if object["status"] == "valid" {
            continue;
        }
        let http = challenge(&object, "http-01");
        client.provision(&object, &http);
        patient.post(http["url"].as_str().unwrap(), &json!({})).await;
        ca.settled().await;
        if patient.read(&authorization).await.json()["status"] == "pending" {
            // The work was lost with the process that had it.
            end_the_lease(ca, client, &authorization).await;
            patient.wait(&authorization, "valid").await;
        }
    }
    let key = Arc::new(Key::p256());
    let request = json!({"csr": base64url::encode(&csr(names, &key))});
    patient.settled(&format!("{order}/finalize"), &request.to_string()).await;
    ca.settled().await;
    let mut object = patient.read(&order).await.json();
    if object["status"] == "processing" {
        end_the_patience(ca, client, &order).await;
        object = patient.wait_until(&order, |object| object["status"] != "processing").await;
    }
    let certificate = object["certificate"].as_str().unwrap_or_else(|| panic!("{object}")).to_owned();
    let chain = patient.read(&certificate).await.text();
    Issued { order, certificate, chain, key }
}

async fn give_up_an_authorization(patient: &Patient) {
    let request = json!({"identifier": {"type": "dns", "value": "ahead.test"}});
    let url = patient.post(patient.client().url("newAuthz"), &request).await.location();
    let reply = patient.settled(&url, &json!({"status": "deactivated"}).to_string()).await;
    assert!(reply.status == 200 || patient.was_troubled(), "{}", reply.text());
    assert_eq!(patient.read(&url).await.json()["status"], "deactivated");
}

/// Changes the key of the account. If the answer of an earlier attempt was lost, the new key
/// already works.
async fn change_key(patient: &Patient, account: &str) -> Patient {
    let new = Arc::new(Key::p256());
    let inner = patient.client().rollover(&new).body();
    let reply = patient.settled(patient.client().url("keyChange"), &String::from_utf8(inner).unwrap()).await;
    assert!(reply.status == 200 || patient.was_troubled(), "{}", reply.text());
    let renewed = patient.with_key(new).with_account(account);
    renewed.read(account).await;
    renewed
}

fn is_problem(reply: &Reply, r#type: &str) -> bool {
    reply.json()["type"] == format!("urn:ietf:params:acme:error:{type}")
}
