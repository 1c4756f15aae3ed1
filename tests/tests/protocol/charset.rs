//! Everything that a client gets is plain ASCII with few special characters (threat 30), so that it
//! does no harm in a shell, a terminal or a web page.

use serde_json::{Value, json};
use tests::{
    challenge_server::{Page, well_known},
    client::{Key, Reply, challenge},
};

use crate::HOST;

#[tokio::test]
async fn threat_30_tokens_and_urls_have_only_safe_characters() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        safe(&client.directory);
        plain(&client.http().get(&ca.url()).await);
        let id = super::renewal_info::certificate_id(&client.obtain(&["a.test"]).await);
        plain(&client.http().get(&format!("{}/{id}", client.url("renewalInfo"))).await);
        for route in super::routes::signed(&client).await {
            let reply = route.send(&client).await;
            plain(&reply);
            if !reply.body.is_empty() && reply.header("content-type") == Some("application/json") {
                safe(&reply.json());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn threat_30_text_of_a_client_is_echoed_escaped() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for hostile in HOSTILE {
            let order =
                json!({"identifiers": [{"type": "dns", "value": hostile}, {"type": hostile, "value": hostile}]});
            plain(&client.post(client.url("newOrder"), &order).await.expect(400));
            let order =
                json!({"identifiers": [{"type": "dns", "value": "a.test"}], "profile": hostile, "replaces": hostile});
            plain(&client.post(client.url("newOrder"), &order).await.expect(400));
            let order =
                json!({"identifiers": [{"type": "dns", "value": "a.test"}], "replaces": hostile, "notAfter": null});
            plain(&client.post(client.url("newOrder"), &order).await.expect(400));
            let order = json!({"identifiers": [{"type": "dns", "value": "a.test"}], "notAfter": hostile});
            plain(&client.post(client.url("newOrder"), &order).await.expect(400));
            let contact = json!({"contact": [format!("mailto:{hostile}"), hostile]});
            plain(&client.with_key(Key::p256()).new_account(&contact).await.expect(400));
            plain(&client.post(client.account(), &json!({"status": hostile, hostile: 1})).await.expect(400));
            for parameter in ["alg", "url", "kid", "nonce"] {
                let jws = client.jws(client.account(), "").await.with(parameter, hostile.into());
                let reply = client.send(client.account(), &jws).await;
                assert!([400, 401].contains(&reply.status));
                plain(&reply);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn threat_30_text_that_a_validation_found_is_shown_escaped() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for (number, hostile) in HOSTILE.into_iter().enumerate() {
            let name = format!("hostile-{number}.test");
            client.challenges().dns.add_txt(&format!("_acme-challenge.{name}"), &[hostile]);
            for (way, page) in [
                ("http-01", Page::text(hostile)),
                ("dns-01", Page::text("")),
                ("http-01", Page::redirect("javascript:alert(1)")),
            ] {
                let order = client.new_order(&[&name]).await.expect(201).json();
                let object = client.read(order["authorizations"][0].as_str().unwrap()).await.json();
                let challenge = challenge(&object, way);
                client.challenges().web.set(&well_known(challenge["token"].as_str().unwrap()), page);
                let url = challenge["url"].as_str().unwrap();
                client.post(url, &json!({})).await.expect(200);
                let failed = client.wait_until(url, |object| object.get("error").is_some()).await;
                println!("{}", failed["error"]["detail"]);
                plain(&client.read(url).await);
                plain(&client.read(order["authorizations"][0].as_str().unwrap()).await);
            }
        }
    })
    .await;
}

/// Checks that body and headers are printable ASCII.
#[track_caller]
fn plain(reply: &Reply) {
    let is_plain = |octet: &u8| (0x20..0x7f).contains(octet);
    assert!(reply.body.iter().all(|octet| is_plain(octet) || *octet == b'\n'), "{:?}", reply.text());
    for (name, value) in &reply.headers {
        assert!(value.as_bytes().iter().all(is_plain), "{name}: {value:?}");
    }
    // Also after decoding the JSON. What is in front may say so of an answer without a body, too.
    if !reply.body.is_empty() && reply.header("content-type").is_some_and(|r#type| r#type.ends_with("json")) {
        plain_strings(&reply.json());
    }
}

#[track_caller]
fn plain_strings(value: &Value) {
    match value {
        Value::String(text) => assert!(text.bytes().all(|octet| (0x20..0x7f).contains(&octet)), "{text:?}"),
        Value::Array(values) => values.iter().for_each(plain_strings),
        Value::Object(members) => members.values().for_each(plain_strings),
        _ => {}
    }
}

/// Tokens must be base64url; URLs must contain nothing that a shell or a web page would interpret.
#[track_caller]
fn safe(value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(token) if name == "token" => {
                        assert!(
                            token.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet)),
                            "{token}"
                        );
                    }
                    _ => safe(value),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(safe),
        Value::String(text) if text.starts_with("http") => {
            assert!(text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b":/.-_?=".contains(&octet)), "{text}");
        }
        _ => {}
    }
}

const HOSTILE: [&str; 5] = [
    "\u{1b}]0;x\u{7}\u{1b}[31m",
    "<script>alert(1)</script>\u{202e}",
    "a\r\nSet-Cookie: x=1\r\n\r\n",
    "$(reboot) `reboot` ' \" ; | & \u{0}",
    "b\u{fc}cher \u{1f600}",
];
