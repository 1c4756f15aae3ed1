//! `admin certificates` and `admin accounts show`: found by various properties, and written to
//! files.

use serde_json::Value;
use store::Sha256Digest;

use super::{admin, json, text};
use crate::{
    acme::Client,
    process::{Server, finish, program, refusal},
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

    // Nothing was validated here, and the evidence says so with and without the CA.
    let seen = text(&data, &["certificates", "evidence", serial]).await;
    assert!(seen.contains("WRONG www.test: nothing was validated: a test switch let it through\n"), "{seen}");
    let evidence = server.folder.path().join("evidence.json");
    std::fs::write(&evidence, text(&data, &["certificates", "evidence", id, "--json"]).await).unwrap();
    let verified = finish(program().arg("verify-evidence").arg(&evidence)).await;
    let said = String::from_utf8(verified.stdout).unwrap();
    assert_eq!(verified.status.code(), Some(1));
    assert!(said.starts_with(&seen) && said.ends_with("see the lines that say WRONG.\n"), "{said}");
    let mut sound: Value = serde_json::from_slice(&std::fs::read(&evidence).unwrap()).unwrap();
    sound["receipt"]["grounds"][0]["evidence"]["observations"] = json!([{"seen": "http://www.test"}]);
    std::fs::write(&evidence, sound.to_string()).unwrap();
    let altered = finish(program().arg("verify-evidence").arg(&evidence)).await;
    let said = String::from_utf8(altered.stdout).unwrap();
    assert_eq!(altered.status.code(), Some(1), "{said}");
    assert!(said.contains("WRONG why each name may be in it is what the receipt was written with\n"), "{said}");
    sound["receipt"]["groundsDigest"] = json!(Sha256Digest::of_document(&sound["receipt"]["grounds"]).unwrap());
    std::fs::write(&evidence, sound.to_string()).unwrap();
    let verified = finish(program().arg("verify-evidence").arg(&evidence)).await;
    let said = String::from_utf8(verified.stdout).unwrap();
    assert_eq!(verified.status.code(), Some(0), "{said}");
    assert!(said.contains("ok    www.test: the CA saw http://www.test\n"), "{said}");
    let chain = text(&data, &["certificates", "seals"]).await;
    assert!(chain.starts_with("ok    number 0, with which the chain begins, for receipts since "), "{chain}");
    let seals = server.folder.path().join("seals.json");
    std::fs::write(&seals, text(&data, &["certificates", "seals", "--json"]).await).unwrap();
    let verified = finish(program().arg("verify-evidence").arg(&seals)).await;
    let said = String::from_utf8(verified.stdout).unwrap();
    assert_eq!((verified.status.code(), said.starts_with(&chain)), (Some(0), true), "{said}");
    let message = refusal(finish(program().arg("verify-evidence").arg(&file)).await);
    assert!(message.contains("it is not what `admin certificates evidence ID --json` or "), "{message}");

    let message = refusal(admin(&data, &["certificates", "show", "7f"]).await);
    assert!(message.contains("there is no such certificate"), "{message}");
    for wrong in [["certificates", "show", "x.y"], ["certificates", "export", "no"]] {
        assert_eq!(admin(&data, &wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    let message = refusal(admin(&data, &["certificates", "find", "--serial", "no"]).await);
    assert!(message.contains("is not a serial number"), "{message}");
}
