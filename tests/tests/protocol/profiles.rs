//! Profiles, as operators apply them and clients see them (P1, P2, P4, P8).

use std::time::Duration;

use serde_json::{Map, Value, json};
use tests::{
    Environment,
    challenge_server::ChallengeServer,
    client::{Client, Issued, Reply, challenge, strings},
};

use super::{renewal_info::certificate_id, routes};
use crate::HOST;

#[tokio::test]
async fn p1_every_field_is_set_at_creation_and_on_edit_and_absent_fields_keep_their_value() {
    let environment = HOST.start().await;
    for (kind, first, second) in [("raProfile", ra_profile(1), ra_profile(2)), ("acmeProfile", profile(1), profile(2))]
    {
        apply(&environment, json!({kind: [first]})).await;
        assert_eq!(stored(&environment, kind, "whole").await, first, "at creation");
        let mut expected = first.clone();
        // Another preset resets some of the others, which is tested with presets.
        for (field, value) in second.as_object().unwrap().iter().filter(|(field, _)| *field != "preset") {
            expected[field] = value.clone();
            let edit = json!({"name": "whole", field: value});
            apply(&environment, json!({kind: [edit]})).await;
            assert_eq!(stored(&environment, kind, "whole").await, expected, "after an edit of only {field}");
        }
        let fields = |profile: &Value| profile.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let bare = match kind {
            "raProfile" => json!({"name": "bare", "issuer": "issuing"}),
            _ => json!({"name": "bare"}),
        };
        apply(&environment, json!({kind: [bare]})).await;
        let bare = stored(&environment, kind, "bare").await;
        // Fields without a default, which versions that do not know them could not read.
        let optional = [
            "allowedOrigins",
            "caa",
            "dnssec",
            "existingAccounts",
            "extensions",
            "preset",
            "formerBaseUrls",
            "perspectives",
            "unusedAccounts",
        ];
        let mut first = first;
        first.as_object_mut().unwrap().retain(|field, _| !optional.contains(&field.as_str()));
        assert_eq!(fields(&bare), fields(&first), "no field is left out of this test");
        assert_eq!(bare, defaults(kind), "the documented defaults are the real ones");
    }
    // Effective at the next request, and visible to clients.
    let ca = environment.directory("whole").stranger().await;
    assert_eq!(ca.directory["meta"]["website"], "https://ca.example/2");
    ca.new_account(&json!({"termsOfServiceAgreed": true})).await.refused(400, "invalidContact");
}

#[tokio::test]
async fn p1_an_invalid_profile_is_refused_with_its_field_and_nothing_is_applied() {
    let environment = HOST.start().await;
    let before = environment.act(json!({"action": "profiles"})).await.unwrap();
    let acme = |fields: Value| json!({"acmeProfile": [{"name": "fine"}, with(json!({"name": "web"}), fields)]});
    let ra = |fields: Value| json!({"raProfile": [with(json!({"name": "web", "issuer": "issuing"}), fields)]});
    for (profiles, path) in [
        (acme(json!({"validty": 1})), "acmeProfile.web.validty"),
        (acme(json!({"validity": "1"})), "acmeProfile.web.validity"),
        (acme(json!({"raProfile": "nowhere"})), "acmeProfile.web.raProfile"),
        (acme(json!({"allowedNetworks": ["10.0.0.0/33"]})), "acmeProfile.web.allowedNetworks"),
        (acme(json!({"name": "raProfile"})), "acmeProfile.raProfile"),
        (ra(json!({"issuer": "nowhere"})), "raProfile.web.issuer"),
        (ra(json!({"acmeProfile": "nowhere"})), "raProfile.web.acmeProfile"),
        (ra(json!({"certificateValidity": {"default": 7200, "maximum": 3600}})), "raProfile.web.certificateValidity"),
    ] {
        let request = json!({"action": "apply-profiles", "profiles": profiles});
        let refusal = environment.act(request).await.unwrap_err();
        assert!(refusal.starts_with(path), "{path}: {refusal}");
    }
    assert_eq!(environment.act(json!({"action": "profiles"})).await.unwrap(), before);
}

