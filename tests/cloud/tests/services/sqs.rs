//! SQS through the SDK's own client.

use std::time::Duration;

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use cloud::{Cloud, Fault, FaultKind, Service};

fn queues(cloud: &Cloud) -> aws_sdk_sqs::Client {
    let config = cloud.sdk_config("Challenge").into_builder().retry_config(RetryConfig::disabled()).build();
    aws_sdk_sqs::Client::new(&config)
}

#[tokio::test]
async fn a_waiting_test_gets_the_message_as_it_arrives() {
    let cloud = Cloud::start();
    let url = cloud.create_queue("validate");
    let waiting = tokio::spawn({
        let cloud = cloud.clone();
        async move { cloud.next_message("validate").await }
    });
    let send = queues(&cloud).send_message().queue_url(&url).message_body("{}").delay_seconds(3).send();
    let sent = send.await.unwrap();
    let message = waiting.await.unwrap();
    assert_eq!((message.body.as_str(), message.delay), ("{}", Duration::from_secs(3)));
    assert_eq!(Some(message.id), sent.message_id);
    assert_eq!(cloud.depth("validate"), 0);
    let access = &cloud.calls()[0].accesses[0];
    assert_eq!(access.action, "sqs:SendMessage");
    assert_eq!(access.resource, "arn:aws:sqs:eu-central-1:123456789012:validate");
}

#[tokio::test]
async fn a_batch_keeps_its_order() {
    let cloud = Cloud::start();
    let url = cloud.create_queue("validate");
    let entry = |id: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(id).build().unwrap();
    let batch = queues(&cloud).send_message_batch().queue_url(&url).entries(entry("a")).entries(entry("b"));
    assert_eq!(batch.send().await.unwrap().successful.len(), 2);
    let bodies: Vec<_> = cloud.messages("validate").into_iter().map(|message| message.body).collect();
    assert_eq!(bodies, ["a", "b"]);
    assert_eq!(cloud.take_message("validate").unwrap().body, "a");
    assert_eq!(cloud.depth("validate"), 1);
    assert_eq!(cloud.calls()[0].accesses[0].action, "sqs:SendMessage");
}

#[tokio::test]
async fn sending_fails_on_demand_and_without_a_queue() {
    let cloud = Cloud::start();
    let url = cloud.create_queue("issue");
    let queues = queues(&cloud);
    let send = |url: &str| queues.send_message().queue_url(url).message_body("{}").send();
    cloud.inject(Fault::new(FaultKind::Unavailable).on_service(Service::Sqs));
    assert_eq!(send(&url).await.unwrap_err().code(), Some("ServiceUnavailable"));
    cloud.inject(Fault::new(FaultKind::Throttled).on(Service::Sqs, "SendMessage"));
    assert!(send(&url).await.unwrap_err().into_service_error().is_request_throttled());
    assert_eq!(cloud.depth("issue"), 0);
    assert!(send("https://example.test/1/none").await.unwrap_err().into_service_error().is_queue_does_not_exist());
}
