//! Everything that the functions ever do: each operation, in each way that needs another
//! permission.

use aws_lc_rs::hmac;
use cloud::{Fault, FaultKind, Service};
use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use serde_json::{Value, json};
use store::{CrlRecord, OperationId, Versioned};
use tests::{
    Directory, Environment,
    client::{Client, Key, certificate_id, challenge, csr, identifiers, strings},
};

use crate::{
    canary, enrolment, events, issuers, operator,
    passing_time::{end_the_lease, end_the_patience},
    patient::Patient,
    perspectives, routes, story,
};

/// Does everything that the functions ever do.
pub(crate) async fn happens(environment: Environment) -> Environment {
    replaced_before_its_end(&environment).await;
    by_schedule(&environment).await;
    events::forward(&environment, &[events::line("test")]).await.unwrap();
    environment
        .on_both_families(async |ca| {
            story::play(&ca, &Patient::new(&ca).await, &["story.test"]).await;
            every_route(&ca).await;
            many_names(&ca).await;
            replacements(&ca).await;
            invalid_names(&ca).await;
            lost_validation(&ca).await;
            interrupted_issuances(&ca).await;
            ca.settled().await;
        })
        .await;
    never_ordered(&environment).await;
    let environment = perspectives::is_seen_from_elsewhere(environment).await;
    issuers::further_issuers(&environment).await;
    operator::administers(bound_accounts(environment).await).await
}

