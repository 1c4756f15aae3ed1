//! `admin support-bundle`.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use super::{admin, at_rest, text};

#[tokio::test]
async fn a_support_bundle_is_a_file_for_its_owner_and_never_replaces_one() {
    let folder = at_rest().await;
    let (data, file) = (folder.path().join("data"), folder.path().join("bundle.json"));
    let name = file.to_str().unwrap();
    let said = text(&data, &["support-bundle", name]).await;
    assert!(said.contains("read it before you send it"), "{said}");
    let bundle: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(bundle["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&file, "kept").unwrap();
    let refused = admin(&data, &["support-bundle", name]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(fs::read(&file).unwrap(), b"kept");
    // Without a name it is printed.
    let printed: Value = serde_json::from_str(&text(&data, &["support-bundle"]).await).unwrap();
    assert_eq!(printed["counts"], bundle["counts"]);
}
