//! External account binding (RFC 8555 §7.3.4), and what it makes possible: scopes and pre-approved
//! names (P7, P8).

use acme::ExternalAccountKeyId;
use aws_lc_rs::{hmac, rand};
use host::Config;
use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use serde_json::{Value, json};
use store::{ExistingAccounts, ExternalAccountKey, OperationId, PreApproval, Versioned};
use tests::{
    Directory, Environment,
    client::{Client, Key, Reply, csr, identifiers, strings},
};

use crate::HOST;

/// Requires a binding, and pre-approves the names below `corp.test`.
fn closed(config: &mut Config) {
    let profile = &mut config.acme_profiles[0];
    profile.external_account_required = true;
    profile.pre_approved = vec![
        PreApproval { rule: ".corp.test".parse().unwrap(), wildcard: false },
        PreApproval { rule: "exact.test".parse().unwrap(), wildcard: true },
    ];
}

#[tokio::test]
async fn p7_a_profile_accepts_only_bound_accounts_and_says_so() {
    let environment = HOST.configured(closed).await;
    environment
        .on_both_families(async |ca| {
            let stranger = ca.stranger().await;
            assert_eq!(stranger.directory["meta"]["externalAccountRequired"], true);
            stranger.new_account(&json!({})).await.refused(400, "externalAccountRequired");
            let minted = mint(&ca, |_| {}).await;
            let account = minted.bind(&stranger).await.expect(201).location();
            assert_eq!(minted.bind(&stranger).await.expect(200).location(), account, "the key has an account");
            let again = minted.bind(&ca.stranger().await).await.refused(403, "unauthorized");

            let elsewhere = mint(&ca, |key| key.profile = Some("elsewhere".parse().unwrap())).await;
            let revoked = mint(&ca, |key| key.revoked = true).await;
            let ended = mint(&ca, |key| key.expires_at = key.created_at - SignedDuration::from_secs(1)).await;
            let forged = Minted { mac_key: vec![7; 32], ..mint(&ca, |_| {}).await };
            for bad in [elsewhere, revoked, ended, forged] {
                let refused = bad.bind(&ca.stranger().await).await.refused(403, "unauthorized");
                assert_eq!(refused, again, "the refusal does not reveal the reason");
            }
        })
        .await;
}

#[tokio::test]
async fn p7_accounts_from_before_go_on_or_are_refused_until_they_are_bound() {
    for existing in [None, Some(ExistingAccounts::Keep), Some(ExistingAccounts::Refuse)] {
        let is_refused = existing == Some(ExistingAccounts::Refuse);
        let environment = HOST.configured(|_| {}).await;
        let mut clients = Vec::new();
        for name in ["default", "raProfile/default"] {
            let client = environment.directory(name).client().await;
            let issued = client.obtain(&["before.test"]).await;
            let ready = client.ready_order(&["ready.test"]).await;
            clients.push((name, client, issued, ready));
        }
        let environment = environment
            .restarted(|config| {
                config.acme_profiles[0].external_account_required = true;
                config.acme_profiles[0].existing_accounts = existing;
            })
            .await;
        for (name, client, issued, ready) in clients {
            let ca = environment.directory(name);
            if !is_refused {
                client.obtain(&["after.test"]).await;
                client.finish(ready, &["ready.test"], Key::p256()).await;
                continue;
            }
            let identifier = json!({"type": "dns", "value": "after.test"});
            let order = json!({"identifiers": [identifier]});
            client.post(client.url("newOrder"), &order).await.refused(400, "externalAccountRequired");
            let authorization = json!({"identifier": identifier});
            client.post(client.url("newAuthz"), &authorization).await.refused(400, "externalAccountRequired");
            let request = csr(&["ready.test"], &Key::p256());
            client.finalize(&ready, &request).await.refused(400, "externalAccountRequired");
            client.read(&issued.certificate).await.expect(200);

            // A bad binding is refused, a good one is bound, once, and the account goes on.
            let minted = mint(&ca, |_| {}).await;
            let forged = Minted { mac_key: vec![7; 32], ..mint(&ca, |_| {}).await };
            forged.bind(&client).await.refused(403, "unauthorized");
            assert_eq!(minted.bind(&client).await.expect(200).location(), client.account());
            assert_eq!(minted.bind(&client).await.expect(200).location(), client.account(), "it is bound");
            minted.bind(&ca.stranger().await).await.refused(403, "unauthorized");
            client.obtain(&["after.test"]).await;
            client.finish(ready, &["ready.test"], Key::p256()).await;
        }
    }
}

