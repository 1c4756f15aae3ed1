//! Identifiers (RFC 8555 §9.7.7, RFC 8738, RFC 5890).

use serde_json::{Value, json};
use tests::client::{Key, identifiers};

use crate::HOST;

use super::certificates;

#[tokio::test]
async fn n9_threat_27_an_odd_name_is_refused_with_its_reason_by_both_operations() {
    let long_label = format!("{}.test", "a".repeat(64));
    let long_name = format!("{}test", "a.".repeat(126));
    let odd = [
        "",
        ".",
        "..",
        "a..test",
        ".a.test",
        "a.test.",
        "test.",
        " a.test",
        "a.test ",
        "a b.test",
        "a.test\n",
        "a\0.test",
        "a_b.test",
        "_acme-challenge.a.test",
        "-a.test",
        "a-.test",
        "ab--cd.test",
        "xn--.test",
        "xn--a.test",
        "xn--\u{fc}.test",
        "b\u{fc}cher.test",
        "\u{ff41}.test",
        "a\u{3002}test",
        "a\u{ad}.test",
        "*",
        "*.",
        "**.a.test",
        "*.*.a.test",
        "a.*.test",
        "*a.test",
        "a*.test",
        "127.0.0.1",
        "1.2.3",
        "0x7f.1",
        "[::1]",
        "::1",
        "a.test:80",
        "a.test/",
        "http://a.test",
        "a@b.test",
        "%61.test",
        "a.123",
        "\u{1b}[31m.test",
        "<b>.test",
        long_label.as_str(),
        long_name.as_str(),
    ];
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let before = ca.counts().writes;
        for name in odd {
            println!("{name:?}");
            let identifier = json!({"type": "dns", "value": name});
            let order = json!({"identifiers": [identifier]});
            for (operation, payload) in [("newOrder", order), ("newAuthz", json!({"identifier": identifier}))] {
                let reply = client.post(client.url(operation), &payload).await;
                let problem = reply.refused(400, "malformed");
                assert!(reply.body.is_ascii() && !reply.body.contains(&0x1b), "{}", reply.text());
                assert_eq!(problem["identifier"]["type"], "dns");
            }
        }
        let writes = ca.counts().writes - before;
        assert_eq!(writes, HOST.counted(2 * odd.len() as u64), "only the nonces are written");
    })
    .await;
}

#[tokio::test]
async fn n9_an_unknown_identifier_type_is_unsupported() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for r#type in ["", "DNS", "email", "permanent-identifier", "ipv4", "*"] {
            let identifier = json!({"type": r#type, "value": "a.test"});
            client
                .post(client.url("newOrder"), &json!({"identifiers": [identifier]}))
                .await
                .refused(400, "unsupportedIdentifier");
            client
                .post(client.url("newAuthz"), &json!({"identifier": identifier}))
                .await
                .refused(400, "unsupportedIdentifier");
        }
    })
    .await;
}

#[tokio::test]
async fn n9_a_text_that_is_not_an_address_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for text in [
            "",
            "a.test",
            "127.1",
            "0177.0.0.1",
            "0x7f000001",
            "127.0.0.1/32",
            "[::1]",
            "::1%lo",
            "::g",
            "1.2.3.4.5",
            " ::1",
        ] {
            let identifier = json!({"type": "ip", "value": text});
            client.post(client.url("newOrder"), &json!({"identifiers": [identifier]})).await.refused(400, "malformed");
        }
    })
    .await;
}

#[tokio::test]
async fn n9_threat_27_a_name_that_no_client_could_use_is_rejected_by_both_operations() {
    let long = format!("*.{}.{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(60));
    assert_eq!(long.len(), 2 + 252);
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for (r#type, value, problem) in [
            ("ip", "::ffff:10.1.2.3", "rejectedIdentifier"),
            ("ip", "::10.1.2.3", "rejectedIdentifier"),
            ("ip", "0.0.0.0", "rejectedIdentifier"),
            ("ip", "::", "rejectedIdentifier"),
            ("ip", "224.0.0.1", "rejectedIdentifier"),
            ("ip", "ff02::1", "rejectedIdentifier"),
            ("ip", "169.254.169.254", "rejectedIdentifier"),
            ("ip", "fe80::1", "rejectedIdentifier"),
            ("dns", "*.test", "rejectedIdentifier"),
            ("dns", "0x7f000001", "malformed"),
            ("dns", long.as_str(), "malformed"),
        ] {
            let identifier = json!({"type": r#type, "value": value});
            let order = client.post(client.url("newOrder"), &json!({"identifiers": [identifier]})).await;
            assert_eq!(order.refused(400, problem)["identifier"]["type"], r#type);
            client.post(client.url("newAuthz"), &json!({"identifier": identifier})).await.refused(400, problem);
        }
    })
    .await;
}

#[tokio::test]
async fn n9_an_order_must_have_an_identifier() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        client.new_order(&[]).await.refused(400, "malformed");
        client.post(client.url("newOrder"), &json!({})).await.refused(400, "malformed");
    })
    .await;
}

#[tokio::test]
async fn n9_international_names_are_certified_as_a_labels() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["xn--bcher-kva.test", "*.xn--bcher-kva.test"]).await;
        assert_eq!(certificates::names(&issued), ["xn--bcher-kva.test", "*.xn--bcher-kva.test"]);
    })
    .await;
}

#[tokio::test]
async fn addresses_are_certified_over_http_and_tls_and_never_over_dns() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for address in ["127.0.0.1", "::1"] {
            for way in ["http-01", "tls-alpn-01"] {
                let order = client.new_order(&[address]).await.expect(201);
                let object = order.json();
                assert_eq!(object["identifiers"], json!([{"type": "ip", "value": address}]));
                let authorization = object["authorizations"][0].as_str().unwrap();
                let offered = client.read(authorization).await.json();
                let offered: Vec<&str> =
                    offered["challenges"].as_array().unwrap().iter().map(|c| c["type"].as_str().unwrap()).collect();
                assert_eq!(offered, ["http-01", "tls-alpn-01"]);
                client.solve(authorization, way).await;
                let issued = client.finish(order.location(), &[address], Key::p256()).await;
                assert_eq!(certificates::names(&issued), [address]);
                let subject = issued.leaf().tbs_certificate().subject().clone();
                assert!(subject.is_empty(), "an address is never a common name: {subject}");
                certificates::verify(&ca, &issued.chain).unwrap();
                client.post(authorization, &json!({"status": "deactivated"})).await.expect(200);
            }
        }
        let mixed = client.obtain(&["a.test", "127.0.0.1", "::1"]).await;
        assert_eq!(certificates::names(&mixed), ["a.test", "127.0.0.1", "::1"]);
    })
    .await;
}

#[tokio::test]
async fn an_address_has_one_text_however_it_is_written() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let request = json!({"identifiers": [
            {"type": "ip", "value": "0:0:0:0:0:0:0:1"},
            {"type": "ip", "value": "::0001"},
            {"type": "ip", "value": "2001:DB8::1"},
        ]});
        let order = client.post(client.url("newOrder"), &request).await.expect(201).json();
        assert_eq!(order["identifiers"], identifiers(&["::1", "2001:db8::1"]));
        assert_eq!(order["authorizations"].as_array().map(Vec::len), Some(2));
        assert_eq!(order.get("error"), None::<&Value>);
    })
    .await;
}