/// A name, the changes that an operator applies to the profiles `default`, and the statuses with
/// which their directories answer: that of the ACME Profile, then that of the RA Profile.
type Cell = (&'static str, Value, u16, u16);

#[tokio::test]
async fn p2_in_every_cell_of_the_table_every_url_answers_by_one_rule() {
    let environment = HOST.start().await;
    let mut families = Vec::new();
    for name in ["default", "raProfile/default"] {
        let client = environment.directory(name).client().await;
        let issued = client.obtain(&["kept.test"]).await;
        let routes = routes::signed(&client).await;
        families.push((client, issued, routes));
    }
    let acme = |fields: Value| json!({"acmeProfile": [with(json!({"name": "default"}), fields)]});
    let ra = |fields: Value| json!({"raProfile": [with(json!({"name": "default"}), fields)]});
    let both = |acme: Value, ra: Value| with(acme, ra);
    let off = || json!({"enabled": false});
    let cells: [Cell; 8] = [
        ("both on", json!({}), 200, 200),
        ("the ACME Profile is off", acme(off()), 403, 403),
        ("the RA Profile is off", ra(off()), 403, 403),
        ("both are off", both(acme(off()), ra(off())), 403, 403),
        ("the ACME Profile has no RA Profile", acme(json!({"raProfile": null})), 404, 200),
        ("it has none and is off", acme(json!({"raProfile": null, "enabled": false})), 404, 403),
        ("the RA Profile has no ACME Profile", ra(json!({"acmeProfile": null})), 200, 404),
        ("it has none and is off", ra(json!({"acmeProfile": null, "enabled": false})), 403, 404),
    ];
    let whole = both(
        acme(json!({"enabled": true, "raProfile": "default"})),
        ra(json!({"enabled": true, "acmeProfile": "default"})),
    );
    for (cell, profiles, family_a, family_b) in cells {
        apply(&environment, whole.clone()).await;
        for (client, ..) in &families {
            keep_nonces(client).await;
        }
        apply(&environment, profiles).await;
        for ((client, issued, routes), status) in families.iter().zip([family_a, family_b]) {
            println!("{cell}: {} answers {status}", client.below(""));
            let mut answers = unsigned(client).await;
            for route in routes.iter().filter(|route| !["certificate", "revokeCert"].contains(&route.name)) {
                if status != 200 {
                    answers.push(route.send(client).await);
                }
            }
            for answer in &answers {
                assert!(answer.status == status || (status == 200 && answer.status == 204), "{}", answer.text());
            }
            if status != 200 {
                let told = answers.iter().filter(|answer| !answer.text().is_empty()).map(Reply::json);
                let first = answers[0].json();
                assert!(told.into_iter().all(|problem| problem == first), "one problem at every URL: {first}");
                assert_eq!(first["detail"].as_str().unwrap().contains("disabled"), status == 403, "{first}");
            }
            aftercare(client, issued, status).await;
        }
    }
    apply(&environment, whole).await;
    for (client, issued, _) in &families {
        client.obtain(&["again.test"]).await;
        client.revoke(issued, 4).await.expect(200);
    }
    let nowhere = format!("{}/v1/protocols/acme/nowhere", environment.base_url());
    for path in ["/directory", "/new-nonce", "/renewal-info/AAAA.AQ"] {
        environment.http().get(&format!("{nowhere}{path}")).await.expect(404);
    }
}

/// What remains possible for an old certificate, even when no new ones are issued: renewal
/// information, download and, in the end, revocation.
async fn aftercare(client: &Client, issued: &Issued, status: u16) {
    let expected = if status == 404 { 404 } else { 200 };
    client.read(&issued.certificate).await.expect(expected);
    let id = certificate_id(issued);
    client.http().get(&format!("{}/{id}", client.url("renewalInfo"))).await.expect(expected);
    // With an invalid reason: the request is checked, but nothing is revoked yet.
    match expected {
        200 => drop(client.revoke(issued, 99).await.refused(400, "badRevocationReason")),
        _ => drop(client.revoke(issued, 99).await.refused(404, "malformed")),
    }
}

/// Collects nonces for requests to a directory that issues none.
async fn keep_nonces(client: &Client) {
    for _ in 0..20 {
        client.request("HEAD", client.url("newNonce"), None, Vec::new()).await.expect(200);
    }
}

/// The requests that need no signature.
async fn unsigned(client: &Client) -> Vec<Reply> {
    let mut answers = Vec::new();
    for (method, path) in [("GET", "/directory"), ("GET", "/new-nonce"), ("HEAD", "/new-nonce")] {
        answers.push(client.request(method, &client.below(path), None, Vec::new()).await);
    }
    answers
}

#[tokio::test]
async fn p3_another_ra_profile_holds_from_the_next_order_of_existing_accounts_and_family_b_stays() {
    let environment = HOST.start().await;
    let mut clients = Vec::new();
    for name in ["default", "raProfile/default"] {
        let client = environment.directory(name).client().await;
        assert!(lifetime(&client.obtain(&["a.test"]).await) > HOUR);
        clients.push(client);
    }
    let short =
        json!({"name": "short", "issuer": "issuing", "certificateValidity": {"default": 3_600, "maximum": 3_600}});
    let moved = json!({"raProfile": [short], "acmeProfile": [{"name": "default", "raProfile": "short"}]});
    apply(&environment, moved).await;
    let [by_acme_profile, by_ra_profile] = clients.as_slice() else { panic!("two families") };
    assert_eq!(lifetime(&by_acme_profile.obtain(&["a.test"]).await), HOUR);
    assert!(lifetime(&by_ra_profile.obtain(&["a.test"]).await) > HOUR);
}

/// How long the certificate is valid, the last second included.
fn lifetime(issued: &Issued) -> Duration {
    let validity = *issued.leaf().tbs_certificate().validity();
    validity.not_after.to_unix_duration() - validity.not_before.to_unix_duration() + Duration::from_secs(1)
}

#[tokio::test]
async fn p4_the_resolver_of_the_profile_serves_all_look_ups_of_validation() {
    let environment = HOST.start().await;
    let other = ChallengeServer::start().await;
    let resolver = json!({"address": other.dns_addr.ip(), "port": other.dns_addr.port()});
    let profiles = json!({"acmeProfile": [{"name": "default", "dnsResolver": resolver}]});
    apply(&environment, profiles).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            for way in ["http-01", "dns-01", "tls-alpn-01"] {
                // Only the other server has the name.
                let name = format!("{way}.{}.elsewhere.example", client.account_id());
                other.dns.set_addresses(&name, &["127.0.0.1"]);
                let order = client.new_order(&[&name]).await.expect(201).json();
                let authorization = strings(&order["authorizations"]).remove(0);
                if way == "dns-01" {
                    let object = client.read(&authorization).await.expect(200).json();
                    let token = challenge(&object, way)["token"].as_str().unwrap().to_owned();
                    other.set_dns(&name, &client.key_authorization(&token));
                }
                client.solve(&authorization, way).await;
                let asked = |server: &ChallengeServer| {
                    server.dns.questions().iter().filter(|question| question.name.ends_with(&name)).count()
                };
                assert!(asked(&other) > 0 && asked(&environment.challenges) == 0, "{way}");
            }
        })
        .await;
}

