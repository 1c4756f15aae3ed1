//! The cloud over HTTP, with the SDK's own HTTP client.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use cloud::{CallOutcome, Cloud, Fault, FaultKind, Listener, REGION};

async fn listening() -> (Cloud, Listener, SdkConfig) {
    let cloud = Cloud::start();
    let listener = cloud.listen(([127, 0, 0, 1], 0).into()).await.unwrap();
    let credentials = Credentials::new("OrderFunction", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(listener.url())
        .build();
    (cloud, listener, config)
}

#[tokio::test]
async fn the_access_key_id_is_the_principal() {
    let (cloud, _listener, config) = listening().await;
    cloud.create_table("acme");
    cloud.create_bucket("status");
    let client = aws_sdk_dynamodb::Client::new(&config);
    let put = client.put_item().table_name("acme").item("pk", AttributeValue::S("A".into()));
    put.item("sk", AttributeValue::S("-".into())).send().await.unwrap();
    let client = aws_sdk_s3::Client::new(&config);
    let put = client.put_object().bucket("status").key("a/b").body(ByteStream::from_static(b"x"));
    put.send().await.unwrap();
    assert_eq!(cloud.object("status", "a/b").unwrap().body.as_ref(), b"x");
    let calls = cloud.calls_of("OrderFunction");
    assert_eq!(calls.iter().map(|call| call.operation.as_str()).collect::<Vec<_>>(), ["PutItem", "PutObject"]);
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection() {
    let (cloud, _listener, config) = listening().await;
    cloud.create_table("acme");
    cloud.inject(Fault::new(FaultKind::AnswerLost));
    let client = aws_sdk_dynamodb::Client::new(&config);
    let put = client.put_item().table_name("acme").item("pk", AttributeValue::S("A".into()));
    let error = put.item("sk", AttributeValue::S("-".into())).send().await.unwrap_err();
    assert!(matches!(error, aws_sdk_dynamodb::error::SdkError::DispatchFailure(_)), "{error:?}");
    assert_eq!(cloud.items("acme").len(), 1);
    assert_eq!(cloud.calls()[0].outcome, CallOutcome::Lost { refused: None });
}

#[tokio::test]
async fn a_late_answer_leaves_the_client_to_its_own_time_out() {
    let (cloud, _listener, config) = listening().await;
    cloud.create_table("acme");
    cloud.inject(Fault::new(FaultKind::AnswerLate));
    let timeouts = TimeoutConfig::builder().read_timeout(Duration::from_millis(50)).build();
    let client = aws_sdk_dynamodb::Client::new(&config.into_builder().timeout_config(timeouts).build());
    let put = client.put_item().table_name("acme").item("pk", AttributeValue::S("A".into()));
    let error = put.item("sk", AttributeValue::S("-".into())).send().await.unwrap_err();
    let aws_sdk_dynamodb::error::SdkError::DispatchFailure(failure) = error else { panic!("{error:?}") };
    assert!(failure.is_timeout());
}
