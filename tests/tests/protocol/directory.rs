//! The directory (RFC 8555 §7.1.1).

use host::Config;
use serde_json::json;

use crate::HOST;

#[tokio::test]
async fn s2_every_url_that_a_directory_advertises_is_below_it_and_answers() {
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        let members = client.directory.as_object().unwrap();
        let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
        names.retain(|name| *name != "meta");
        assert_eq!(names, ["keyChange", "newAccount", "newAuthz", "newNonce", "newOrder", "renewalInfo", "revokeCert"]);
        for name in names {
            let url = client.url(name);
            assert!(url.starts_with(&client.below("/")), "{url}");
            match name {
                "newNonce" => drop(client.request("GET", url, None, Vec::new()).await.expect(204)),
                // The URL to which clients append the id of a certificate.
                "renewalInfo" => drop(client.http().get(&format!("{url}/AAAA.AQ")).await.refused(404, "malformed")),
                _ => drop(client.http().get(url).await.expect(405)),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn s2_meta_has_what_the_profile_says_and_is_empty_if_that_is_nothing() {
    HOST.on_both_families(async |ca| {
        assert_eq!(ca.stranger().await.directory.get("meta"), Some(&json!({})));
    })
    .await;
    let described = |config: &mut Config| {
        let profile = &mut config.acme_profiles[0];
        profile.terms_of_service_url = Some("https://ca.example/terms".to_owned());
        profile.website_url = Some("https://ca.example/".to_owned());
        profile.caa_identities = vec!["ca.example".to_owned()];
    };
    let environment = HOST.configured(described).await;
    environment
        .on_both_families(async |ca| {
            let meta = json!({
                "termsOfService": "https://ca.example/terms",
                "website": "https://ca.example/",
                "caaIdentities": ["ca.example"],
            });
            assert_eq!(ca.stranger().await.directory["meta"], meta);
        })
        .await;
}

#[tokio::test]
async fn s1_all_operations_answer_at_both_bases_by_their_method() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for (method, path) in [("GET", "/directory"), ("HEAD", "/new-nonce"), ("GET", "/new-nonce")] {
            let reply = client.request(method, &client.below(path), None, Vec::new()).await;
            assert!([200, 204].contains(&reply.status), "{method} {path}: {}", reply.text());
        }
        let issued = client.obtain(&["a.test"]).await;
        let id = super::renewal_info::certificate_id(&issued);
        client.http().get(&client.below(&format!("/renewal-info/{id}"))).await.expect(200);
        for route in super::routes::signed(&client).await {
            let reply = route.send(&client).await;
            assert!([200, 201].contains(&reply.status), "{}: {}", route.name, reply.text());
        }
    })
    .await;
}

#[tokio::test]
async fn s1_the_directory_and_new_nonce_answer_post_as_get() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let directory = client.read(&ca.url()).await.expect(200);
        assert_eq!(directory.json(), *client.directory);
        let nonce = client.read(client.url("newNonce")).await.expect(204);
        assert_eq!(nonce.link("index").as_deref(), Some(ca.url().as_str()));
        for reply in [&directory, &nonce] {
            assert!(reply.header("replay-nonce").is_some() && reply.header("cache-control") == Some("no-store"));
        }
        // It is a signed request like any other.
        for url in [&ca.url(), client.url("newNonce")] {
            client.post(url, &json!({})).await.refused(400, "malformed");
            client.request("POST", url, None, Vec::new()).await.refused(415, "malformed");
            let by_key = client.with_key(client.key.clone());
            by_key.read(url).await.refused(400, "malformed");
        }
        let renewal_info = format!("{}/AAAA.AQ", client.url("renewalInfo"));
        let refused = client.read(&renewal_info).await;
        refused.refused(405, "malformed");
        assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"));
    })
    .await;
}

#[tokio::test]
async fn a_directory_carries_no_index_link_and_no_nonce() {
    HOST.on_both_families(async |ca| {
        let reply = ca.http().get(&ca.url()).await.expect(200);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!((reply.link("index"), reply.header("replay-nonce")), (None, None));
    })
    .await;
}

#[tokio::test]
async fn a_directory_that_does_not_exist_is_answered_404_without_a_nonce() {
    let environment = HOST.start().await;
    let existing = environment.directory("default").client().await;
    for name in ["nowhere", "raProfile/nowhere", "Default", "raProfile/raProfile"] {
        let base = format!("{}/v1/protocols/acme/{name}", environment.base_url());
        for (method, path) in
            [("GET", "/directory"), ("HEAD", "/new-nonce"), ("GET", "/new-nonce"), ("GET", "/renewal-info/AAAA.AQ")]
        {
            let reply =
                environment.http().request(method, &format!("{base}{path}"), None, Vec::new()).await.expect(404);
            assert_eq!(reply.header("replay-nonce"), None, "{method} {name}{path}");
        }
        for path in ["/new-account", "/new-order", "/revoke-cert"] {
            let url = format!("{base}{path}");
            let jws = existing.jws(&url, "{}").await;
            let reply = existing.send(&url, &jws).await;
            reply.refused(404, "malformed");
            assert_eq!(reply.header("replay-nonce"), None, "{name}{path}");
        }
    }
}

#[tokio::test]
async fn p2_an_ra_profile_without_an_acme_profile_has_no_directory_of_its_own() {
    let environment = HOST.configured(|config| config.ra_profiles[0].acme_profile = None).await;
    environment.http().get(&environment.directory("default").url()).await.expect(200);
    environment.http().get(&environment.directory("raProfile/default").url()).await.refused(404, "malformed");
}

#[tokio::test]
async fn p2_a_disabled_profile_refuses_everything_that_existing_certificates_do_not_need() {
    for off in [(|config| config.acme_profiles[0].enabled = false) as fn(&mut Config), |config| {
        config.ra_profiles[0].enabled = false
    }] {
        let environment = HOST.start().await;
        let mut before = Vec::new();
        for name in ["default", "raProfile/default"] {
            let client = environment.directory(name).client().await;
            let issued = client.obtain(&["a.test"]).await;
            before.push((name, client, issued));
        }
        let environment = environment.restarted(off).await;
        for (name, client, issued) in before {
            let ca = environment.directory(name);
            ca.http().get(&ca.url()).await.refused(403, "unauthorized");
            ca.http().get(client.url("newNonce")).await.refused(403, "unauthorized");
            let refused = client.new_order(&["b.test"]).await;
            refused.refused(403, "unauthorized");
            assert!(refused.header("replay-nonce").is_some());
            client.read(&issued.order).await.refused(403, "unauthorized");
            client.read(&issued.certificate).await.expect(200);
            let id = super::renewal_info::certificate_id(&issued);
            client.http().get(&format!("{}/{id}", client.url("renewalInfo"))).await.expect(200);
            client.revoke(&issued, 4).await.expect(200);
        }
    }
}
