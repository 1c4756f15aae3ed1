//! Limits (N12): 429 `rateLimited` with `Retry-After` and which limit.
//!
//! The window of these tests is so long that it does not end while they run.

use host::Config;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{Limit, LimitWindow, Limits, OperationId};
use tests::{
    Environment,
    client::{Client, Issued, Key, Reply, challenge, csr, identifiers, strings},
};

use super::{external_accounts::mint, renewal_info::certificate_id};
use crate::HOST;

#[tokio::test]
async fn n12_new_accounts_are_limited_and_old_ones_are_found() {
    let environment = limited(|limits| limits.new_accounts = at_most(2)).await;
    let ca = environment.directory("default");
    let (first, _) = (ca.client().await, ca.client().await);
    let stranger = ca.stranger().await;
    for _ in 0..2 {
        reached(&stranger.new_account(&json!({})).await, "newAccounts");
    }
    first.new_account(&json!({})).await.expect(200);
    let other = environment.directory("raProfile/default").stranger().await;
    reached(&other.new_account(&json!({})).await, "newAccounts");
}

#[tokio::test]
async fn n12_new_accounts_and_orders_of_one_external_account_are_limited() {
    let environment = limited(|limits| {
        limits.new_accounts_per_external_account_key = at_most(2);
        limits.new_orders_per_external_account_key = at_most(3);
    })
    .await;
    environment
        .on_both_families(async |ca| {
            let minted = mint(&ca, |key| key.max_accounts = None).await;
            let (one, two) = (minted.client(&ca).await, minted.client(&ca).await);
            reached(&minted.bind(&ca.stranger().await).await, "newAccountsPerExternalAccountKey");
            for (client, name) in [(&one, "a.test"), (&two, "b.test"), (&one, "c.test")] {
                client.order(&[name]).await;
            }
            reached(&two.new_order(&["d.test"]).await, "newOrdersPerExternalAccountKey");
            let free = mint(&ca, |_| {}).await.client(&ca).await;
            free.order(&["d.test"]).await;
        })
        .await;
}

#[tokio::test]
async fn n12_new_orders_are_limited_at_the_cost_of_one_write_and_renewals_go_on() {
    let environment = limited(|limits| limits.new_orders_per_account = at_most(2)).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let issued = renewable(&client, &["a.test", "b.test"]).await;
            client.order(&["c.test"]).await;
            for _ in 0..3 {
                ca.settled().await;
                let before = ca.counts().writes;
                reached(&client.new_order(&["d.test"]).await, "newOrdersPerAccount");
                let after = ca.counts().writes;
                assert!(after - before <= 2, "the nonce, and at most one write: {}", after - before);
            }
            reached(&client.new_order(&["a.test"]).await, "newOrdersPerAccount");
            reached(&replacing(&client, &["a.test"], &issued).await, "newOrdersPerAccount");
            replacing(&client, &["b.test", "a.test"], &issued).await.expect(201);
            replacing(&client, &["a.test", "b.test"], &issued).await.refused(409, "alreadyReplaced");
            reached(&client.new_order(&["b.test", "a.test"]).await, "newOrdersPerAccount");
            ca.client().await.order(&["d.test"]).await;
        })
        .await;
}

#[tokio::test]
async fn n12_new_orders_of_a_whole_profile_are_limited() {
    let environment = limited(|limits| limits.new_orders = at_most(2)).await;
    let (one, two) =
        (environment.directory("default").client().await, environment.directory("raProfile/default").client().await);
    one.order(&["a.test"]).await;
    two.order(&["a.test"]).await;
    for client in [&one, &two] {
        reached(&client.new_order(&["b.test"]).await, "newOrders");
    }
}

#[tokio::test]
async fn n12_a_limit_of_a_whole_profile_is_exact_in_all_of_its_parts() {
    // Limits of more than a thousand are counted in parts, so that the writes are spread over
    // several items.
    let environment = limited(|limits| limits.new_orders = at_most(2_500)).await;
    let ca = environment.directory("default");
    for (part, free) in [("", 1), ("1", 0), ("2", 1)] {
        let share = if part.is_empty() { 834 } else { 833 };
        let operation = OperationId::from_random(authority::random().unwrap());
        let window = window(&format!("default#newOrders#{part}"));
        ca.store().count(&window, share - free, share, operation).await.unwrap();
    }
    let client = ca.client().await;
    for name in ["a.test", "b.test"] {
        client.order(&[name]).await;
    }
    for _ in 0..3 {
        ca.settled().await;
        let before = ca.counts().writes;
        reached(&client.new_order(&["c.test"]).await, "newOrders");
        let after = ca.counts().writes;
        assert!(after - before <= 2, "the nonce, and at most one write: {}", after - before);
    }
}

