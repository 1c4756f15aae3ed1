//! Revocation (RFC 8555 §7.6), and how relying parties see it.

use std::sync::Arc;

use jose::base64url;
use serde_json::{Value, json};
use tests::{
    Directory,
    client::{Client, Issued, Key, Reply, certificate_id, csr},
    openssl,
};
use x509_cert::{Certificate, der::Encode};

use crate::HOST;

use super::certificates::{pointers, verify_in};

#[tokio::test]
async fn s15_a_revocation_is_answered_200_without_a_body_and_a_second_one_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        let reply = client.revoke(&issued, 4).await.expect(200);
        assert!(reply.body.is_empty());
        client.revoke(&issued, 4).await.refused(400, "alreadyRevoked");
        client.revoke(&issued, 1).await.refused(400, "alreadyRevoked");
        client.read(&issued.certificate).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn s15_only_the_reasons_of_subscribers_are_accepted() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        for reason in [2, 6, 7, 8, 10, 11, 255, 256, u64::MAX] {
            client.revoke(&issued, reason).await.refused(400, "badRevocationReason");
        }
        let url = client.url("revokeCert");
        for reason in [json!("1"), json!(-1), json!(1.5), json!([1])] {
            let payload = json!({"certificate": issued.encoded(), "reason": reason});
            client.post(url, &payload).await.refused(400, "malformed");
        }
        client.post(url, &json!({"certificate": issued.encoded(), "reason": null})).await.expect(200);
        for reason in [0, 1, 3, 4, 5, 9] {
            let issued = client.obtain(&["a.test"]).await;
            client.revoke(&issued, reason).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn s15_a_revocation_is_in_the_crl_at_once() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (revoked, other) = (client.obtain(&["a.test"]).await, client.obtain(&["b.test"]).await);
        for issued in [&revoked, &other] {
            crl_check(&ca, issued).await.unwrap();
        }
        client.revoke(&revoked, 4).await.expect(200);
        ca.settled().await;
        let refusal = crl_check(&ca, &revoked).await.unwrap_err();
        assert!(refusal.contains("certificate revoked"), "{refusal}");
        crl_check(&ca, &other).await.unwrap();

        let text = crl_text(&ca, &revoked).await;
        let serial = revoked
            .leaf()
            .tbs_certificate()
            .serial_number()
            .as_bytes()
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02X}"));
        assert!(text.contains(&serial) && text.contains("Superseded"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn n5_the_key_of_the_certificate_may_revoke_it() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        by_key(&client, &issued, &Arc::new(Key::p256()), 4).await.refused(403, "unauthorized");
        by_key(&client, &issued, &client.key, 4).await.refused(403, "unauthorized");
        let url = client.url("revokeCert");
        let payload = json!({"certificate": issued.encoded(), "reason": 4}).to_string();
        let unsigned = client.with_key(issued.key.clone()).jws(url, payload).await.signed_by(&client.key);
        client.send(url, &unsigned).await.refused(400, "malformed");
        by_key(&client, &issued, &issued.key, 4).await.expect(200);
        by_key(&client, &issued, &issued.key, 4).await.refused(400, "alreadyRevoked");
    })
    .await;
}

#[tokio::test]
async fn n5_an_account_that_is_authorized_for_all_its_names_may_revoke_a_certificate() {
    HOST.on_both_families(async |ca| {
        let issued = ca.client().await.obtain(&["a.test", "*.a.test"]).await;
        let other = ca.client().await;
        other.revoke(&issued, 4).await.refused(403, "unauthorized");
        other.ready_order(&["a.test"]).await;
        other.revoke(&issued, 4).await.refused(403, "unauthorized");
        other.order(&["*.a.test"]).await;
        other.revoke(&issued, 4).await.refused(403, "unauthorized");
        let wildcard = other.ready_order(&["*.a.test"]).await;

        let authorization = other.read(&wildcard).await.json()["authorizations"][0].clone();
        let authorization = authorization.as_str().unwrap();
        other.post(authorization, &json!({"status": "deactivated"})).await.expect(200);
        other.revoke(&issued, 4).await.refused(403, "unauthorized");

        other.ready_order(&["*.a.test"]).await;
        other.revoke(&issued, 4).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn threat_5_a_reason_given_by_an_account_blocks_no_key() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        client.revoke(&issued, 1).await.expect(200);
        client.obtain_for(&["a.test"], issued.key).await;
    })
    .await;
}

