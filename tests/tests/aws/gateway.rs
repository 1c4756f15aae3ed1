//! What is between clients and functions on AWS: the gateway, and the queues.

use serde_json::{Value, json};
use tests::Aws;

use crate::{HOST, routes};

#[tokio::test]
async fn a_path_in_another_spelling_is_decoded_and_no_signature_fits_it() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let directory = ca.http().get(&client.below("/%64irectory")).await.expect(200).json();
        assert_eq!(directory, *client.directory);
        let spelled = client.below("/new%2Dorder");
        let order = json!({"identifiers": [{"type": "dns", "value": "a.test"}]});
        client.post(&spelled, &order).await.refused(401, "unauthorized");
        for path in ["/order/..%2fdirectory", "/%3f", "/directory%00", "/a%20b", "/%ff", "/%C3%A9", "/acct/%23"] {
            for method in ["GET", "POST"] {
                let reply = client.request(method, &client.below(path), None, Vec::new()).await;
                assert!([404, 405].contains(&reply.status), "{method} {path}: {} {}", reply.status, reply.text());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_operation_works_through_a_rest_api_below_its_stage() {
    HOST.on_both_families(async |ca| {
        let client = ca.client_of_rest_api().await;
        let is_below = |url: &str| assert!(url.contains("/prod/api/v1/protocols/acme/"), "{url}");
        for (name, url) in client.directory.as_object().unwrap().iter().filter(|(name, _)| *name != "meta") {
            is_below(url.as_str().unwrap_or_else(|| panic!("{name} is no URL")));
        }
        is_below(client.account());
        let (older, newer) = (client.order(&["a.test"]).await, client.order(&["b.test"]).await);
        is_below(&newer);
        // A query is signed as well, and this payload has only its names and values.
        let cursor = newer.rsplit('/').next().unwrap();
        let page = client.read(&format!("{}/orders?cursor={cursor}", client.account())).await.expect(200).json();
        assert_eq!(page["orders"], json!([older]));
        let issued = client.obtain(&["a.test"]).await;
        assert!(issued.chain.starts_with("-----BEGIN CERTIFICATE-----"), "{}", issued.chain);
        for route in routes::signed(&client).await {
            let reply = route.send(&client).await;
            assert!([200, 201].contains(&reply.status), "{}: {}", route.name, reply.text());
        }
    })
    .await;
}

#[tokio::test]
async fn a_rest_api_refuses_what_the_http_api_refuses() {
    HOST.on_both_families(async |ca| {
        let client = ca.client_of_rest_api().await;
        let reply = client.request("GET", &client.below("/new-order"), None, Vec::new()).await;
        reply.refused(405, "malformed");
        assert_eq!(reply.link("index"), Some(client.below("/directory")));
        for path in ["/nothing", "/directory/", "/order/..%2fdirectory", "/a%20b", "/%C3%A9"] {
            client.request("GET", &client.below(path), None, Vec::new()).await.refused(404, "malformed");
        }
        let head = client.http().request("HEAD", &client.below("/directory"), None, Vec::new()).await.expect(200);
        assert!(head.body.is_empty());
        // A URL of the other API was signed.
        let url = client.url("newOrder");
        let jws = client.jws(&url.replace("/prod/", "/"), r#"{"identifiers": []}"#).await;
        client.send(url, &jws).await.refused(401, "unauthorized");
    })
    .await;
}

#[tokio::test]
async fn whatever_headers_and_queries_a_client_sends_it_is_answered() {
    let environment = HOST.start().await;
    let functions = environment.aws().functions();
    for headers in [json!({"user-agent": "a\u{7}"}), json!({"host": "a b"}), json!({"x-forwarded-proto": "://"})] {
        let mut event = directory_event();
        event["headers"] = headers;
        let answer = functions.named("DirectoryFunction").invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], 200, "{answer}");
    }
    for (query, status) in [("<script>", 404), ("a=%zz&|{}", 200)] {
        let mut event = directory_event();
        event["rawQueryString"] = query.into();
        let answer = functions.named("DirectoryFunction").invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{answer}");
    }
}

#[tokio::test]
async fn urls_have_the_domain_of_the_gateway_and_never_that_of_the_host_header() {
    let environment = HOST.start().await;
    let answer = environment.aws().functions().named("DirectoryFunction").invoke(directory_event());
    let body = answer.await.unwrap()["body"].as_str().unwrap().to_owned();
    assert!(body.contains("https://ca.test/api/v1/protocols/acme/default/new-order"), "{body}");
    assert!(!body.contains("evil"), "{body}");
}

/// An event that asks for the directory, as someone may send it who wants to be taken for another.
fn directory_event() -> Value {
    json!({
        "version": "2.0",
        "rawPath": "/api/v1/protocols/acme/default/directory",
        "rawQueryString": "",
        "headers": {"host": "evil.test", "x-forwarded-host": "evil.test", "x-forwarded-proto": "http"},
        "requestContext": {"domainName": "ca.test", "http": {"method": "GET"}, "requestId": "id"},
        "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn a_message_that_is_not_a_task_goes_to_the_dead_letter_queue() {
    let environment = HOST.start().await;
    let aws = environment.aws();
    let sqs = aws_sdk_sqs::Client::new(&aws.cloud().sdk_config(Aws::TEST));
    for queue in ["validate", "issue", "publish-crl"] {
        sqs.send_message().queue_url(aws.cloud().create_queue(queue)).message_body(queue).send().await.unwrap();
    }
    environment.settled().await;
    let mut dead = aws.dead_letters();
    dead.sort();
    assert_eq!(dead, ["issue", "publish-crl", "validate"]);
}