#[tokio::test]
async fn p8_a_profile_that_pre_approves_without_a_key_from_the_operator_is_refused_when_it_is_saved() {
    let environment = HOST.start().await;
    let approving = json!({"name": "default", "preApproved": [{"rule": ".corp.test", "wildcard": true}]});
    let request = json!({"action": "apply-profiles", "profiles": {"acmeProfile": [approving]}});
    let refusal = environment.act(request).await.unwrap_err();
    assert!(refusal.starts_with("acmeProfile.default.preApproved: needs externalAccountRequired"), "{refusal}");
    let bound = with(approving, json!({"externalAccountRequired": true}));
    apply(&environment, json!({"acmeProfile": [bound]})).await;
    // Nor can the requirement be removed later.
    let open = json!({"acmeProfile": [{"name": "default", "externalAccountRequired": false}]});
    environment.act(json!({"action": "apply-profiles", "profiles": open})).await.unwrap_err();
}

async fn apply(environment: &Environment, profiles: Value) {
    let request = json!({"action": "apply-profiles", "profiles": profiles});
    environment.act(request).await.unwrap_or_else(|refusal| panic!("{profiles}: {refusal}"));
}

async fn stored(environment: &Environment, kind: &str, name: &str) -> Value {
    let profiles = environment.act(json!({"action": "profiles"})).await.unwrap();
    let found = profiles[kind].as_array().unwrap().iter().find(|profile| profile["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {profiles}")).clone()
}