#[tokio::test]
async fn threat_5_a_key_that_signs_that_it_is_compromised_is_blocked() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        by_key(&client, &issued, &issued.key, 1).await.expect(200);
        let order = client.ready_order(&["a.test"]).await;
        client.finalize(&order, &csr(&["a.test"], &issued.key)).await.refused(400, "badCSR");
        client.with_key(issued.key.clone()).new_account(&json!({})).await.refused(400, "badPublicKey");
        client.change_key(&client.rollover(&issued.key)).await.refused(400, "badPublicKey");
        // With another reason, the key is not blocked.
        let second = client.obtain(&["a.test"]).await;
        by_key(&client, &second, &second.key, 4).await.expect(200);
        client.obtain_for(&["a.test"], second.key).await;
    })
    .await;
}

#[tokio::test]
async fn s15_the_key_itself_raises_the_reason_of_a_revocation_and_no_one_else_does() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        client.revoke(&issued, 4).await.expect(200);
        client.revoke(&issued, 1).await.refused(400, "alreadyRevoked");
        by_key(&client, &issued, &issued.key, 4).await.refused(400, "alreadyRevoked");
        ca.settled().await;
        assert!(entry(&ca, &issued).await.contains("Superseded"));
        by_key(&client, &issued, &issued.key, 1).await.expect(200);
        ca.settled().await;
        let raised = entry(&ca, &issued).await;
        assert!(raised.contains("Key Compromise"), "{raised}");
        by_key(&client, &issued, &issued.key, 1).await.refused(400, "alreadyRevoked");
        // It is not taken back.
        by_key(&client, &issued, &issued.key, 4).await.refused(400, "alreadyRevoked");
        client.with_key(issued.key.clone()).new_account(&json!({})).await.refused(400, "badPublicKey");
    })
    .await;
}

