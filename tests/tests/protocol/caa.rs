//! CAA records (RFC 8659, RFC 8657) at the face of the CA: what they forbid is not issued, and the
//! client learns which record would permit it.

use host::Config;
use serde_json::{Value, json};
use store::Caa;
use tests::{
    challenge_server::DnsFault,
    client::{Client, Key, csr},
    events::of_account,
};

use crate::HOST;

fn enforced(config: &mut Config) {
    let profile = &mut config.acme_profiles[0];
    profile.caa = Some(Caa::Enforce);
    profile.caa_identities = vec!["ca.example".to_owned(), "new.example".to_owned()];
    profile.former_base_urls = vec!["https://Former.example:443/ca/".to_owned()];
}

/// The record of a domain.
fn set(client: &Client, domain: &str, tag: &str, value: &str) {
    client.challenges().dns.set_caa(domain, &[(false, tag, value)]);
}

/// The problem of the order's authorization after its challenge was met by `way`.
async fn refused(client: &Client, order: &str, way: &str) -> Value {
    let url = client.read(order).await.json()["authorizations"][0].as_str().unwrap().to_owned();
    let object = client.read(&url).await.json();
    let challenges = object["challenges"].as_array().unwrap();
    let challenge = challenges.iter().find(|challenge| challenge["type"] == way).unwrap();
    client.provision(&object, challenge);
    client.post(challenge["url"].as_str().unwrap(), &json!({})).await.expect(200);
    let settled = client.wait(&url, "invalid").await;
    let challenge = settled["challenges"].as_array().unwrap().iter().find(|challenge| challenge["type"] == way);
    assert_eq!(client.read(order).await.json()["status"], "invalid");
    challenge.unwrap()["error"].clone()
}

#[tokio::test]
async fn a_name_whose_caa_records_name_another_ca_is_refused_and_one_that_they_permit_is_not() {
    let environment = HOST.configured(enforced).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            client.obtain(&["free.test"]).await;
            set(&client, "permit.test", "issue", "ca.example");
            client.obtain(&["a.permit.test", "permit.test"]).await;

            set(&client, "deny.test", "issue", "other.example");
            let order = client.order(&["www.deny.test"]).await;
            let problem = refused(&client, &order, "http-01").await;
            assert_eq!(problem["type"], "urn:ietf:params:acme:error:caa", "{problem}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("add the record `deny.test. CAA 0 issue \"ca.example\"`"), "{detail}");
            client.finalize(&order, &csr(&["www.deny.test"], &Key::p256())).await.refused(403, "orderNotReady");
        })
        .await;
}

#[tokio::test]
async fn a_wildcard_follows_issuewild_and_its_base_does_not() {
    let environment = HOST.configured(enforced).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            set(&client, "wild.test", "issuewild", ";");
            client.obtain(&["wild.test"]).await;
            let order = client.order(&["*.wild.test"]).await;
            let problem = refused(&client, &order, "dns-01").await;
            assert!(problem["detail"].as_str().unwrap().contains("*.wild.test"), "{problem}");
        })
        .await;
}

#[tokio::test]
async fn accounturi_is_the_account_under_each_url_by_which_clients_ever_knew_it() {
    let environment = HOST.configured(enforced).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let path = client.account().find("/v1/").unwrap();
            let former = format!("https://former.example/ca{}", &client.account()[path..]);
            for (name, url) in [("present.test", client.account()), ("former.test", &former)] {
                set(&client, name, "issue", &format!("ca.example; accounturi={url}; validationmethods=http-01"));
                client.obtain(&[name]).await;
            }
            let other = ca.client().await;
            let order = other.order(&["present.test"]).await;
            refused(&other, &order, "http-01").await;
            set(&client, "method.test", "issue", "ca.example; validationmethods=dns-01");
            let order = client.order(&["method.test"]).await;
            refused(&client, &order, "http-01").await;
        })
        .await;
}