#[tokio::test]
async fn p7_accounts_from_before_are_listed_until_they_are_bound() {
    let environment = HOST.configured(|_| {}).await;
    let mut before = Vec::new();
    for name in ["default", "raProfile/default"] {
        for _ in 0..3 {
            before.push((name, environment.directory(name).client().await));
        }
    }
    let environment = environment.restarted(|config| config.acme_profiles[0].external_account_required = true).await;
    for name in ["default", "raProfile/default"] {
        let ca = environment.directory(name);
        let bound = mint(&ca, |_| {}).await;
        bound.bind(&ca.stranger().await).await.expect(201);
        let of_here = before.iter().filter(|(directory, _)| *directory == name).map(|(_, client)| client);
        let mut clients: Vec<&Client> = of_here.collect();
        for limit in [1, 2, 1_000] {
            assert_eq!(unbound(&ca, name, limit).await, ids(&clients), "{limit} at a time");
        }
        let minted = mint(&ca, |_| {}).await;
        minted.bind(clients.remove(1)).await.expect(200);
        assert_eq!(unbound(&ca, name, 1).await, ids(&clients), "one of them is bound now");
    }
    let too_many = json!({"action": "list-unbound-accounts", "profile": "default", "limit": 1_001});
    assert!(environment.directory("default").act(too_many).await.is_err());
}

fn ids(clients: &[&Client]) -> Vec<String> {
    clients.iter().map(|client| client.account_id().to_owned()).collect()
}

/// The ids of the accounts of a directory without a binding, page by page.
async fn unbound(ca: &Directory<'_>, name: &str, limit: usize) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), Value::Null);
    loop {
        let request = json!({"action": "list-unbound-accounts", "profile": name, "after": after, "limit": limit});
        let page = ca.act(request).await.unwrap();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        for account in items {
            assert_eq!((&account["directory"], &account["externalAccount"]), (&json!(name), &Value::Null));
            ids.push(account["id"].as_str().unwrap().to_owned());
        }
        after = page["next"].clone();
        if after.is_null() {
            return ids;
        }
    }
}

#[tokio::test]
async fn p7_a_key_binds_at_most_its_number_of_accounts() {
    let environment = HOST.configured(closed).await;
    environment
        .on_both_families(async |ca| {
            let minted = mint(&ca, |key| key.max_accounts = Some(2)).await;
            for _ in 0..2 {
                minted.bind(&ca.stranger().await).await.expect(201);
            }
            minted.bind(&ca.stranger().await).await.refused(403, "unauthorized");
            let unlimited = mint(&ca, |key| key.max_accounts = None).await;
            for _ in 0..3 {
                unlimited.bind(&ca.stranger().await).await.expect(201);
            }
        })
        .await;
}

