//! What an operator decides about identifiers and contacts, per directory (interface row P1, N9).

use host::Config;
use serde_json::{Value, json};
use tests::{
    Environment,
    client::{Client, Key, csr, identifiers},
};

use crate::HOST;

/// The rules of `deniedIdentifiers` and similar members, as they are in a document.
fn rules(list: &[&str]) -> Vec<store::IdentifierRule> {
    list.iter().map(|rule| rule.parse().unwrap()).collect()
}

#[tokio::test]
async fn n9_each_name_that_the_rules_refuse_has_its_reason_in_the_problem() {
    let strict = |config: &mut Config| {
        let profile = &mut config.acme_profiles[0];
        profile.allowed_identifiers = rules(&[".corp.test", "10.0.0.0/8"]);
        profile.denied_identifiers = rules(&[".secret.corp.test", "boss.corp.test"]);
    };
    let environment = HOST.configured(strict).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let before = ca.counts().writes;
            let refused =
                ["www.other.test", "corp.test", "a.secret.corp.test", "boss.corp.test", "*.corp.test", "11.0.0.1"];
            for name in refused {
                let order = client.new_order(&["www.corp.test", name]).await.refused(400, "rejectedIdentifier");
                assert_eq!(order["identifier"]["value"], name, "{order}");
                if !name.starts_with('*') {
                    let payload = json!({"identifier": identifiers(&[name])[0]});
                    client.post(client.url("newAuthz"), &payload).await.refused(400, "rejectedIdentifier");
                }
            }
            let all: Vec<&str> = ["www.corp.test"].into_iter().chain(refused).collect();
            let problem = client.new_order(&all).await.refused(400, "rejectedIdentifier");
            let told = |member: &Value| member["identifier"]["value"].as_str().unwrap().to_owned();
            let subproblems = problem["subproblems"].as_array().unwrap();
            assert_eq!(subproblems.iter().map(told).collect::<Vec<_>>(), refused);
            assert!(subproblems[2]["detail"].as_str().unwrap().contains(".secret.corp.test"), "{problem}");
            assert_eq!(spent(before, ca.counts().writes), 0, "only nonces were written");

            client.obtain(&["www.corp.test"]).await;
            client.order(&["10.1.2.3", "*.www.corp.test"]).await;
        })
        .await;

    /// The number of writes besides those of the nonces: seven orders, five authorizations, and one
    /// more order were refused.
    fn spent(before: u64, after: u64) -> u64 {
        after - before - HOST.counted(12)
    }
}

#[tokio::test]
async fn p1_wildcards_can_be_turned_off() {
    let environment = HOST.configured(|config| config.acme_profiles[0].allow_wildcards = false).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let problem = client.new_order(&["*.a.test"]).await.refused(400, "rejectedIdentifier");
            assert!(problem["detail"].as_str().unwrap().contains("wildcard"), "{problem}");
            client.order(&["a.test"]).await;
        })
        .await;
}

#[tokio::test]
async fn p1_an_order_has_at_most_the_number_of_names_that_the_profile_says() {
    let environment = HOST.configured(|config| config.acme_profiles[0].maximum_identifiers = 2).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            client.order(&["a.test", "b.test", "a.test"]).await;
            let problem = client.new_order(&["a.test", "b.test", "c.test"]).await.refused(400, "malformed");
            assert!(problem["detail"].as_str().unwrap().contains("at most 2 "), "{problem}");
        })
        .await;
}

#[tokio::test]
async fn n9_stricter_rules_apply_to_existing_orders() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    let (denied, many) = (client.ready_order(&["a.test"]).await, client.ready_order(&["b.test", "c.test"]).await);
    let environment = environment
        .restarted(|config| {
            config.acme_profiles[0].denied_identifiers = rules(&["a.test"]);
            config.acme_profiles[0].maximum_identifiers = 1;
        })
        .await;
    let client = again(&environment, &client).await;
    client.finalize(&denied, &csr(&["a.test"], &Key::p256())).await.refused(400, "rejectedIdentifier");
    client.finalize(&many, &csr(&["b.test", "c.test"], &Key::p256())).await.refused(400, "malformed");
    let environment = environment
        .restarted(|config| {
            // A profile that is equal to the built-in one would count as undecided.
            config.acme_profiles[0].description = "as before".to_owned();
            config.acme_profiles[0].denied_identifiers.clear();
            config.acme_profiles[0].maximum_identifiers = 100;
        })
        .await;
    again(&environment, &client).await.finish(denied, &["a.test"], Key::p256()).await;
}

