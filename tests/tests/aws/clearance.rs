//! What is checked before an intention holds when the worker signs (N16), with the records in
//! DynamoDB.

use cloud::{Fault, FaultKind, Service};
use serde_json::json;
use tests::{
    Directory,
    client::{Client, Key, csr, strings},
};

use crate::{HOST, passing_time::end_the_patience};

#[tokio::test]
async fn n16_the_worker_signs_nothing_for_what_ended_while_the_signer_was_away() {
    let environment = HOST.start().await;
    for directory in ["default", "raProfile/default"] {
        let ca = environment.directory(directory);
        after(&ca, "badCSR", async |_, _, key| {
            let block = json!({"action": "block-key", "key": key.thumbprint()});
            ca.act(block).await.unwrap();
        })
        .await;
        after(&ca, "unauthorized", async |client, order, _| {
            let authorization = strings(&client.read(order).await.json()["authorizations"]).remove(0);
            client.post(&authorization, &json!({"status": "deactivated"})).await.expect(200);
        })
        .await;
    }
}

/// An order whose signer is away while something ends.
async fn after(ca: &Directory<'_>, problem: &str, ends: impl AsyncFn(&Client, &str, &Key)) {
    let client = ca.client().await;
    let order = client.ready_order(&["ended.test"]).await;
    let faults = ["FinalizeFunction", "IssueFunction"].map(|function| {
        ca.aws().cloud().inject(Fault::new(FaultKind::Unavailable).of(function).on(Service::Kms, "Sign").always())
    });
    let key = Key::p256();
    let request = csr(&["ended.test"], &key);
    assert_eq!(client.finalize(&order, &request).await.expect(200).json()["status"], "processing");
    ca.settled().await;
    ends(&client, &order, &key).await;
    faults.iter().for_each(|fault| ca.aws().cloud().remove(fault));
    end_the_patience(ca, &client, &order).await;
    client.read(&order).await.expect(200);
    let ended = client.wait(&order, "invalid").await;
    assert_eq!(ended["error"]["type"], format!("urn:ietf:params:acme:error:{problem}"), "{ended}");
}