#[tokio::test]
async fn p7_threat_19_each_wrong_field_of_a_binding_is_refused_with_the_same_text() {
    let environment = HOST.configured(closed).await;
    environment
        .on_both_families(async |ca| {
            let (minted, other) = (mint(&ca, |_| {}).await, mint(&ca, |_| {}).await);
            let client = ca.stranger().await;
            let foreign = ca.stranger().await;
            let none = minted.bind_with(&client, |binding| binding.mac_key = vec![7; 32]).await;
            let uniform = none.refused(403, "unauthorized");
            let faults: [Fault<'_>; 12] = [
                ("no algorithm", &|binding| binding.header["alg"] = "none".into()),
                ("an asymmetric algorithm", &|binding| binding.header["alg"] = "ES256".into()),
                ("a hash other than the stated one", &|binding| binding.header["alg"] = "HS512".into()),
                ("no key identifier", &|binding| drop(binding.header.as_object_mut().unwrap().remove("kid"))),
                ("an unknown key", &|binding| binding.header["kid"] = "0".repeat(26).into()),
                ("an invalid key identifier", &|binding| binding.header["kid"] = "../eab".into()),
                ("someone else's key", &|binding| binding.header["kid"] = other.id.to_string().into()),
                ("another URL", &|binding| binding.header["url"] = client.url("newOrder").into()),
                ("no URL", &|binding| drop(binding.header.as_object_mut().unwrap().remove("url"))),
                ("a nonce", &|binding| binding.header["nonce"] = "AAAA".into()),
                ("another account's key", &|binding| binding.payload = foreign.key.jwk().to_string()),
                ("no account key", &|binding| binding.payload.clear()),
            ];
            for (what, spoil) in faults {
                let refused = minted.bind_with(&client, spoil).await;
                assert_eq!(refused.refused(403, "unauthorized"), uniform, "{what}");
            }
            for (hash, algorithm) in [("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)] {
                let by = |binding: &mut Binding| {
                    binding.header["alg"] = hash.into();
                    binding.algorithm = algorithm;
                };
                mint(&ca, |_| {}).await.bind_with(&ca.stranger().await, by).await.expect(201);
            }
            minted.bind(&client).await.expect(201);
        })
        .await;
}

#[tokio::test]
async fn p7_threat_19_of_many_requests_with_one_key_at_the_same_time_one_binds_an_account() {
    let environment = HOST.configured(closed).await;
    environment
        .on_both_families(async |ca| {
            let minted = mint(&ca, |_| {}).await;
            let mut strangers = Vec::new();
            for _ in 0..20 {
                strangers.push(ca.stranger().await);
            }
            let replies = tests::all(strangers.iter().map(|stranger| minted.bind(stranger))).await;
            let made = replies.iter().filter(|reply| reply.status == 201).count();
            assert_eq!(made, 1);
            for reply in replies.iter().filter(|reply| reply.status != 201) {
                reply.refused(403, "unauthorized");
            }
        })
        .await;
}

#[tokio::test]
async fn p7_the_scope_of_a_key_holds_for_the_orders_of_its_accounts() {
    let environment = HOST.configured(closed).await;
    environment
        .on_both_families(async |ca| {
            let minted = mint(&ca, |key| key.scope = vec![".team.test".parse().unwrap()]).await;
            let client = minted.client(&ca).await;
            client.obtain(&["a.team.test"]).await;
            let problem = client.new_order(&["b.team.test", "b.other.test"]).await.refused(400, "rejectedIdentifier");
            assert_eq!(problem["identifier"]["value"], "b.other.test");
            let payload = json!({"identifier": identifiers(&["b.other.test"])[0]});
            client.post(client.url("newAuthz"), &payload).await.refused(400, "rejectedIdentifier");
        })
        .await;
}

#[tokio::test]
async fn p8_an_order_of_only_pre_approved_names_is_ready_at_once() {
    let environment = HOST.configured(closed).await;
    environment
        .on_both_families(async |ca| {
            let client = mint(&ca, |_| {}).await.client(&ca).await;
            let names = ["a.corp.test", "exact.test", "*.exact.test"];
            let order = client.new_order(&names).await.expect(201);
            assert_eq!(order.json()["status"], "ready");
            assert_eq!(order.header("retry-after"), None);
            for url in strings(&order.json()["authorizations"]) {
                let authorization = client.read(&url).await.expect(200).json();
                assert_eq!(authorization["status"], "valid");
                assert_eq!(authorization["challenges"], json!([]), "there is no challenge left");
            }
            let issued = client.finish(order.location(), &names, Key::p256()).await;
            client.revoke(&issued, 4).await.expect(200);

            let mixed = client.new_order(&["a.corp.test", "a.test"]).await.expect(201);
            assert_eq!(mixed.json()["status"], "pending");
            let statuses = statuses(&client, &mixed).await;
            assert_eq!(statuses, ["valid", "pending"]);
            client.authorize(&mixed.location()).await;
            client.finish(mixed.location(), &["a.corp.test", "a.test"], Key::p256()).await;

            let payload = json!({"identifier": identifiers(&["b.corp.test"])[0]});
            let ahead = client.post(client.url("newAuthz"), &payload).await.expect(201);
            assert_eq!(ahead.json()["status"], "valid");
            for name in ["corp.test", "*.corp.test", "a.exact.test"] {
                assert_eq!(client.new_order(&[name]).await.expect(201).json()["status"], "pending", "{name}");
            }
        })
        .await;
}

#[tokio::test]
async fn p8_only_accounts_that_are_bound_are_pre_approved_and_only_within_their_scope() {
    let environment = HOST.start().await;
    let unbound = environment.directory("default").client().await;
    let environment = environment.restarted(closed).await;
    let unbound = super::policy::again(&environment, &unbound).await;
    assert_eq!(unbound.new_order(&["a.corp.test"]).await.expect(201).json()["status"], "pending");

    let ca = environment.directory("default");
    let narrow = mint(&ca, |key| key.scope = vec!["a.corp.test".parse().unwrap()]).await.client(&ca).await;
    assert_eq!(narrow.new_order(&["a.corp.test"]).await.expect(201).json()["status"], "ready");
    narrow.new_order(&["b.corp.test"]).await.refused(400, "rejectedIdentifier");
}

#[tokio::test]
async fn p8_a_name_that_is_no_longer_pre_approved_is_not_finalized_without_validation() {
    let environment = HOST.configured(closed).await;
    let ca = environment.directory("default");
    let client = mint(&ca, |_| {}).await.client(&ca).await;
    let order = client.order(&["a.corp.test"]).await;
    let environment = environment.restarted(|config| config.acme_profiles[0].pre_approved.clear()).await;
    let client = super::policy::again(&environment, &client).await;
    let request = csr(&["a.corp.test"], &Key::p256());
    client.finalize(&order, &request).await.refused(400, "rejectedIdentifier");
    assert_eq!(client.new_order(&["a.corp.test"]).await.expect(201).json()["status"], "pending");
}

/// An external account key, as its holder has it.
pub(super) struct Minted {
    id: ExternalAccountKeyId,
    mac_key: Vec<u8>,
}

/// Creates an external account key that `change` adapts.
pub(super) async fn mint(ca: &Environment, change: impl FnOnce(&mut ExternalAccountKey)) -> Minted {
    let now = Timestamp::now();
    let id = ExternalAccountKeyId::new(now, random());
    let mut key = ExternalAccountKey::new(id, now, now + SignedDuration::from_hours(1));
    change(&mut key);
    let version = OperationId::from_random(random());
    ca.store().create_external_account_key(&Versioned::new(key, version)).await.unwrap();
    let secret = ca.store().external_account_secret().await.unwrap().unwrap();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret.key);
    Minted { id, mac_key: hmac::sign(&secret, id.to_string().as_bytes()).as_ref().to_vec() }
}