#[tokio::test]
async fn p6_an_account_that_the_operator_disables_is_refused_at_its_next_request() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.order(&["b.test"]).await;
        let set = async |status: &str| {
            let request = json!({"action": "set-account-status", "id": client.account_id(), "status": status});
            ca.act(request).await.unwrap();
        };
        set("revoked").await;
        client.read(&order).await.refused(401, "unauthorized");
        let problem = client.new_order(&["a.test"]).await.refused(401, "unauthorized");
        assert!(problem["detail"].as_str().unwrap().contains("disabled by the operator"), "{problem}");
        client.new_account(&json!({})).await.refused(401, "unauthorized");
        set("valid").await;
        client.read(&order).await.expect(200);
    })
    .await;
}

/// The same client after a restart, with new connections.
pub(super) async fn again(environment: &Environment, client: &Client) -> Client {
    let stranger = environment.directory("default").stranger_with(client.key.clone()).await;
    stranger.with_kid(client.account())
}

#[tokio::test]
async fn p1_contacts_must_be_in_the_domains_that_the_profile_allows() {
    let only = |config: &mut Config| config.acme_profiles[0].allowed_contact_domains = vec!["corp.test".to_owned()];
    let environment = HOST.configured(only).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.stranger().await;
            for contacts in [json!(["mailto:a@other.test"]), json!(["mailto:a@corp.test", "mailto:a@badcorp.test"])] {
                let problem = client.new_account(&json!({"contact": contacts})).await.refused(400, "invalidContact");
                assert!(problem["detail"].as_str().unwrap().contains("corp.test"), "{problem}");
            }
            let fine = json!({"contact": ["mailto:a@mail.corp.test"]});
            let account = client.new_account(&fine).await.expect(201).location();
            let client = client.with_kid(&account);
            client.post(&account, &json!({"contact": ["mailto:a@other.test"]})).await.refused(400, "invalidContact");
            client.post(&account, &json!({"contact": ["mailto:a@Corp.Test"]})).await.expect(200);
        })
        .await;
}

#[tokio::test]
async fn n8_a_name_that_was_shown_in_a_withdrawn_network_is_shown_again() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    let order = client.ready_order(&["a.test"]).await;
    let environment = environment
        .restarted(|config| {
            config.acme_profiles[0].allowed_networks.retain(|network| !network.addr().is_loopback());
        })
        .await;
    let client = again(&environment, &client).await;
    let problem = client.finalize(&order, &csr(&["a.test"], &Key::p256())).await.refused(400, "rejectedIdentifier");
    assert!(problem["detail"].as_str().unwrap().contains("no longer accepts"), "{problem}");
    assert_eq!(client.new_order(&["a.test"]).await.expect(201).json()["status"], "pending");
}

#[tokio::test]
async fn n12_the_contacts_of_an_account_are_bounded_together() {
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        let contacts = |count: usize| -> Value {
            (0..count).map(|number| format!("mailto:{number}{}@a.test", "x".repeat(185))).collect()
        };
        let problem = client.new_account(&json!({"contact": contacts(6)})).await.refused(400, "invalidContact");
        assert!(problem["detail"].as_str().unwrap().contains("1000 characters"), "{problem}");
        let account = client.new_account(&json!({"contact": contacts(4)})).await.expect(201).location();
        let client = client.with_kid(&account);
        client.post(&account, &json!({"contact": contacts(6)})).await.refused(400, "invalidContact");
    })
    .await;
}
