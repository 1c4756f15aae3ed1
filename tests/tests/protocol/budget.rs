//! What one certificate costs at the store, in the units that a hosted database charges for.

use serde_json::json;
use store::embedded::Counts;
use tests::{
    Directory,
    client::{Key, challenge, csr},
};

use crate::HOST;

#[tokio::test]
async fn a_certificate_for_one_name_costs_at_most_22_writes_22_reads_and_five_commits() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        // Now profiles, issuer and nonce secrets are in memory.
        client.obtain(&["warm.test"]).await;
        let before = counts(&ca);

        let order = client.new_order(&["a.test"]).await.expect(201);
        let authorization = order.json()["authorizations"][0].as_str().unwrap().to_owned();
        let object = client.read(&authorization).await.expect(200).json();
        let http = challenge(&object, "http-01");
        client.provision(&object, &http);
        // The answer has the result, so that the client need not ask for it.
        let validated = client.post(http["url"].as_str().unwrap(), &json!({})).await.expect(200);
        assert_eq!(validated.json()["status"], "valid");
        client.finalize(&order.location(), &csr(&["a.test"], &Key::p256())).await.expect(200);
        let valid = client.read(&order.location()).await.expect(200).json();
        client.read(valid["certificate"].as_str().unwrap()).await.expect(200);

        let after = counts(&ca);
        let (writes, reads, commits) =
            (after.writes - before.writes, after.reads - before.reads, after.commits - before.commits);
        println!("one certificate in six signed requests: {writes} writes, {reads} reads, {commits} commits");
        assert!(writes <= 22, "{writes} writes");
        assert!(reads <= 22, "{reads} reads");
        assert!(commits <= 5, "{commits} commits");
    })
    .await;
}

#[tokio::test]
async fn an_account_costs_at_most_five_writes() {
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        let before = counts(&ca);
        client.registered().await;
        let after = counts(&ca);
        println!("one account: {} writes, {} reads", after.writes - before.writes, after.reads - before.reads);
        assert!(after.writes - before.writes <= 5);
    })
    .await;
}

#[tokio::test]
async fn threat_28_unsigned_requests_cost_no_write_and_almost_no_read() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let id = crate::topics::renewal_info::certificate_id(&client.obtain(&["a.test"]).await);
        let before = counts(&ca);
        for _ in 0..100 {
            client.fresh_nonce().await;
            client.http().get(&ca.url()).await.expect(200);
        }
        let between = counts(&ca);
        assert_eq!(
            (between.writes, between.reads),
            (before.writes, before.reads),
            "nonces and directories are made from memory"
        );
        for _ in 0..100 {
            client.http().get(&format!("{}/{id}", client.url("renewalInfo"))).await.expect(200);
        }
        let after = counts(&ca);
        assert_eq!(
            (after.writes, after.reads),
            (between.writes, between.reads + 100),
            "renewal information is one read"
        );
    })
    .await;
}

/// What the store read and wrote.
fn counts(ca: &Directory<'_>) -> Counts {
    ca.one_process().store().counts()
}
