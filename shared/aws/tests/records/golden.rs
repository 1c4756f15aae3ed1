//! Golden items. `golden/e70810c.jsonl` was written by the engine of commit e70810c from the
//! records of the embedded store's golden file: the life of one certificate, profiles, an incident,
//! an external account key. `golden/present.jsonl` is what this version writes of every kind;
//! docs/migrations.md says when and how it is renewed.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use store::{
    AccountStore, CertificateStore, LookupStore, ProfileStore,
    contract::{
        everything::{read_everything, write_everything},
        fixture::repeat_samples,
    },
};

use super::items::{Attributes, Table, kind, read, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_items_that_this_version_writes_are_those_of_the_golden_file() {
    repeat_samples();
    let table = Table::empty();
    write_everything(&table.store).await;
    let lines: Vec<String> = table.items().iter().map(|item| serde_json::to_string(item).unwrap()).collect();
    let present = golden("present");
    if env::var_os("RENEW_GOLDEN").is_some() {
        fs::write(&present, lines.join("\n") + "\n").unwrap();
    }
    let stored = fs::read_to_string(&present).unwrap();
    let changed: Vec<_> = lines.iter().zip(stored.lines()).filter(|(now, golden)| now != golden).collect();
    assert_eq!(changed, [], "the stored form has changed: see \"Golden records\" in docs/migrations.md");
    assert_eq!(lines.len(), stored.lines().count(), "docs/migrations.md, \"Golden records\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_golden_file_is_read_whole() {
    let files: BTreeSet<PathBuf> =
        fs::read_dir(golden("present").parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.contains(&golden("e70810c")) && files.contains(&golden("present")));
    for file in files {
        let table = Table::with(&read(&file)).await;
        let all = read_everything(&table.store, &table.keys()).await;
        let empty = all.iter().filter(|value| value.as_array().is_some_and(Vec::is_empty));
        // There were no grants.
        let expected = usize::from(file == golden("e70810c"));
        assert_eq!(empty.count(), expected, "{}: {all:#?}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_golden_file_of_this_version_has_every_kind_of_item() {
    let table = Table::with(&read(&golden("present"))).await;
    let mut kinds = table.kinds();
    for other in ["counter", "day with audit records", "entry of a certificate", "entry of a contact"] {
        assert!(kinds.remove(other), "{other}");
    }
    let others = ["entry of a former key", "entry of an account without a binding", "place in a list of orders"];
    for other in others.into_iter().chain(["redeemed nonce"]) {
        assert!(kinds.remove(other), "{other}");
    }
    assert_eq!(kinds.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), names_of_records());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_items_of_e70810c_are_read_as_what_they_are() {
    let items = read(&golden("e70810c"));
    let table = Table::with(&items).await;
    let all = certificates(&items);
    assert!(!all.is_empty());
    for item in all {
        let id = text(item, "pk").rsplit('#').next().unwrap().parse().unwrap();
        let record = table.store.certificate(&id).await.unwrap().unwrap();
        assert_eq!((&record.directory, &record.ra_profile, &record.signer_request), (&None, &None, &None));
        let key = record.state.public_key().unwrap().thumbprint();
        assert_eq!(record.key, Some(key), "it follows from the certificate");
        let Some(account) = record.account else { continue };
        let account = table.store.account(account).await.unwrap().unwrap();
        assert_eq!(account.former_keys, []);
        assert!(record.revocation.is_some());
    }
    assert_eq!(table.store.profiles().await.unwrap().acme_profile[0].description, "golden");
    assert_eq!(table.store.blocked_keys(None, 9).await.unwrap().items.len(), 1);
}

/// What e70810c reads of a certificate has the names that it knows; it reads them by name.
#[test]
fn the_json_of_a_certificate_has_the_members_that_e70810c_needs() {
    let needed = ["crl_shard", "identifiers", "issuer", "not_after", "not_before", "state"];
    for item in certificates(&read(&golden("present"))) {
        let json: serde_json::Value = serde_json::from_str(text(item, "record")).unwrap();
        for member in needed.iter().chain(&["account", "order"]) {
            assert!(json.get(member).is_some(), "{member}: {json}");
        }
        assert!(item.get("der").is_some() && item.get("version").is_some());
    }
}

fn certificates(items: &[Attributes]) -> Vec<&Attributes> {
    items.iter().filter(|item| kind(item) == "certificate").collect()
}

/// The names of all records of the engine, from its source.
pub(crate) fn names_of_records() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dynamodb");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let declared = text.split("const NAME: &'static str = \"").skip(1);
        let found: Vec<&str> = declared.map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(found.len(), text.matches("\nimpl Record for ").count(), "each record has a name");
        names.extend(found.into_iter().map(str::to_owned));
    }
    names
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(format!("{}/tests/golden/{name}.jsonl", env!("CARGO_MANIFEST_DIR")))
}
