//! Problem documents and the headers around all answers (RFC 8555 §6, RFC 7807).

use host::Config;
use serde_json::json;
use tests::client::{Client, JOSE, Reply, identifiers};

use crate::HOST;

use super::routes;

#[tokio::test]
async fn s16_the_refusal_of_an_algorithm_names_the_accepted_ones() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for algorithm in ["none", "HS256", "PS256", "ES256K", "RS512", "Ed25519", "\u{1b}[31m"] {
            let jws = client.jws(client.account(), "").await.with("alg", algorithm.into());
            let problem = client.send(client.account(), &jws).await.refused(400, "badSignatureAlgorithm");
            assert_eq!(problem["algorithms"], json!(["ES256", "ES384", "ES512", "RS256", "EdDSA"]));
        }
    })
    .await;
}

#[tokio::test]
async fn s16_several_refused_names_have_a_subproblem_each() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let request = json!({"identifiers": [
            {"type": "dns", "value": "good.test"},
            {"type": "dns", "value": "bad..test"},
            {"type": "email", "value": "a@b.test"},
        ]});
        let problem = client.post(client.url("newOrder"), &request).await.refused(400, "compound");
        let subproblems = problem["subproblems"].as_array().unwrap();
        assert_eq!(subproblems.len(), 2, "{problem}");
        for (subproblem, (r#type, value)) in
            subproblems.iter().zip([("malformed", "bad..test"), ("unsupportedIdentifier", "a@b.test")])
        {
            assert_eq!(subproblem["type"], format!("urn:ietf:params:acme:error:{type}"));
            assert_eq!(subproblem["identifier"]["value"], value);
            assert!(subproblem["detail"].is_string());
        }
        // Several problems of one type share that type; a single problem is returned as it is.
        let names = identifiers(&["a..test", "-b.test"]);
        let problem =
            client.post(client.url("newOrder"), &json!({"identifiers": names})).await.refused(400, "malformed");
        assert_eq!(problem["subproblems"].as_array().unwrap().len(), 2);
        let problem = client.new_order(&["good.test", "a..test"]).await.refused(400, "malformed");
        assert_eq!((problem.get("subproblems"), &problem["identifier"]["value"]), (None, &json!("a..test")));
    })
    .await;
}

#[tokio::test]
async fn s16_several_names_that_failed_validation_have_a_subproblem_each_in_the_order() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = super::challenges::failed_order(&client, &["one.test", "two.test"]).await;
        let error = client.read(&order).await.json()["error"].clone();
        let names: Vec<_> =
            error["subproblems"].as_array().unwrap().iter().map(|s| s["identifier"]["value"].clone()).collect();
        assert_eq!(names, ["one.test", "two.test"]);
    })
    .await;
}

#[tokio::test]
async fn s17_every_answer_to_a_post_carries_a_fresh_nonce_and_the_index_link() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let mut nonces = std::collections::HashSet::new();
        let mut replies = Vec::new();
        for route in routes::signed(&client).await {
            let good = route.jws(&client).await;
            replies.push((route.name, client.request("POST", &route.url, Some(JOSE), b"x".to_vec()).await));
            replies.push((route.name, client.request("POST", &route.url, Some("text/plain"), good.body()).await));
            replies.push((route.name, client.send(&route.url, &good).await));
            replies.push((route.name, client.send(&route.url, &good).await));
        }
        for path in [
            "/order/00000000000000000000000000",
            "/order/x",
            "/nothing",
            "/directory",
            "/new-nonce",
            "/renewal-info/AAAA.AQ",
        ] {
            let url = client.below(path);
            let jws = client.jws(&url, "").await;
            replies.push((path, client.send(&url, &jws).await));
        }
        for (name, reply) in replies {
            let nonce = reply.header("replay-nonce").unwrap_or_else(|| panic!("{name}: no nonce: {}", reply.text()));
            assert!(nonces.insert(nonce.to_owned()), "{name}");
            if name != "/directory" {
                assert_eq!(reply.link("index").as_deref(), Some(ca.url().as_str()), "{name}: {}", reply.text());
            }
            assert_eq!(
                reply.headers.get_all("link").iter().count(),
                usize::from(name != "/directory"),
                "{name}: one header holds all links"
            );
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn s17_pages_of_the_origins_of_the_profile_may_send_requests_and_read_answers() {
    let page = "https://page.example";
    let open = |config: &mut Config| config.acme_profiles[0].allowed_origins = Some(vec![page.to_owned()]);
    let environment = HOST.configured(open).await;
    let send = async |client: &Client, method: &str, url: &str, origin: &str| {
        client.http().request_with(method, url, &[("origin", origin)], Vec::new()).await
    };
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            for route in routes::signed(&client).await {
                let preflight = send(&client, "OPTIONS", &route.url, page).await.expect(204);
                assert_eq!(preflight.header("access-control-allow-origin"), Some(page));
                assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"), "{}", route.name);
                assert_eq!(preflight.header("access-control-allow-headers"), Some("Content-Type"));
                let headers = [("origin", page), ("content-type", "application/jose+json")];
                let body = route.jws(&client).await.body();
                let reply = client.http().request_with("POST", &route.url, &headers, body).await;
                let exposed = reply.header("access-control-expose-headers").unwrap();
                for name in ["Link", "Location", "Replay-Nonce", "Retry-After"] {
                    assert!(exposed.contains(name), "{name}");
                }
                assert_eq!(reply.header("access-control-allow-origin"), Some(page), "{}", route.name);
                assert_eq!(reply.header("vary"), Some("Origin"));
            }
            for path in ["/directory", "/new-nonce", "/renewal-info/AAAA.AQ"] {
                let preflight = send(&client, "OPTIONS", &client.below(path), page).await.expect(204);
                assert!(preflight.header("access-control-allow-methods").unwrap().contains("GET"), "{path}");
            }
            let refused = send(&client, "GET", &client.below("/nothing"), page).await;
            assert_eq!(refused.header("access-control-allow-origin"), Some(page), "refusals too");
            let other = send(&client, "GET", &ca.url(), "https://other.example").await.expect(200);
            assert_eq!(for_browsers(&other), [""; 0], "a page of another origin");
        })
        .await;
}

