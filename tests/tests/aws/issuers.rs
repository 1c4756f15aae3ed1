//! Issuers that an operator adds, with keys of every type: each use of their keys needs a
//! permission.

use ca::IssuerKeyType;
use cloud::{Fault, FaultKind, Service};
use serde_json::{Value, json};
use tests::{
    Environment,
    client::{Key, csr},
};

/// Adds one issuer after the other, and makes each sign for requests and for the worker. At the
/// end, the first issuer signs everything again.
pub(crate) async fn further_issuers(environment: &Environment) {
    let act = async |request: Value| {
        environment.act(request.clone()).await.unwrap_or_else(|error| panic!("{request}: {error}"))
    };
    let client = environment.directory("default").client().await;
    for (id, kind) in ["further-1", "further-2", "further-3"].into_iter().zip(KINDS) {
        let issuer = json!({"id": id, "name": id, "days": 120, "key": environment.issuer_key(kind)});
        act(json!({"action": "add-issuer", "issuer": issuer})).await;
        act(json!({"action": "roll-over-issuer", "old": "issuing", "new": id})).await;
        client.obtain(&["further.test"]).await;
        let order = client.ready_order(&["further.test"]).await;
        let fault = Fault::new(FaultKind::Unavailable).of("FinalizeFunction").on(Service::Kms, "Sign").always();
        let fault = environment.aws().cloud().inject(fault);
        let put_off = client.finalize(&order, &csr(&["further.test"], &Key::p256())).await.expect(200);
        assert_eq!(put_off.json()["status"], "processing");
        environment.aws().cloud().remove(&fault);
        client.wait(&order, "valid").await;
        act(json!({"action": "roll-over-issuer", "old": id, "new": "issuing"})).await;
        act(json!({"action": "retire-issuer", "id": id})).await;
    }
    for (id, kind) in ["requested-1", "requested-2", "requested-3"].into_iter().zip(KINDS) {
        let issuer = json!({"id": id, "name": id, "key": environment.issuer_key(kind)});
        act(json!({"action": "request-issuer", "issuer": issuer})).await;
    }
    // More profiles than a transaction can hold.
    let many: Vec<Value> = (0..101).map(|at| json!({"name": format!("many-{at}"), "issuer": "issuing"})).collect();
    act(json!({"action": "apply-profiles", "profiles": {"raProfile": many}})).await;
    let many: Vec<Value> = (0..101).map(|at| json!({"name": format!("many-{at}"), "raProfile": "default"})).collect();
    act(json!({"action": "apply-profiles", "profiles": {"acmeProfile": many}})).await;
    let issuer = json!({"id": "many", "name": "many", "key": environment.issuer_key(IssuerKeyType::P256)});
    act(json!({"action": "add-issuer", "issuer": issuer})).await;
    for (old, new) in [("issuing", "many"), ("many", "issuing")] {
        act(json!({"action": "roll-over-issuer", "old": old, "new": new})).await;
    }
    // The root signs its CRL, and the function that was asked publishes it.
    act(json!({"action": "revoke-issuer", "id": "further-3", "reason": 4})).await;
    act(json!({"action": "issuers"})).await;
    act(json!({"action": "issuer", "id": "issuing"})).await;
    environment.settled().await;
}

/// Each type signs with another algorithm.
const KINDS: [IssuerKeyType; 3] = [IssuerKeyType::P256, IssuerKeyType::P384, IssuerKeyType::Rsa2048];