#[tokio::test]
async fn n12_new_orders_and_certificates_of_a_registered_domain_are_limited() {
    let environment = limited(|limits| {
        limits.new_orders_per_registered_domain = at_most(3);
        limits.certificates_per_registered_domain = at_most(2);
    })
    .await;
    let ca = environment.directory("default");
    let (one, two) = (ca.client().await, ca.client().await);
    // Where no public suffix is listed, the last label is taken for one.
    let issued = renewable(&one, &["a.one.test", "b.one.test"]).await;
    two.obtain(&["one.test"]).await;
    let order = two.ready_order(&["a.two.test", "c.one.test"]).await;
    let refused = two.finalize(&order, &csr(&["a.two.test", "c.one.test"], &Key::p256())).await;
    reached(&refused, "certificatesPerRegisteredDomain");
    assert!(refused.text().contains("reached for one.test: 2 in"), "{}", refused.text());
    reached(&one.new_order(&["d.one.test"]).await, "newOrdersPerRegisteredDomain");
    one.order(&["www.one.test.co.uk", "one.co.uk"]).await;
    // A renewal is not limited, whether or not it says so; other names are.
    reached(&replacing(&one, &["a.one.test"], &issued).await, "newOrdersPerRegisteredDomain");
    let order = replacing(&one, &["b.one.test", "a.one.test"], &issued).await.expect(201).location();
    let renewed = one.finish(order, &["a.one.test", "b.one.test"], Key::p256()).await;
    reached(&replacing(&one, &["a.one.test", "b.one.test"], &renewed).await, "newOrdersPerRegisteredDomain");
    reached(&two.new_order(&["one.test", "e.two.test"]).await, "newOrdersPerRegisteredDomain");
    two.obtain(&["a.two.test"]).await;
}

#[tokio::test]
async fn n12_a_request_refused_by_a_wider_limit_is_not_counted() {
    let environment = limited(|limits| {
        limits.new_orders_per_account = at_most(2);
        limits.new_orders = at_most(2);
    })
    .await;
    let ca = environment.directory("default");
    let (one, two) = (ca.client().await, ca.client().await);
    one.order(&["a.test"]).await;
    one.order(&["b.test"]).await;
    for _ in 0..3 {
        ca.settled().await;
        let before = ca.counts().writes;
        reached(&two.new_order(&["c.test"]).await, "newOrders");
        let after = ca.counts().writes;
        assert!(after - before <= 1, "the nonce: {}", after - before);
    }
    let key = format!("default#newOrdersPerAccount#{}", two.account_id());
    assert_eq!(ca.store().counted(&[window(&key)]).await.unwrap(), [0]);
}

#[tokio::test]
async fn n12_a_request_refused_for_another_reason_is_not_counted() {
    let environment = limited(|limits| limits.new_orders_per_account = at_most(1)).await;
    let client = environment.directory("default").client().await;
    client.new_order(&["a..test"]).await.refused(400, "malformed");
    let spoilt = client.jws(client.url("newOrder"), json!({"identifiers": identifiers(&["a.test"])}).to_string()).await;
    let spoilt = spoilt.with("nonce", "AAAA".into());
    client.send(client.url("newOrder"), &spoilt).await.refused(400, "badNonce");
    client.order(&["a.test"]).await;
}

#[tokio::test]
async fn n12_pending_authorizations_are_limited_and_valid_ones_are_not() {
    let environment = limited(|limits| limits.pending_authorizations_per_account = at_most(3)).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            client.ready_order(&["a.test", "b.test"]).await;
            reached(&client.new_order(&["c.test", "d.test"]).await, "pendingAuthorizationsPerAccount");
            client.order(&["a.test", "b.test", "c.test"]).await;
            reached(&client.new_order(&["d.test"]).await, "pendingAuthorizationsPerAccount");
            let ahead = json!({"identifier": identifiers(&["d.test"])[0]});
            reached(&client.post(client.url("newAuthz"), &ahead).await, "pendingAuthorizationsPerAccount");
            client.order(&["a.test", "b.test"]).await;
        })
        .await;
}

