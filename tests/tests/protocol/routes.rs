//! Every operation that takes a signed request, with a request that succeeds.

use std::sync::Arc;

use jose::base64url;
use serde_json::{Value, json};
use tests::client::{Client, Jws, Key, Reply, challenge, csr, identifiers};

/// A signed operation.
pub(crate) struct Route {
    /// The name of the operation, for messages.
    pub(crate) name: &'static str,
    /// The URL to which the request is sent.
    pub(crate) url: String,
    /// A payload with which the request succeeds.
    pub(crate) payload: Vec<u8>,
    /// Whether it is signed with `jwk`; otherwise with `kid`.
    pub(crate) by_key: bool,
}

impl Route {
    /// A valid request of this client.
    pub(crate) async fn jws(&self, client: &Client) -> Jws {
        let client = if self.by_key { client.with_key(client.key.clone()) } else { client.clone() };
        client.jws(&self.url, self.payload.clone()).await
    }

    /// Sends a valid request of this client.
    pub(crate) async fn send(&self, client: &Client) -> Reply {
        client.send(&self.url, &self.jws(client).await).await
    }
}

/// All signed operations on objects of this account. All requests succeed if they are sent in this
/// order.
pub(crate) async fn signed(client: &Client) -> Vec<Route> {
    let issued = client.obtain(&["issued.test"]).await;
    let ready = client.ready_order(&["ready.test"]).await;
    let pending = client.read(&client.order(&["pending.test"]).await).await.expect(200).json();
    let authorization = pending["authorizations"][0].as_str().unwrap().to_owned();
    let object = client.read(&authorization).await.expect(200).json();
    let http = challenge(&object, "http-01");
    client.provision(&object, &http);

    let request = csr(&["ready.test"], &Key::p256());
    let account = client.account().to_owned();
    let new_key = Arc::new(Key::p256());
    let route = |name, url: &str, payload: Value| {
        let payload = if payload.is_null() { Vec::new() } else { payload.to_string().into_bytes() };
        Route { name, url: url.to_owned(), payload, by_key: false }
    };
    let order = json!({"identifiers": identifiers(&["new.test"])});
    let authorization_request = json!({"identifier": {"type": "dns", "value": "ahead.test"}});
    vec![
        Route { by_key: true, ..route("newAccount", client.url("newAccount"), json!({})) },
        route("account", &account, json!({"contact": ["mailto:a@example.org"]})),
        route("account.orders", &format!("{account}/orders"), Value::Null),
        route("orders", &client.below(&format!("/orders/{}", client.account_id())), Value::Null),
        route("newOrder", client.url("newOrder"), order),
        route("newAuthz", client.url("newAuthz"), authorization_request),
        route("order", &issued.order, Value::Null),
        route("finalize", &format!("{ready}/finalize"), json!({"csr": base64url::encode(&request)})),
        route("challenge", http["url"].as_str().unwrap(), json!({})),
        route("authorization", &authorization, Value::Null),
        route("certificate", &issued.certificate, Value::Null),
        route("revokeCert", client.url("revokeCert"), json!({"certificate": issued.encoded()})),
        Route { payload: client.rollover(&new_key).body(), ..route("keyChange", client.url("keyChange"), Value::Null) },
    ]
}