#[tokio::test]
async fn threat_5_a_key_that_signs_that_it_is_compromised_revokes_all_its_certificates() {
    HOST.on_both_families(async |ca| {
        let (client, other) = (ca.client().await, ca.other().client().await);
        let first = client.obtain(&["a.test"]).await;
        let second = client.obtain_for(&["b.test"], first.key.clone()).await;
        let elsewhere = other.obtain_for(&["c.test"], first.key.clone()).await;
        let unrelated = client.obtain(&["a.test"]).await;
        client.revoke(&second, 4).await.expect(200);
        by_key(&client, &first, &first.key, 1).await.expect(200);
        ca.settled().await;
        for issued in [&first, &second, &elsewhere] {
            assert!(crl_check(&ca, issued).await.unwrap_err().contains("certificate revoked"));
            assert!(entry(&ca, issued).await.contains("Key Compromise"));
        }
        crl_check(&ca, &unrelated).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_key_that_an_operator_blocks_ends_its_accounts_and_its_certificates() {
    HOST.on_both_families(async |ca| {
        let (client, other) = (ca.client().await, ca.other().client().await);
        let issued = client.obtain(&["a.test"]).await;
        let superseded = client.obtain_for(&["b.test"], issued.key.clone()).await;
        let elsewhere = other.obtain_for(&["c.test"], issued.key.clone()).await;
        client.revoke(&superseded, 4).await.expect(200);
        // Accounts of both directories have the key, too.
        let mut accounts = Vec::new();
        for directory in [ca, ca.other()] {
            accounts.push(directory.stranger_with(issued.key.clone()).await.registered().await);
        }
        let block = json!({"action": "block-key", "key": issued.key.thumbprint()});
        let used = ca.act(block.clone()).await.unwrap();
        assert_eq!(used["disabled"].as_array().map(Vec::len), Some(2), "{used}");
        let incident = used["incident"].as_str().unwrap().to_owned();
        for account in &accounts {
            account.new_order(&["d.test"]).await.refused(401, "unauthorized");
        }
        ca.act(json!({"action": "continue-revocations"})).await.unwrap();
        ca.settled().await;
        for revoked in [&issued, &superseded, &elsewhere] {
            assert!(crl_check(&ca, revoked).await.unwrap_err().contains("certificate revoked"));
            assert!(entry(&ca, revoked).await.contains("Key Compromise"));
        }
        let incidents = ca.act(json!({"action": "incidents"})).await.unwrap();
        let own = incidents.as_array().unwrap().iter().find(|known| known["id"] == incident.as_str()).unwrap();
        assert_eq!(own["revocation"]["revoked"], 2, "without the one that was revoked before: {own}");
        assert!(own["revocation"]["finishedAt"].is_string(), "{own}");
        let again = ca.act(block).await.unwrap();
        let none = json!({"items": [], "more": false});
        assert_eq!(again, json!({"disabled": [], "formerly": none, "incident": null}), "there is nothing left to end");
        client.obtain(&["a.test"]).await;
    })
    .await;
}

#[tokio::test]
async fn blocking_a_key_shows_the_accounts_that_had_it_formerly_and_disables_them_when_asked() {
    HOST.on_both_families(async |ca| {
        let key = Arc::new(Key::p256());
        let mut former = Vec::new();
        for directory in [ca, ca, ca.other()] {
            let client = directory.stranger_with(key.clone()).await.registered().await;
            let next = Arc::new(Key::p256());
            client.change_key(&client.rollover(&next)).await.expect(200);
            former.push(client.with_key(next).with_kid(client.account()));
        }
        let present = ca.stranger_with(key.clone()).await.registered().await;
        let other = ca.client().await;
        let ids = |clients: &[Client]| clients.iter().map(|client| client.account_id().to_owned()).collect::<Vec<_>>();
        let of = |found: &Value| {
            let items = found["items"].as_array().unwrap().iter();
            items.map(|account| account["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let find = json!({"action": "find-accounts", "filter": {"formerKey": key.thumbprint()}});
        assert_eq!(of(&ca.act(find).await.unwrap()), ids(&former), "oldest first, without the one that has it");

        let mut block = json!({"action": "block-key", "key": key.thumbprint()});
        let used = ca.act(block.clone()).await.unwrap();
        assert_eq!(used["disabled"], json!(ids(std::slice::from_ref(&present))), "{used}");
        assert_eq!(of(&used["formerly"]), ids(&former), "{used}");
        assert!(used["formerly"]["items"].as_array().unwrap().iter().all(|account| account["status"] == "valid"));
        for client in former.iter().chain([&other]) {
            client.read(client.account()).await.expect(200);
        }

        block["disableFormer"] = json!(true);
        let used = ca.act(block.clone()).await.unwrap();
        assert_eq!(used["disabled"], json!(ids(&former)), "{used}");
        assert!(used["formerly"]["items"].as_array().unwrap().iter().all(|account| account["status"] == "revoked"));
        for client in &former {
            client.read(client.account()).await.refused(401, "unauthorized");
        }
        other.read(other.account()).await.expect(200);
        let again = ca.act(block).await.unwrap();
        assert_eq!((&again["disabled"], of(&again["formerly"])), (&json!([]), ids(&former)));
        let acts = ca.act(json!({"action": "audit", "filter": {"action": "key block"}})).await.unwrap();
        let of_key: Vec<&Value> =
            acts["items"].as_array().unwrap().iter().filter(|act| act["subject"] == json!(key.thumbprint())).collect();
        assert_eq!(of_key[0]["detail"], json!({"formerHolders": "disabled"}));
        assert_eq!(of_key[2]["detail"], json!({}));
    })
    .await;
}

#[tokio::test]
async fn certificates_are_found_and_selected_by_their_key() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let first = client.obtain(&["a.test"]).await;
        let second = client.obtain_for(&["b.test"], first.key.clone()).await;
        client.obtain(&["a.test"]).await;
        let key = first.key.thumbprint();
        let found = ca.act(json!({"action": "find-certificates", "filter": {"key": key}})).await.unwrap();
        let mut ids: Vec<String> =
            found["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        let mut expected = [&first, &second].map(|issued| certificate_id(&issued.chain));
        expected.sort();
        assert_eq!(ids, expected);
        let selection = json!({"key": key, "name": "b.test"});
        let selected = ca.act(json!({"action": "select-certificates", "selection": {"key": key}})).await.unwrap();
        assert_eq!((&selected["good"], &selected["next"]), (&json!(2), &Value::Null));
        let selected = ca.act(json!({"action": "select-certificates", "selection": selection})).await.unwrap();
        assert_eq!(selected["good"], 1);
        ca.act(json!({"action": "index-keys"})).await.unwrap();
        let again = ca.act(json!({"action": "find-certificates", "filter": {"key": key}})).await.unwrap();
        assert_eq!(again, found, "indexing again changes nothing");
    })
    .await;
}

#[tokio::test]
async fn threat_16_a_forged_certificate_with_a_known_serial_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        let forger = Arc::new(Key::p256());
        let der = issued.leaf().to_der().unwrap();
        let point = issued.key.pair().public_key_raw();
        let at = der.windows(point.len()).position(|window| window == point).unwrap();
        let mut forged = der.clone();
        forged[at..at + point.len()].copy_from_slice(forger.pair().public_key_raw());

        let payload = json!({"certificate": base64url::encode(&forged), "reason": 4});
        let url = client.url("revokeCert");
        client.with_key(forger.clone()).post(url, &payload).await.refused(404, "malformed");
        client.post(url, &payload).await.refused(404, "malformed");
        by_key(&client, &issued, &forger, 4).await.refused(403, "unauthorized");
        crl_check(&ca, &issued).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_certificate_of_another_ca_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let url = client.url("revokeCert");
        let self_signed =
            rcgen::CertificateParams::new(["a.test".to_owned()]).unwrap().self_signed(client.key.pair()).unwrap();
        let issued = client.obtain(&["a.test"]).await;
        let issuer = Certificate::load_pem_chain(issued.chain.as_bytes()).unwrap().remove(1).to_der().unwrap();
        for (der, status) in [
            (self_signed.der().to_vec(), None),
            (issuer, None),
            (Vec::new(), Some(400)),
            (vec![0x30; 3000], Some(400)),
            ([&issued.leaf().to_der().unwrap()[..], &[0]].concat(), Some(400)),
        ] {
            let reply = client.post(url, &json!({"certificate": base64url::encode(&der)})).await;
            // The certificate of another CA may be one that this CA cannot parse.
            assert!(
                status.map_or([400, 403, 404].contains(&reply.status), |status| reply.status == status),
                "{}",
                reply.text()
            );
            assert!(reply.json()["type"].is_string());
        }
        for certificate in [json!(null), json!(1), json!("a b"), json!(issued.chain), Value::Array(Vec::new())] {
            client.post(url, &json!({"certificate": certificate})).await.refused(400, "malformed");
        }
        client.post(url, &json!({})).await.refused(400, "malformed");
        crl_check(&ca, &issued).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_revocation_survives_a_restart() {
    let environment = HOST.start().await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    let issued = client.obtain(&["a.test"]).await;
    client.revoke(&issued, 5).await.expect(200);
    environment.settled().await;
    let environment = environment.restarted(|_| {}).await;
    client.revoke(&issued, 5).await.refused(400, "alreadyRevoked");
    crl_check(&environment.directory("default"), &issued).await.unwrap_err();
}

/// The lines of the CRL about this certificate.
async fn entry(ca: &Directory<'_>, issued: &Issued) -> String {
    let text = crl_text(ca, issued).await;
    let serial = issued.leaf().tbs_certificate().serial_number().as_bytes().to_vec();
    let serial = serial.iter().fold(String::new(), |text, byte| format!("{text}{byte:02X}"));
    let entry = text.split("Serial Number: ").find(|entry| entry.starts_with(&serial));
    entry.unwrap_or_else(|| panic!("{serial} is not in {text}")).to_owned()
}

/// A revocation request that this key signs.
async fn by_key(client: &Client, issued: &Issued, key: &Arc<Key>, reason: u64) -> Reply {
    client.with_key(key.clone()).revoke(issued, reason).await
}

/// Verifies the chain with OpenSSL and the CRLs that its certificates refer to.
pub(crate) async fn crl_check(ca: &Directory<'_>, issued: &Issued) -> Result<(), String> {
    crl_check_with(ca, issued, &[]).await
}

/// The same, with further arguments.
pub(crate) async fn crl_check_with(ca: &Directory<'_>, issued: &Issued, further: &[&str]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["-crl_check_all".to_owned()];
    arguments.extend(further.iter().map(|argument| (*argument).to_owned()));
    for (number, certificate) in Certificate::load_pem_chain(issued.chain.as_bytes()).unwrap().iter().enumerate() {
        let crl = ca.http().get(&pointers(certificate).1).await.expect(200);
        let file = folder.path().join(format!("{number}.crl"));
        std::fs::write(&file, openssl(&["crl", "-inform", "DER"], &crl.body).unwrap()).unwrap();
        arguments.extend(["-CRLfile".to_owned(), file.to_str().unwrap().to_owned()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    verify_in(folder.path(), ca, &issued.chain, &arguments)
}

async fn crl_text(ca: &Directory<'_>, issued: &Issued) -> String {
    let crl = ca.http().get(&pointers(&issued.leaf()).1).await.expect(200);
    String::from_utf8(openssl(&["crl", "-inform", "DER", "-noout", "-text"], &crl.body).unwrap()).unwrap()
}
