//! `admin certificates` and `admin accounts show`: found by various properties, and written to
//! files.

use super::{admin, json, text};
use crate::{
    acme::Client,
    process::{Server, refusal},
};

#[tokio::test]
async fn a_certificate_is_found_by_its_serial_number_shown_and_exported() {
    let server = Server::start(&["--always-valid"]).await;
    let data = server.data();
    let client = Client::register(&server).await;
    let (_, chain) = client.obtain("www.test", None).await;
    let named = json(&data, &["certificates", "find", "--name", "www.test"]).await;
    let id = named["items"][0]["id"].as_str().unwrap();
    let serial = named["items"][0]["serial"].as_str().unwrap();
    let pairs: Vec<&str> = (0..serial.len()).step_by(2).map(|at| &serial[at..at + 2]).collect();
    let with_colons = pairs.join(":").to_uppercase();
    for serial in [serial, &with_colons] {
        let found = json(&data, &["certificates", "find", "--serial", serial]).await;
        assert_eq!(found["items"][0]["id"], id, "{serial}");
    }
    let none = json(&data, &["certificates", "find", "--key", &"A".repeat(43)]).await;
    assert_eq!(none["items"], json!([]), "no certificate has that key");
    for filter in [["--issuer", "issuing"], ["--profile", "default"]] {
        let found = json(&data, &[&["certificates", "find"], &filter[..]].concat()).await;
        assert_eq!((&found["items"][0]["id"], &found["more"]), (&json!(id), &json!(false)), "{filter:?}");
    }
    let account = client.account.id().rsplit('/').next().unwrap();
    let shown = text(&data, &["certificates", "show", &with_colons]).await;
    for part in [id, account, "issued, not revoked", "in default", "admin explain --account", "-----BEGIN CERTIFICATE"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    assert_eq!(text(&data, &["certificates", "export", id]).await, chain, "what the client downloads");
    let pem = text(&data, &["certificates", "export", serial, "--format", "pem"]).await;
    assert!(chain.starts_with(&pem) && chain.len() > pem.len());
    let file = server.folder.path().join("leaf.der");
    text(&data, &["certificates", "export", id, "--format", "der", "--out", file.to_str().unwrap()]).await;
    let der = std::fs::read(&file).unwrap();
    assert_eq!(der.first(), Some(&0x30), "a SEQUENCE");
    let known = json(&data, &["accounts", "show", account]).await;
    assert_eq!((&known["account"]["id"], &known["certificates"][0]["id"]), (&json!(account), &json!(id)));

    let message = refusal(admin(&data, &["certificates", "show", "7f"]).await);
    assert!(message.contains("there is no such certificate"), "{message}");
    for wrong in [["certificates", "show", "x.y"], ["certificates", "export", "no"]] {
        assert_eq!(admin(&data, &wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    let message = refusal(admin(&data, &["certificates", "find", "--serial", "no"]).await);
    assert!(message.contains("is not a serial number"), "{message}");
}
