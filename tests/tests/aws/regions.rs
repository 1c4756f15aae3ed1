//! The drill of docs/operations/regions.md: the home region is lost, and a stack in another one
//! takes over with replicas of table and keys.

use ca::{Crl, IssuerKeyType};
use serde_json::json;
use tests::Environment;

use crate::HOST;

#[tokio::test]
async fn a_second_region_takes_over_issues_revokes_and_goes_on_with_the_numbers_of_crls() {
    let environment = HOST.start().await;
    let (client, before) = {
        let ca = environment.directory("default");
        let client = ca.client().await;
        let before = client.obtain(&["before.test"]).await;
        (client, before)
    };
    environment.settled().await;
    let last = crl(&environment, "issuing");

    let environment = environment.taken_over_in("eu-west-1").await;
    let after = client.obtain(&["after.test"]).await;
    assert_eq!(after.leaf().tbs_certificate().issuer(), before.leaf().tbs_certificate().issuer());
    client.revoke(&before, 1).await.expect(200);
    client.revoke(&after, 4).await.expect(200);
    environment.settled().await;
    let next = crl(&environment, "issuing");
    assert!(next.number() > last.number(), "relying parties keep the CRL with the highest number");

    // The root signs there as well.
    let key = environment.issuer_key(IssuerKeyType::P256);
    let issuer = json!({"id": "further", "name": "Further", "days": 120, "key": key});
    environment.act(json!({"action": "add-issuer", "issuer": issuer})).await.unwrap();
    environment.act(json!({"action": "roll-over-issuer", "old": "issuing", "new": "further"})).await.unwrap();
    client.obtain(&["further.test"]).await;
    environment.settled().await;
    assert!(environment.aws().dead_letters().is_empty());
}

fn crl(environment: &Environment, issuer: &str) -> Crl {
    let object = environment.aws().cloud().object("status", &format!("crl/{issuer}/0.crl")).expect("a CRL");
    Crl::from_der(&object.body).unwrap()
}