#[tokio::test]
async fn s17_without_an_origin_no_answer_has_headers_that_only_browsers_need() {
    let open = |config: &mut Config| config.acme_profiles[0].allowed_origins = Some(vec!["*".to_owned()]);
    let environment = HOST.configured(open).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            for route in routes::signed(&client).await {
                assert_eq!(for_browsers(&route.send(&client).await), [""; 0], "{}", route.name);
                let options = client.request("OPTIONS", &route.url, None, Vec::new()).await.expect(204);
                assert_eq!(for_browsers(&options), [""; 0], "{}", route.name);
            }
            for path in ["/directory", "/new-nonce", "/renewal-info/AAAA.AQ", "/nothing"] {
                assert_eq!(for_browsers(&client.http().get(&client.below(path)).await), [""; 0], "{path}");
            }
        })
        .await;
}

#[tokio::test]
async fn threat_12_no_page_may_use_a_directory_that_anyone_can_have_private_networks_probed_by() {
    // The profile of the tests has no external accounts and validates at loopback addresses.
    HOST.on_both_families(async |ca| {
        for method in ["GET", "OPTIONS"] {
            let headers = [("origin", "https://evil.example")];
            let reply = ca.http().request_with(method, &ca.url(), &headers, Vec::new()).await;
            assert_eq!(for_browsers(&reply), [""; 0], "{method}");
        }
    })
    .await;
}

/// The headers of an answer that only browsers need.
fn for_browsers(reply: &Reply) -> Vec<&str> {
    let names = reply.headers.keys().map(http::HeaderName::as_str);
    names.filter(|name| name.starts_with("access-control-") || *name == "vary").collect()
}

#[tokio::test]
async fn the_wrong_method_is_answered_405_with_the_right_ones() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let signed = routes::signed(&client).await.into_iter().map(|route| route.url).collect::<Vec<_>>();
        let public = ["/directory", "/new-nonce"].map(|path| client.below(path));
        let renewal_info = client.below("/renewal-info/AAAA.AQ");
        let wrong =
            signed.iter().map(|url| (url, "POST, OPTIONS", &["GET", "HEAD", "PUT", "PATCH", "DELETE", "BREW"][..]));
        let wrong =
            wrong.chain(public.iter().map(|url| (url, "GET, HEAD, POST, OPTIONS", &["PUT", "PATCH", "DELETE"][..])));
        let wrong = wrong.chain([(&renewal_info, "GET, HEAD, OPTIONS", &["POST", "PUT", "DELETE"][..])]);
        for (url, allowed, methods) in wrong {
            for method in methods {
                let reply = client.request(method, url, None, Vec::new()).await;
                assert_eq!(reply.header("allow"), Some(allowed), "{method} {url}");
                match *method {
                    "HEAD" => drop(reply.expect(405)),
                    _ => drop(reply.refused(405, "malformed")),
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_resource_is_answered_404() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let directory = ca.url();
        let origin = directory.split("/api/").next().unwrap();
        let base = client.below("");
        for url in [
            format!("{origin}/"),
            format!("{origin}/api"),
            format!("{origin}/api/v1/protocols/acme"),
            format!("{origin}/api/v1/protocols/acme/"),
            format!("{origin}/api/v2/protocols/acme/default/directory"),
            format!("{origin}/v1/protocols/acme/default/directory"),
            base.clone(),
            format!("{base}/"),
            format!("{base}//directory"),
            format!("{base}/directory/"),
            format!("{base}/Directory"),
            format!("{base}/new-order/x"),
            format!("{base}/acct/"),
            format!("{base}/acct/x"),
            format!("{}/order", client.account()),
            format!("{}/orders/x", client.account()),
            format!("{base}/cert/"),
            format!("{base}/{}", "x".repeat(8000)),
        ] {
            for method in ["GET", "POST"] {
                client.request(method, &url, None, Vec::new()).await.refused(404, "malformed");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn only_jose_json_is_posted() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for route in routes::signed(&client).await {
            let body = route.jws(&client).await.body();
            for media_type in [
                None,
                Some(""),
                Some("application/json"),
                Some("application/jose"),
                Some("application/jose+jsonx"),
                Some("text/plain"),
                Some("application/x-www-form-urlencoded"),
                Some("multipart/form-data; boundary=x"),
                Some("text/plain; application/jose+json"),
            ] {
                println!("{} {media_type:?}", route.name);
                client.request("POST", &route.url, media_type, body.clone()).await.refused(415, "malformed");
            }
            if route.name == "account" {
                let body = route.jws(&client).await.body();
                let spelled = Some("Application/JOSE+JSON; charset=utf-8");
                client.request("POST", &route.url, spelled, body).await.expect(200);
            }
        }
    })
    .await;
}