#[tokio::test]
async fn what_was_prevented_is_an_event_with_the_contact_of_the_domain() {
    let environment = HOST.configured(enforced).await;
    let client = environment.directory("default").client().await;
    let records = [(false, "issue", ";"), (false, "iodef", "mailto:security@deny.test")];
    client.challenges().dns.set_caa("deny.test", &records);
    let order = client.order(&["www.deny.test"]).await;
    refused(&client, &order, "http-01").await;
    let events = of_account(client.account_id(), "validation.failed");
    assert_eq!((events.len(), &events[0]["problem"]), (1, &json!("urn:ietf:params:acme:error:caa")), "{events:?}");
    let detail = events[0]["detail"].as_str().unwrap();
    assert!(detail.contains("receives reports at mailto:security@deny.test"), "{detail}");
}

#[tokio::test]
async fn a_fault_of_dns_permits_nothing() {
    let environment = HOST.configured(enforced).await;
    let client = environment.directory("default").client().await;
    client.challenges().dns.set_fault("test", DnsFault::ServerFailure);
    let order = client.order(&["a.fault.test"]).await;
    let problem = refused(&client, &order, "http-01").await;
    assert_eq!(problem["type"], "urn:ietf:params:acme:error:dns", "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("SERVFAIL to the query for CAA of test"), "{problem}");
}

/// What was shown before counts again only after records were looked up, and as long as they name
/// the CA as it calls itself now.
#[tokio::test]
async fn what_was_shown_without_caa_or_for_another_name_of_the_ca_is_shown_again() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    let ready = client.ready_order(&["a.test"]).await;
    let environment = environment.restarted(enforced).await;
    let refused = client.finalize(&ready, &csr(&["a.test"], &Key::p256())).await.refused(400, "rejectedIdentifier");
    assert!(refused["detail"].as_str().unwrap().contains("CAA records were not looked up"), "{refused}");

    set(&client, "a.test", "issue", "ca.example");
    let order = client.order(&["a.test"]).await;
    assert_eq!(client.read(&order).await.json()["status"], "pending");
    client.authorize(&order).await;
    let again = client.order(&["a.test"]).await;
    assert_eq!(client.read(&again).await.json()["status"], "ready", "it is reused");

    let renamed = |config: &mut Config| config.acme_profiles[0].caa_identities = vec!["new.example".to_owned()];
    let environment = environment.restarted(renamed).await;
    client.finalize(&order, &csr(&["a.test"], &Key::p256())).await.refused(400, "rejectedIdentifier");
    set(&client, "a.test", "issue", "new.example");
    client.obtain(&["a.test"]).await;
    drop(environment);
}

#[tokio::test]
async fn an_authorization_lasts_no_longer_than_what_caa_records_said() {
    let environment = HOST.configured(enforced).await;
    let client = environment.directory("default").client().await;
    let order = client.ready_order(&["a.test"]).await;
    let order = client.read(&order).await.json();
    let authorization = client.read(order["authorizations"][0].as_str().unwrap()).await.json();
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let lasts = time(&authorization["expires"]) - time(&authorization["challenges"][0]["validated"]);
    assert_eq!(lasts.as_hours(), 7);
}

#[tokio::test]
async fn operators_see_what_caa_records_said() {
    let environment = HOST.configured(enforced).await;
    let client = environment.directory("default").client().await;
    set(&client, "permit.test", "issue", "ca.example");
    let order = client.ready_order(&["www.permit.test"]).await;
    let id = |url: &str| url.rsplit('/').next().unwrap().to_owned();
    let subject = json!({"order": {"account": id(client.account()), "order": id(&order)}});
    let explanation = environment.act(json!({"action": "explain", "subject": subject})).await.unwrap();
    let timeline = explanation["timeline"].to_string();
    let said = r#"CAA for www.permit.test: permitted by the record issue \"ca.example\" of permit.test"#;
    assert!(timeline.contains(said), "{timeline}");
    let shown = &explanation["records"]["authorizations"][0]["evidence"]["observations"][0]["caa"];
    let permission = json!({"domain": "permit.test", "record": "issue \"ca.example\"", "identity": "ca.example"});
    assert_eq!(*shown, permission, "{explanation}");
}