#[tokio::test]
async fn n12_failed_validations_are_limited() {
    let environment = limited(|limits| limits.failed_validations_per_account = at_most(1)).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let (failing, waiting) = (http_01(&client, "a.test").await, http_01(&client, "b.test").await);
            loop {
                client.post(&failing, &json!({})).await.expect(200);
                let told = client.wait_until(&failing, |object| object.get("error").is_some()).await;
                if told["status"] == "invalid" {
                    break;
                }
            }
            // The failure becomes visible a moment before it is counted.
            while counted(&ca, &client).await == 0 {
                tokio::task::yield_now().await;
            }
            reached(&client.post(&waiting, &json!({})).await, "failedValidationsPerAccount");
            assert_eq!(
                client.read(&waiting).await.json()["status"],
                "pending",
                "it can be validated in the next window"
            );
        })
        .await;
}

#[tokio::test]
async fn n12_certificates_are_limited_and_the_order_stays_ready() {
    let environment = limited(|limits| {
        limits.certificates_per_account = at_most(1);
        limits.certificates = at_most(3);
    })
    .await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    renewable(&client, &["a.test"]).await;
    let order = client.ready_order(&["b.test"]).await;
    for _ in 0..2 {
        reached(&client.finalize(&order, &csr(&["b.test"], &Key::p256())).await, "certificatesPerAccount");
    }
    assert_eq!(client.read(&order).await.json()["status"], "ready");
    client.obtain(&["a.test"]).await;
    ca.client().await.obtain(&["b.test"]).await;
    environment.directory("raProfile/default").client().await.obtain(&["b.test"]).await;
    let late = ca.client().await;
    let order = late.ready_order(&["c.test"]).await;
    reached(&late.finalize(&order, &csr(&["c.test"], &Key::p256())).await, "certificates");
}

#[tokio::test]
async fn n12_certificates_for_the_same_names_are_limited_unless_they_replace_one() {
    let environment = limited(|limits| limits.certificates_per_set_of_names = at_most(2)).await;
    let ca = environment.directory("default");
    let (one, two) = (ca.client().await, ca.client().await);
    let issued = renewable(&one, &["a.test", "b.test"]).await;
    two.obtain(&["b.test", "a.test"]).await;
    let order = one.ready_order(&["a.test", "b.test"]).await;
    let request = csr(&["a.test", "b.test"], &Key::p256());
    reached(&one.finalize(&order, &request).await, "certificatesPerSetOfNames");
    one.obtain(&["a.test"]).await;
    let order = replacing(&one, &["a.test", "b.test"], &issued).await.expect(201).location();
    one.finish(order, &["a.test", "b.test"], Key::p256()).await;
}

#[tokio::test]
async fn threat_36_what_replaces_a_certificate_without_renewing_it_is_counted_everywhere() {
    let environment = limited(|limits| {
        limits.new_orders_per_account = at_most(3);
        limits.certificates_per_account = at_most(2);
    })
    .await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let first = client.obtain(&["a.test"]).await;
            // The window is not open yet, or there is a name more: both are orders like any other.
            let order = replacing(&client, &["a.test", "b.test"], &first).await.expect(201).location();
            client.authorize(&order).await;
            let second = client.finish(order, &["a.test", "b.test"], Key::p256()).await;
            let order = replacing(&client, &["a.test", "b.test"], &second).await.expect(201).location();
            let third = client.finalize(&order, &csr(&["a.test", "b.test"], &Key::p256())).await;
            reached(&third, "certificatesPerAccount");
            let authorization = strings(&client.read(&order).await.json()["authorizations"]).remove(0);
            client.post(&authorization, &json!({"status": "deactivated"})).await.expect(200);
            for names in [&["a.test", "b.test"][..], &["a.test", "b.test", "c.test"], &["b.test"]] {
                reached(&replacing(&client, names, &second).await, "newOrdersPerAccount");
            }
            client.revoke(&second, 4).await.expect(200);
            replacing(&client, &["a.test", "b.test"], &second).await.expect(201);
        })
        .await;
}

