//! What is between clients and functions on AWS: the gateway, and the queues.

use serde_json::json;
use tests::Aws;

use crate::HOST;

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
async fn urls_have_the_domain_of_the_gateway_and_never_that_of_the_host_header() {
    let environment = HOST.start().await;
    let answer = environment.aws().functions().named("DirectoryFunction").invoke(json!({
        "version": "2.0",
        "rawPath": "/api/v1/protocols/acme/default/directory",
        "rawQueryString": "",
        "headers": {"host": "evil.test", "x-forwarded-host": "evil.test", "x-forwarded-proto": "http"},
        "requestContext": {"domainName": "ca.test", "http": {"method": "GET"}, "requestId": "id"},
        "isBase64Encoded": false,
    }));
    let body = answer.await.unwrap()["body"].as_str().unwrap().to_owned();
    assert!(body.contains("https://ca.test/api/v1/protocols/acme/default/new-order"), "{body}");
    assert!(!body.contains("evil"), "{body}");
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
