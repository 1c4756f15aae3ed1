//! Certificates of versions that did not record keys: one command makes them findable by key.

use serde_json::json;
use tests::client::certificate_id;

use crate::HOST;

#[tokio::test]
async fn certificates_of_earlier_versions_are_found_by_key_after_one_command() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    let issued = client.obtain(&["a.test"]).await;
    environment.settled().await;
    // Versions up to e70810c wrote no such entries.
    let mut items = environment.aws().items();
    let all = items.len();
    items.retain(|item| !item["pk"]["S"].as_str().unwrap().starts_with("CERTIFICATE#KEY#"));
    assert!(items.len() < all, "there was one");
    let environment = environment.restored(items).await;

    let find = json!({"action": "find-certificates", "filter": {"key": issued.key.thumbprint()}});
    assert_eq!(environment.act(find.clone()).await.unwrap()["items"], json!([]));
    let indexed = environment.act(json!({"action": "index-keys"})).await.unwrap();
    assert_eq!(indexed["lookedAt"], 1, "{indexed}");
    let found = environment.act(find).await.unwrap();
    assert_eq!(found["items"][0]["id"], certificate_id(&issued.chain));
}
