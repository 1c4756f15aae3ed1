//! Accounts (RFC 8555 §7.3).

use acme::Account;
use host::Config;
use serde_json::{Value, json};
use store::{OperationId, TermsOfServiceChange, Versioned};
use tests::{
    Directory, all,
    client::{Client, Key},
};

use crate::HOST;

#[tokio::test]
async fn s4_a_new_account_is_answered_201_with_its_location() {
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        let contact = json!(["mailto:admin@example.org", "mailto:other@example.org"]);
        let reply = client.new_account(&json!({"contact": contact, "termsOfServiceAgreed": true})).await.expect(201);
        let (account, url) = (reply.json(), reply.location());
        assert!(url.starts_with(&client.below("/acct/")), "{url}");
        assert_eq!(account["status"], "valid");
        assert_eq!(account["contact"], contact);
        assert_eq!(account["termsOfServiceAgreed"], true);
        assert_eq!(account["orders"], format!("{url}/orders"));
    })
    .await;
}

#[tokio::test]
async fn s4_the_same_key_again_is_answered_200_with_the_same_location() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for payload in [json!({}), json!({"onlyReturnExisting": true}), json!({"contact": ["mailto:new@example.org"]})]
        {
            let reply = client.new_account(&payload).await.expect(200);
            assert_eq!(reply.location(), client.account());
            assert_eq!(reply.json()["contact"], Value::Null, "an existing account is not changed");
        }
    })
    .await;
}

#[tokio::test]
async fn s4_only_return_existing_without_an_account_creates_nothing() {
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        client.fresh_nonce().await;
        let before = ca.counts().writes;
        for _ in 0..2 {
            let reply = client.new_account(&json!({"onlyReturnExisting": true})).await;
            reply.refused(400, "accountDoesNotExist");
        }
        assert_eq!(ca.counts().writes - before, HOST.counted(2), "only the two nonces are written");
    })
    .await;
}

#[tokio::test]
async fn s4_one_key_has_one_account_however_many_requests_arrive_at_once() {
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        let url = client.url("newAccount");
        let mut requests = Vec::new();
        for _ in 0..10 {
            requests.push(client.jws(url, "{}").await);
        }
        let replies = all(requests.iter().map(|jws| client.send(url, jws))).await;
        let created = replies.iter().filter(|reply| reply.status == 201).count();
        let found = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!((created, found), (1, 9));
        assert!(replies.iter().all(|reply| reply.location() == replies[0].location()));
    })
    .await;
}

#[tokio::test]
async fn an_account_belongs_to_one_directory() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let there = ca.other().stranger_with(client.key.clone()).await;
        there.new_account(&json!({"onlyReturnExisting": true})).await.refused(400, "accountDoesNotExist");
        let other = there.new_account(&json!({})).await.expect(201).location();
        assert_ne!(other, client.account());
        there.with_kid(client.account()).read(&other).await.refused(400, "accountDoesNotExist");
    })
    .await;
}

#[tokio::test]
async fn s5_a_required_contact_may_be_neither_absent_nor_empty() {
    let required = |config: &mut Config| config.acme_profiles[0].require_contact = true;
    let environment = HOST.configured(required).await;
    let test = async |ca: Directory<'_>| {
        let client = ca.stranger().await;
        for payload in [json!({}), json!({"contact": []})] {
            client.new_account(&payload).await.refused(400, "invalidContact");
        }
        let contact = json!(["mailto:admin@example.org"]);
        let reply = client.new_account(&json!({"contact": contact})).await.expect(201);
        let client = client.with_kid(&reply.location());
        assert_eq!(client.read(client.account()).await.json()["contact"], contact, "what is stored is what was sent");
        client.post(client.account(), &json!({"contact": []})).await.refused(400, "invalidContact");
        // For a known key, the answer comes before any check.
        client.new_account(&json!({"contact": ["nonsense"]})).await.expect(200);
    };
    environment.on_both_families(test).await;
}

#[tokio::test]
async fn s5_required_terms_must_be_agreed_to() {
    let terms = "https://ca.example/terms/1";
    let required = |config: &mut Config| {
        config.acme_profiles[0].require_terms_of_service = true;
        config.acme_profiles[0].terms_of_service_url = Some(terms.to_owned());
    };
    let environment = HOST.configured(required).await;
    let test = async |ca: Directory<'_>| {
        let client = ca.stranger().await;
        for payload in [json!({}), json!({"termsOfServiceAgreed": false})] {
            let reply = client.new_account(&payload).await;
            let problem = reply.refused(403, "userActionRequired");
            assert_eq!(problem["instance"], terms);
            assert_eq!(reply.link("terms-of-service").as_deref(), Some(terms));
        }
        let reply = client.new_account(&json!({"termsOfServiceAgreed": true})).await.expect(201);
        assert_eq!(reply.json()["termsOfServiceAgreed"], true);
        client.new_account(&json!({})).await.expect(200);
    };
    environment.on_both_families(test).await;
}

#[tokio::test]
async fn p5_new_terms_stop_new_orders_until_the_account_agrees() {
    let terms = "https://ca.example/terms/2";
    let environment = HOST.start().await;
    let mut clients = Vec::new();
    for name in ["default", "raProfile/default"] {
        let client = environment.directory(name).client().await;
        let earlier = client.ready_order(&["earlier.test"]).await;
        clients.push((client, earlier));
    }
    let changed = |config: &mut Config| {
        let profile = &mut config.acme_profiles[0];
        profile.require_terms_of_service = true;
        profile.terms_of_service_url = Some(terms.to_owned());
        profile.terms_of_service_change = TermsOfServiceChange::Url;
    };
    let _running = environment.restarted(changed).await;
    for (client, earlier) in clients {
        // Earlier orders can be completed.
        client.finish(earlier, &["earlier.test"], Key::p256()).await;
        let reply = client.new_order(&["a.test"]).await;
        assert_eq!(reply.refused(403, "userActionRequired")["instance"], terms);
        assert_eq!(reply.link("terms-of-service").as_deref(), Some(terms));
        client.read(client.account()).await.expect(200);

        client.post(client.account(), &json!({"termsOfServiceAgreed": true})).await.expect(200);
        client.obtain(&["a.test"]).await;
    }
}