/// Accounts that would end because they never order, and end in another way: from then on they are
/// kept, with their keys.
async fn never_ordered(environment: &Environment) {
    let ca = environment.directory("default");
    let (ended, disabled) = (ca.client().await, ca.client().await);
    ended.post(ended.account(), &json!({"status": "deactivated"})).await.expect(200);
    let request = json!({"action": "set-account-status", "id": disabled.account_id(), "status": "revoked"});
    environment.act(request).await.unwrap();
    for client in [ended, disabled] {
        let stored = environment.store().account(client.account_id().parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(stored.kept_until(), None);
    }
}

async fn by_schedule(environment: &Environment) {
    // A day later, a new secret for nonces is due.
    let secrets = environment.store().nonce_secrets().await.unwrap().unwrap();
    let mut old = secrets.value.clone();
    old.live.iter_mut().for_each(|secret| secret.made_at -= SignedDuration::from_hours(25));
    let old = Versioned::new(old, OperationId::from_random([3; 16]));
    environment.store().update_nonce_secrets(Some(secrets.version), &old).await.unwrap();
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    for function in ["BootstrapFunction", "PublishCrlFunction"] {
        environment.aws().functions().named(function).invoke(event.clone()).await.unwrap();
    }
    environment.settled().await;
}

/// Two certificates that expire soon: one that an order has replaced, and one for which the
/// schedule emits an event.
async fn replaced_before_its_end(environment: &Environment) {
    let client = environment.directory("default").client().await;
    let end = acme::whole_seconds(Timestamp::now() + SignedDuration::from_hours(72)).to_string();
    let obtain = async |mut request: Value| {
        request["identifiers"] = identifiers(&["ends.test"]);
        let order = client.post(client.url("newOrder"), &request).await.expect(201).location();
        client.authorize(&order).await;
        client.finish(order, &["ends.test"], Key::p256()).await
    };
    let issued = obtain(json!({"notAfter": end})).await;
    obtain(json!({"notAfter": end, "replaces": certificate_id(&issued.chain)})).await;
    environment.settled().await;
}

async fn every_route(ca: &Directory<'_>) {
    let client = ca.client().await;
    client.read(&ca.url()).await.expect(200);
    client.read(client.url("newNonce")).await.expect(204);
    // The last route changes the key of the account.
    for route in routes::signed(&client).await {
        let reply = route.send(&client).await;
        assert!([200, 201].contains(&reply.status), "{}: {}", route.name, reply.text());
    }
    client.http().request("HEAD", &ca.url(), None, Vec::new()).await.expect(200);
    client.request("POST", &client.below("/nothing"), None, Vec::new()).await.expect(404);
    client.request("OPTIONS", client.url("newOrder"), None, Vec::new()).await.expect(204);
}

/// Identifiers that are read and written in batches, and a revocation by another account that is
/// authorized for them.
async fn many_names(ca: &Directory<'_>) {
    let names = ["a.many.test", "b.many.test", "c.many.test"];
    let client = ca.client().await;
    let issued = client.obtain(&names).await;
    // The authorizations exist now.
    client.ready_order(&names).await;
    client.read(&format!("{}/orders", client.account())).await.expect(200);
    client.read(&client.below(&format!("/orders/{}", client.account_id()))).await.expect(200);
    let other = ca.client().await;
    other.revoke(&issued, 4).await.refused(403, "unauthorized");
    other.ready_order(&names).await;
    other.revoke(&issued, 4).await.expect(200);
    ca.settled().await;
    // Whether the CRL is newer than the revocation is checked in all parts of the CRL.
    crl_in_parts(ca).await;
    other.revoke(&issued, 4).await.refused(400, "alreadyRevoked");
    client.read(&client.order(&names).await).await.expect(200);
    // An identifier that is already validated, and a key that is already in use.
    let request = json!({"identifier": {"type": "dns", "value": names[0]}});
    client.post(client.url("newAuthz"), &request).await.expect(200);
    client.change_key(&client.rollover(&other.key)).await.refused(409, "malformed");
}

/// Puts a CRL that does not fit into one item in the place of the last one, until the next.
pub(crate) async fn crl_in_parts(environment: &Environment) {
    let (issuer, shard) = ("issuing".parse().unwrap(), 0);
    let last = environment.store().crl(&issuer, shard).await.unwrap().unwrap();
    let long = CrlRecord { number: last.number + 1, der: vec![0; 500 << 10], ..last };
    environment.store().put_crl(&long).await.unwrap();
}

async fn replacements(ca: &Directory<'_>) {
    let client = ca.client().await;
    let issued = client.obtain(&["replaced.test"]).await;
    let request = json!({"identifiers": identifiers(&["replaced.test"]), "replaces": certificate_id(&issued.chain)});
    let order = client.post(client.url("newOrder"), &request).await.expect(201).location();
    client.post(client.url("newOrder"), &request).await.refused(409, "alreadyReplaced");
    client.finish(order, &["replaced.test"], Key::p256()).await;
}

async fn invalid_names(ca: &Directory<'_>) {
    let client = ca.client().await;
    client.challenges().dns.set_addresses("invalid.test", &["169.254.169.254"]);
    let order = client.order(&["invalid.test"]).await;
    let (url, _) = start(&client, &order, "http-01").await;
    client.wait(&url, "invalid").await;
    client.read(&order).await.expect(200);
}

/// A worker that has disappeared: after the lease, reading the authorization queues the validation
/// again, and so does responding to its challenge.
async fn lost_validation(ca: &Directory<'_>) {
    for by_read in [true, false] {
        let client = ca.client().await;
        let order = client.order(&["lost.test"]).await;
        let fault = Fault::new(FaultKind::Unavailable).of("ValidateFunction").always();
        let fault = ca.aws().cloud().inject(fault);
        let (url, http) = start(&client, &order, "http-01").await;
        ca.settled().await;
        ca.aws().cloud().remove(&fault);
        end_the_lease(ca, &client, &url).await;
        if by_read {
            client.read(&url).await.expect(200);
        } else {
            client.post(&http, &json!({})).await.expect(200);
        }
        client.wait(&url, "valid").await;
    }
}

/// Signing is left to the worker; and a request that polls the order discovers that a process has
/// crashed.
async fn interrupted_issuances(ca: &Directory<'_>) {
    let client = ca.client().await;
    // Two names make the worker read in batches.
    let names = ["put-off.test", "put-off-too.test"];
    let order = client.ready_order(&names).await;
    let fault = Fault::new(FaultKind::Unavailable).of("FinalizeFunction").on(Service::Kms, "Sign").always();
    let fault = ca.aws().cloud().inject(fault);
    let request = csr(&names, &Key::p256());
    assert_eq!(client.finalize(&order, &request).await.expect(200).json()["status"], "processing");
    ca.aws().cloud().remove(&fault);
    client.wait(&order, "valid").await;

    for look in ["order", "list", "finalize"] {
        let order = client.ready_order(&["died.test"]).await;
        let faults = ["FinalizeFunction", "IssueFunction"].map(|function| {
            ca.aws().cloud().inject(Fault::new(FaultKind::Unavailable).of(function).on(Service::Kms, "Sign").always())
        });
        let request = csr(&["died.test"], &Key::p256());
        assert_eq!(client.finalize(&order, &request).await.expect(200).json()["status"], "processing");
        ca.settled().await;
        faults.iter().for_each(|fault| ca.aws().cloud().remove(fault));
        end_the_patience(ca, &client, &order).await;
        match look {
            "order" => drop(client.read(&order).await.expect(200)),
            "list" => drop(client.read(&client.below(&format!("/orders/{}", client.account_id()))).await.expect(200)),
            _ => drop(client.finalize(&order, &request).await.expect(200)),
        }
        client.wait(&order, "valid").await;
    }
}

/// Accounts with an external account binding.
pub(crate) async fn bound_accounts(environment: Environment) -> Environment {
    let required = |config: &mut host::Config| config.acme_profiles[0].external_account_required = true;
    let environment = environment.restarted(required).await;
    let admin = environment.aws().functions().named("AdminFunction");
    for action in ["status", "profiles"] {
        admin.invoke(json!({"action": action})).await.unwrap();
    }
    let ca = environment.directory("default");
    let minted = admin.invoke(json!({"action": "mint-external-account-key"})).await.unwrap();
    let client = ca.stranger().await;
    client.new_account(&json!({})).await.refused(400, "externalAccountRequired");
    let binding = binding(&client, &minted);
    let bound = client.new_account(&json!({"externalAccountBinding": binding})).await.expect(201);
    // The worker asks for the scope of the key before it signs.
    let client = client.with_kid(&bound.location());
    let order = client.ready_order(&["bound.test"]).await;
    let fault = Fault::new(FaultKind::Unavailable).of("FinalizeFunction").on(Service::Kms, "Sign").always();
    let fault = environment.aws().cloud().inject(fault);
    client.finalize(&order, &csr(&["bound.test"], &Key::p256())).await.expect(200);
    environment.aws().cloud().remove(&fault);
    client.wait(&order, "valid").await;
    enrolment::of_a_role(&environment).await;
    canary::sings(&environment).await;
    environment
}

/// The inner JWS of an external account binding (RFC 8555 §7.3.4).
pub(crate) fn binding(client: &Client, minted: &Value) -> Value {
    let header = json!({"alg": "HS256", "kid": minted["keyIdentifier"], "url": client.url("newAccount")});
    let protected = base64url::encode(header.to_string().as_bytes());
    let payload = base64url::encode(client.key.jwk().to_string().as_bytes());
    let key = base64url::decode(minted["key"].as_str().unwrap()).unwrap();
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), format!("{protected}.{payload}").as_bytes());
    json!({"protected": protected, "payload": payload, "signature": base64url::encode(mac.as_ref())})
}

/// Starts the challenge of this type of the first authorization; returns the URLs of both.
pub(crate) async fn start(client: &Client, order: &str, way: &str) -> (String, String) {
    let url = strings(&client.read(order).await.expect(200).json()["authorizations"]).remove(0);
    let object = client.read(&url).await.expect(200).json();
    let challenge = challenge(&object, way);
    client.provision(&object, &challenge);
    let challenge = challenge["url"].as_str().unwrap().to_owned();
    client.post(&challenge, &json!({})).await.expect(200);
    (url, challenge)
}