/// An ACME Profile in which no field has its default value.
fn profile(version: u32) -> Value {
    let is_second = version == 2;
    let limit = json!({"maximum": version, "window": 60});
    json!({
        "name": "whole",
        "enabled": is_second,
        "description": format!("version {version}"),
        "preset": if is_second { "private" } else { "public" },
        "raProfile": if is_second { "whole" } else { "default" },
        "profiles": {"other": {"raProfile": "default", "description": format!("{version}")}},
        "requireContact": is_second,
        "allowedContactDomains": [format!("{version}.example")],
        "requireTermsOfService": is_second,
        "termsOfServiceUrl": format!("https://ca.example/terms/{version}"),
        "websiteUrl": format!("https://ca.example/{version}"),
        "caaIdentities": [format!("ca{version}.example")],
        "caa": if is_second { "off" } else { "enforce" },
        "formerBaseUrls": [format!("https://ca{version}.example")],
        "termsOfServiceChange": if is_second { "disabled" } else { "url" },
        "dnsResolver": {"address": "192.0.2.1", "port": 52 + version},
        "dnssec": if is_second { "off" } else { "resolver" },
        "perspectives": if is_second { "off" } else { "enforce" },
        "retryInterval": 2 + version,
        "validity": 3_600 * version,
        "challengeTypes": if is_second { json!(["http-01"]) } else { json!(["dns-01", "tls-alpn-01"]) },
        "allowedNetworks": [format!("10.{version}.0.0/16")],
        "allowedIdentifiers": [format!(".v{version}.example")],
        "deniedIdentifiers": [format!("denied.v{version}.example")],
        "allowWildcards": !is_second,
        "maximumIdentifiers": 9 + version,
        "preApproved": if is_second { json!([{"rule": ".v2.example", "wildcard": true}]) } else { json!([]) },
        "externalAccountRequired": is_second,
        "existingAccounts": if is_second { "keep" } else { "refuse" },
        "unusedAccounts": 86_400 * version,
        "allowedOrigins": [format!("https://page{version}.example")],
        "limits": {"newOrders": limit, "certificatesPerRegisteredDomain": limit},
        "labels": {"version": format!("{version}")},
    })
}

/// An RA Profile in which no field has its default value.
fn ra_profile(version: u32) -> Value {
    let is_second = version == 2;
    json!({
        "name": "whole",
        "enabled": is_second,
        "description": format!("version {version}"),
        "preset": if is_second { "short-lived" } else { "public" },
        "issuer": "issuing",
        "certificateValidity": {"default": 3_600 * version, "maximum": 7_200 * version},
        "keyTypes": if is_second { json!(["P-256"]) } else { json!(["RSA"]) },
        "extendedKeyUsage": if is_second { json!(["server", "client"]) } else { json!(["client"]) },
        "policies": [format!("1.3.6.1.4.1.{version}")],
        "subject": if is_second { "empty" } else { "common-name" },
        "extensions": if is_second { "usual" } else { "fewest" },
        "acmeProfile": if is_second { json!("default") } else { Value::Null },
    })
}

fn defaults(kind: &str) -> Value {
    match kind {
        "raProfile" => json!({
            "name": "bare", "enabled": true, "description": "", "issuer": "issuing",
            "certificateValidity": {"default": 7_776_000, "maximum": 7_776_000},
            "keyTypes": ["P-256", "P-384", "P-521", "RSA", "Ed25519"],
            "extendedKeyUsage": ["server"],
            "policies": [], "subject": "common-name", "acmeProfile": null,
        }),
        _ => json!({
            "name": "bare", "enabled": true, "description": "", "raProfile": null, "profiles": {},
            "requireContact": false, "allowedContactDomains": [],
            "requireTermsOfService": false, "termsOfServiceUrl": null, "websiteUrl": null, "caaIdentities": [],
            "termsOfServiceChange": "disabled", "dnsResolver": null, "retryInterval": 1, "validity": 36_000,
            "challengeTypes": ["http-01", "dns-01", "tls-alpn-01"], "allowedNetworks": [],
            "allowedIdentifiers": [], "deniedIdentifiers": [], "allowWildcards": true, "maximumIdentifiers": 100,
            "preApproved": [], "externalAccountRequired": false, "limits": {}, "labels": {},
        }),
    }
}

/// The members of both; those of the second take precedence.
fn with(first: Value, second: Value) -> Value {
    let mut members: Map<String, Value> = first.as_object().unwrap().clone();
    members.extend(second.as_object().unwrap().clone());
    Value::Object(members)
}

const HOUR: Duration = Duration::from_hours(1);
