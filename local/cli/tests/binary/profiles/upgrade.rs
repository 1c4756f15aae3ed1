//! Data folders of version e70810c, whose starts put the profiles of the file over the stored ones
//! and remembered nothing of it.
//!
//! `golden/built-in` was made by a start without a file. `golden/own` by a start with
//! `golden/ca.toml`, of whose profiles an operator then edited `edited` and deleted `gone`.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use tempfile::TempDir;

use super::{FILE, Site, WEB, names};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// A copy of a data folder, in the folder that a server is started in.
fn golden(name: &str) -> TempDir {
    let folder = TempDir::with_prefix("serverless-acme-golden-").unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    for entry in fs::read_dir(Path::new(GOLDEN).join(name)).unwrap() {
        let entry = entry.unwrap();
        let copy = data.join(entry.file_name());
        fs::copy(entry.path(), &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    }
    // Only a data folder has one.
    fs::write(data.join("lock"), "").unwrap();
    folder
}

#[tokio::test]
async fn n15_an_upgraded_store_with_the_built_in_profiles_alone_goes_on_serving_them() {
    let site = Site::start_in(golden("built-in"), "").await;
    assert_eq!(site.directories(), ["default", "raProfile/default"]);
    let site = site.settled("").await;
    assert_eq!(site.acts().await, []);
    site.admin(&["profiles", "delete", "acme", "default", "--pair", "--yes"]).await;
    site.settled("").await;
}

#[tokio::test]
async fn n15_an_upgraded_store_keeps_what_operators_decided_and_loses_the_open_profile_beside() {
    let file = fs::read_to_string(format!("{GOLDEN}/ca.toml")).unwrap();
    let new = file.clone() + &WEB.replace("web", "new");
    let site = Site::start_in(golden("own"), &new).await;
    assert_eq!(site.directories(), ["edited", "raProfile/edited", "new", "raProfile/new", "web", "raProfile/web"]);
    let stored = site.profiles().await;
    assert_eq!(names(&stored, "acmeProfile"), ["default", "edited", "new", "web"], "`gone` was deleted");
    assert_eq!(names(&stored, "raProfile"), ["default", "edited", "new", "web"]);
    assert_eq!(
        (&stored["acmeProfile"][0]["enabled"], &stored["raProfile"][0]["enabled"]),
        (&false.into(), &false.into())
    );
    assert_eq!(stored["acmeProfile"][1]["validity"], 100, "an operator changed it");

    let said = site.server.banner["profiles"].to_string();
    for path in ["acmeProfile.edited is not as", "acmeProfile.gone is not as", "acmeProfile.default is a built-in"] {
        assert!(said.contains(path), "{path}: {said}");
    }
    assert!(!said.contains("web"), "{said}");
    let acts = site.acts().await;
    for subject in ["acmeProfile.default.enabled", "raProfile.default.enabled"] {
        assert!(acts.contains(&("the start of the host".to_owned(), subject.to_owned())), "{acts:?}");
    }
    let of_file: Vec<_> = acts.iter().filter(|(actor, _)| actor == FILE).map(|(_, subject)| subject.as_str()).collect();
    assert_eq!(of_file, ["raProfile.new", "acmeProfile.new"], "newest first");
    let site = site.settled(&new).await;
    // The file is followed from now on.
    let site = site
        .restarted(&new.replacen("externalAccountRequired = true", "externalAccountRequired = true\nvalidity = 60", 1))
        .await;
    assert_eq!(site.profiles().await["acmeProfile"][3]["validity"], 60);
}
