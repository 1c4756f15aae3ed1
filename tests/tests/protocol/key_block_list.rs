//! A list of keys whose private keys others can have: no account and no certificate gets one.

use std::{fs, path::Path, sync::Arc};

use host::Config;
use jose::PublicKey;
use ra::KeyBlockList;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{
    client::{Algorithm, Key, csr},
    clients::{Run, Tool},
};

use crate::HOST;

/// Writes a list of these keys, among others.
fn write(path: &Path, keys: &[&Key]) {
    let listed = keys.iter().map(|key| PublicKey::from_jwk_str(&key.jwk().to_string()).unwrap().bkhash120());
    let others = (0..=u8::MAX).map(|number| [number; 15]);
    let mut records: Vec<_> = listed.chain(others).map(|hash| [&hash[..], &[1]].concat()).collect();
    records.sort();
    // A reader sees one list or the other.
    let next = path.with_extension("next");
    fs::write(&next, records.concat()).unwrap();
    fs::rename(&next, path).unwrap();
}

fn listed_in(path: &Path) -> impl FnOnce(&mut Config) {
    let path = path.to_owned();
    move |config| config.key_block_list = Some(path)
}

#[tokio::test]
async fn threat_23_a_key_of_the_list_is_refused_by_new_account_key_change_and_finalize() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("blocklist.dat");
    let keys = [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa].map(Key::generate);
    write(&path, &keys.iter().collect::<Vec<_>>());
    let environment = HOST.configured(listed_in(&path)).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let order = client.ready_order(&["a.test"]).await;
            for key in &keys {
                let refused = client.finalize(&order, &csr(&["a.test"], key)).await.refused(400, "badCSR");
                assert!(refused["detail"].as_str().unwrap().contains("make a new one"), "{refused}");
            }
            let key = Arc::new(Key::p256());
            write(&path, &[&key]);
            let stranger = ca.stranger_with(key.clone()).await;
            stranger.new_account(&json!({"termsOfServiceAgreed": true})).await.refused(400, "badPublicKey");
            let refused = client.change_key(&client.rollover(&key)).await.refused(400, "badPublicKey");
            assert!(refused["detail"].as_str().unwrap().starts_with("Others can have the private key"), "{refused}");
            // The other list is read at once, and what it does not name is free.
            client.finalize(&order, &csr(&["a.test"], &keys[0])).await.expect(200);
            write(&path, &[]);
            stranger.registered().await;
            write(&path, &keys.iter().collect::<Vec<_>>());
        })
        .await;
}

/// The file and the hashes in it are the same to badkeys, by which such lists are made.
#[tokio::test]
async fn badkeys_finds_in_a_list_what_the_ca_finds() {
    let Some(badkeys) = Tool::find("badkeys").unwrap() else { return };
    let folder = TempDir::new().unwrap();
    let of_badkeys = folder.path().join("badkeys");
    fs::create_dir(&of_badkeys).unwrap();
    let source = json!({"blocklists": [{"id": 1, "name": "ours", "type": "bkhash120"}]});
    fs::write(of_badkeys.join("badkeysdata.json"), source.to_string()).unwrap();
    let algorithms = [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::Rs256, Algorithm::EdDsa];
    let (listed, free) = (algorithms.map(Key::generate), algorithms.map(Key::generate));
    let list = of_badkeys.join("blocklist.dat");
    write(&list, &listed.iter().collect::<Vec<_>>());
    let ours = KeyBlockList::new(list);
    let mut run = Run::new(&badkeys.path, folder.path()).env("XDG_CACHE_HOME", folder.path());
    run = run.args(["-j", "-a", "-c", "blocklist"]);
    for (number, key) in listed.iter().chain(&free).enumerate() {
        let is_listed = number < algorithms.len();
        let public = PublicKey::from_jwk_str(&key.jwk().to_string()).unwrap();
        assert_eq!(ours.source_of(&public).await.unwrap(), is_listed.then_some(1));
        let file = folder.path().join(format!("{number}.pem"));
        fs::write(&file, key.pair().public_key_pem()).unwrap();
        run = run.arg(file);
    }
    let found = run.finish().await.unwrap().stdout;
    let found = found.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found: Vec<bool> = found.map(|key| key["results"]["blocklist"]["detected"] == true).collect();
    assert_eq!(found, [[true; 5], [false; 5]].concat());
}

/// What cannot be known is not taken for harmless, and what was begun before goes on.
#[tokio::test]
async fn without_its_list_the_ca_accepts_no_new_key_and_doctor_says_why() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("blocklist.dat");
    write(&path, &[]);
    let environment = HOST.configured(listed_in(&path)).await;
    let client = environment.directory("default").client().await;
    let order = client.ready_order(&["a.test"]).await;
    let found = |findings: &Value| {
        let findings = findings.as_array().unwrap().iter();
        findings.clone().find(|finding| finding["check"] == "list of blocked keys").unwrap().clone()
    };
    let good = found(&environment.act(json!({"action": "doctor"})).await.unwrap());
    assert_eq!(good["verdict"], "good");
    assert!(good["seen"].as_str().unwrap().starts_with("256 keys, written "), "{good}");
    fs::remove_file(&path).unwrap();
    let request = csr(&["a.test"], &Key::p256());
    client.finalize(&order, &request).await.refused(500, "serverInternal");
    let bad = found(&environment.act(json!({"action": "doctor"})).await.unwrap());
    assert_eq!(bad["verdict"], "bad");
    assert!(bad["remedy"].as_str().unwrap().contains("no new key is accepted"), "{bad}");
    write(&path, &[]);
    client.finalize(&order, &request).await.expect(200);
}