#[tokio::test]
async fn each_contact_is_one_mail_address() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let long_label = format!("mailto:a@{}.example.org", "b".repeat(70));
        for (contact, problem) in [
            ("tel:+4912345", "unsupportedContact"),
            ("https://example.org", "unsupportedContact"),
            ("admin@example.org", "invalidContact"),
            ("mailto:", "invalidContact"),
            ("mailto:a@example.org,b@example.org", "invalidContact"),
            ("mailto:a@example.org?subject=x", "invalidContact"),
            ("mailto:a@ex ample.org", "invalidContact"),
            ("mailto:a@example.org\r\nBcc: b@example.org", "invalidContact"),
            ("mailto:\u{fc}@example.org", "invalidContact"),
            ("mailto:a@my_host.example.org", "invalidContact"),
            ("mailto:a@-bad-.example.org", "invalidContact"),
            (long_label.as_str(), "invalidContact"),
        ] {
            let payload = json!({"contact": ["mailto:good@example.org", contact]});
            client.with_key(Key::p256()).new_account(&payload).await.refused(400, problem);
            client.post(client.account(), &payload).await.refused(400, problem);
        }
        let many: Vec<String> = (0..11).map(|number| format!("mailto:{number}@example.org")).collect();
        client.post(client.account(), &json!({"contact": many})).await.refused(400, "invalidContact");
        assert_eq!(client.read(client.account()).await.json()["contact"], Value::Null, "nothing was changed");
    })
    .await;
}

#[tokio::test]
async fn s5_blanks_and_a_trailing_dot_are_no_part_of_a_contact_and_a_refusal_names_the_part() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for contact in ["mailto: admin@example.org", "mailto:admin@example.org.", "mailto:admin@example.org "] {
            let account = client.post(client.account(), &json!({"contact": [contact]})).await.expect(200).json();
            assert_eq!(account["contact"], json!(["mailto:admin@example.org"]), "{contact:?}");
        }
        let payload = json!({"contact": ["mailto:admin@my_host.example.org"]});
        let problem = client.post(client.account(), &payload).await.refused(400, "invalidContact");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains("the host of the mail address") && detail.contains("a label has a character"),
            "{detail}"
        );
    })
    .await;
}

#[tokio::test]
async fn s6_an_account_is_read_and_its_contact_changed() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let contact = json!(["mailto:new@example.org"]);
        let changed = client.post(client.account(), &json!({"contact": contact})).await.expect(200).json();
        assert_eq!(changed["contact"], contact);
        for read in [client.read(client.account()).await, client.post(client.account(), &json!({})).await] {
            assert_eq!(read.expect(200).json(), changed);
        }
        // Members that are absent stay the same; unknown members are ignored.
        let payload = json!({"status": "valid", "unknown": [1], "orders": "https://evil.example"});
        assert_eq!(client.post(client.account(), &payload).await.expect(200).json(), changed);
        client.post(client.account(), &json!({"contact": []})).await.expect(200);
        assert_eq!(client.read(client.account()).await.json()["contact"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn s6_a_client_can_set_no_status_but_deactivated() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for status in ["revoked", "invalid", "Deactivated", ""] {
            client.post(client.account(), &json!({"status": status})).await.refused(400, "malformed");
        }
        client.post(client.account(), &json!({"status": 1})).await.refused(400, "malformed");
        client.read(client.account()).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn s6_threat_14_a_deactivated_account_is_refused_everywhere() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let routes = super::routes::signed(&client).await;
        let ended = client.post(client.account(), &json!({"status": "deactivated"})).await.expect(200).json();
        assert_eq!(ended["status"], "deactivated");
        for route in routes {
            println!("{}", route.name);
            let reply = route.send(&client).await;
            reply.refused(401, "unauthorized");
            assert!(reply.header("replay-nonce").is_some());
        }
        client.post(client.account(), &json!({"status": "valid"})).await.refused(401, "unauthorized");
    })
    .await;
}

#[tokio::test]
async fn n12_an_account_that_never_ordered_ends_and_its_key_can_register_again() {
    HOST.on_both_families(async |ca| {
        let (unused, used) = (ca.client().await, ca.client().await);
        used.order(&["a.test"]).await;
        let stored = async |client: &Client| {
            let id = client.account_id().parse().unwrap();
            ca.store().account(id).await.unwrap().unwrap()
        };
        assert_eq!(stored(&used).await.unused_until, None, "it has ordered");
        let before = stored(&unused).await;
        let lapsed = Account { unused_until: Some(before.created_at), ..before.value.clone() };
        let lapsed =
            Versioned::new(lapsed, OperationId::from_random(*unused.account_id().as_bytes().last_chunk().unwrap()));
        ca.store().update_account(&before, &lapsed).await.unwrap();

        unused.read(unused.account()).await.refused(400, "accountDoesNotExist");
        let again = unused.new_account(&json!({})).await.expect(201).location();
        assert_ne!(again, unused.account());
        used.read(used.account()).await.expect(200);
    })
    .await;
}