#[tokio::test]
async fn threat_36_a_certificate_is_renewed_a_bounded_number_of_times() {
    let environment = limited(|limits| limits.new_orders_per_account = at_most(1)).await;
    let client = environment.directory("default").client().await;
    let issued = renewable(&client, &["a.test"]).await;
    for _ in 0..10 {
        let order = replacing(&client, &["a.test"], &issued).await.expect(201).json();
        let authorization = strings(&order["authorizations"]).remove(0);
        client.post(&authorization, &json!({"status": "deactivated"})).await.expect(200);
    }
    reached(&replacing(&client, &["a.test"], &issued).await, "newOrdersPerAccount");
}

#[tokio::test]
async fn threat_36_a_renewal_is_not_exempt_from_what_bounds_the_disk_space_of_an_account() {
    let environment = limited(|limits| {
        limits.pending_orders_per_account = at_most(2);
        limits.pending_authorizations_per_account = at_most(2);
    })
    .await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    let issued = renewable(&client, &["a.test"]).await;
    client.order(&["a.test"]).await;
    reached(&replacing(&client, &["a.test"], &issued).await, "pendingOrdersPerAccount");
    reached(&client.new_order(&["a.test"]).await, "pendingOrdersPerAccount");

    let client = ca.client().await;
    let issued = renewable(&client, &["a.test", "b.test"]).await;
    for authorization in strings(&client.read(&issued.order).await.json()["authorizations"]) {
        client.post(&authorization, &json!({"status": "deactivated"})).await.expect(200);
    }
    reached(&replacing(&client, &["a.test", "b.test"], &issued).await, "pendingAuthorizationsPerAccount");
}

#[tokio::test]
async fn n12_key_changes_are_limited() {
    let environment = limited(|limits| limits.key_changes_per_account = at_most(1)).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let new = std::sync::Arc::new(Key::p256());
            client.change_key(&client.rollover(&new)).await.expect(200);
            let client = client.with_key(new).with_kid(client.account());
            let next = std::sync::Arc::new(Key::p256());
            reached(&client.change_key(&client.rollover(&next)).await, "keyChangesPerAccount");
            client.read(client.account()).await.expect(200);
        })
        .await;
}

/// Obtains a certificate whose window for renewal is open: it ends in two minutes, and began five
/// minutes ago.
async fn renewable(client: &Client, names: &[&str]) -> Issued {
    let end = Timestamp::now() + SignedDuration::from_mins(2);
    let payload = json!({"identifiers": identifiers(names), "notAfter": end.to_string()});
    let order = client.post(client.url("newOrder"), &payload).await.expect(201).location();
    client.authorize(&order).await;
    client.finish(order, names, Key::p256()).await
}

/// Asks for an order that replaces this certificate.
async fn replacing(client: &Client, names: &[&str], issued: &Issued) -> Reply {
    let payload = json!({"identifiers": identifiers(names), "replaces": certificate_id(issued)});
    client.post(client.url("newOrder"), &payload).await
}

/// A CA with these limits.
async fn limited(set: impl FnOnce(&mut Limits)) -> Environment {
    HOST.configured(|config: &mut Config| set(&mut config.acme_profiles[0].limits)).await
}

fn at_most(maximum: u32) -> Option<Limit> {
    Some(Limit { maximum, window: A_LONG_TIME })
}

/// Checks that the request was refused because of this limit.
#[track_caller]
fn reached(reply: &Reply, limit: &str) {
    let problem = reply.refused(429, "rateLimited");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("limit {limit} ")), "{detail}");
    let wait: u32 = reply.header("retry-after").expect("a Retry-After").parse().expect("seconds");
    assert!((1..=A_LONG_TIME).contains(&wait), "{wait}");
}

/// The number of failed validations of the account that were counted.
async fn counted(ca: &Environment, client: &Client) -> u32 {
    let key = format!("default#failedValidationsPerAccount#{}", client.account_id());
    ca.store().counted(&[window(&key)]).await.unwrap()[0]
}

/// The present window of that counter.
fn window(key: &str) -> LimitWindow {
    LimitWindow::containing(Timestamp::now(), A_LONG_TIME, key.to_owned())
}

/// The URL of the http-01 challenge of a new order.
async fn http_01(client: &Client, name: &str) -> String {
    let order = client.new_order(&[name]).await.expect(201).json();
    let authorization = client.read(&strings(&order["authorizations"])[0]).await.expect(200).json();
    challenge(&authorization, "http-01")["url"].as_str().unwrap().to_owned()
}

const A_LONG_TIME: u32 = 366 * 24 * 60 * 60;