/// A binding that tests can change.
struct Binding {
    header: Value,
    payload: String,
    mac_key: Vec<u8>,
    algorithm: hmac::Algorithm,
}

/// The name of a fault, and the change that makes it.
type Fault<'a> = (&'static str, &'a dyn Fn(&mut Binding));

impl Minted {
    /// Sends a new-account request that is bound with the key.
    pub(super) async fn bind(&self, client: &Client) -> Reply {
        self.bind_with(client, |_| {}).await
    }

    /// The same with a binding that `change` adapts.
    async fn bind_with(&self, client: &Client, change: impl FnOnce(&mut Binding)) -> Reply {
        let mut binding = Binding {
            header: json!({"alg": "HS256", "kid": self.id.to_string(), "url": client.url("newAccount")}),
            payload: client.key.jwk().to_string(),
            mac_key: self.mac_key.clone(),
            algorithm: hmac::HMAC_SHA256,
        };
        change(&mut binding);
        let protected = base64url::encode(binding.header.to_string().as_bytes());
        let payload = base64url::encode(binding.payload.as_bytes());
        let key = hmac::Key::new(binding.algorithm, &binding.mac_key);
        let mac = hmac::sign(&key, format!("{protected}.{payload}").as_bytes());
        let binding = json!({"protected": protected, "payload": payload, "signature": base64url::encode(mac.as_ref())});
        client.new_account(&json!({"externalAccountBinding": binding})).await
    }

    /// A client with an account that is bound with the key.
    pub(super) async fn client(&self, ca: &Directory<'_>) -> Client {
        let stranger = ca.stranger().await;
        let account = self.bind(&stranger).await.expect(201).location();
        stranger.with_kid(&account)
    }
}

async fn statuses(client: &Client, order: &Reply) -> Vec<String> {
    let mut statuses = Vec::new();
    for url in strings(&order.json()["authorizations"]) {
        statuses.push(client.read(&url).await.json()["status"].as_str().unwrap().to_owned());
    }
    statuses
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).unwrap();
    bytes
}
