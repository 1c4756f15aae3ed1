//! Queues, the bucket, and the seams that a function did not declare.

use acme::{AccountId, AuthorizationId, ChallengeType, OrderId};
use authority::{
    CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, PublishedObject, Publisher, ValidationQueue, ValidationTask,
};
use aws::{S3Publisher, SqsQueue};
use cloud::Cloud;
use jiff::Timestamp;

fn validation() -> ValidationTask {
    let at = Timestamp::UNIX_EPOCH;
    ValidationTask {
        account: AccountId::new(at, [1; 10]),
        authorization: AuthorizationId::new(at, [2; 10]),
        challenge: ChallengeType::Http01,
    }
}

fn issuance() -> IssuanceTask {
    let at = Timestamp::UNIX_EPOCH;
    IssuanceTask { account: AccountId::new(at, [1; 10]), order: OrderId::new(at, [2; 10]) }
}

fn crl() -> CrlTask {
    CrlTask { issuer: "issuing".parse().unwrap(), shard: 3 }
}

#[tokio::test]
async fn each_kind_of_work_goes_to_its_queue() {
    let cloud = Cloud::start();
    let names = ["validate", "issue", "publish-crl"];
    let client = aws_sdk_sqs::Client::new(&cloud.sdk_config("Function"));
    let [validate, issue, publish_crl] = names.map(|name| SqsQueue::new(client.clone(), cloud.create_queue(name)));
    validate.validate(validation()).await.unwrap();
    validate.hurry(validation()).await.unwrap();
    issue.issue(issuance()).await.unwrap();
    publish_crl.publish_crl(crl()).await.unwrap();

    let [validate, issue, publish_crl] = names.map(|name| cloud.messages(name));
    let bodies = |messages: Vec<cloud::Message>| messages.into_iter().map(|message| message.body).collect::<Vec<_>>();
    // A second worker must not be started for a validation that is already in progress.
    let [task] = bodies(validate).try_into().unwrap();
    assert_eq!(serde_json::from_str::<ValidationTask>(&task).unwrap(), validation());
    let [task] = bodies(issue).try_into().unwrap();
    assert_eq!(serde_json::from_str::<IssuanceTask>(&task).unwrap(), issuance());
    let [task] = bodies(publish_crl).try_into().unwrap();
    assert_eq!(serde_json::from_str::<CrlTask>(&task).unwrap(), crl());
}

#[tokio::test]
async fn an_issuance_that_begins_is_looked_after_by_a_message_that_comes_a_minute_later() {
    let cloud = Cloud::start();
    let client = aws_sdk_sqs::Client::new(&cloud.sdk_config("Function"));
    let queue = SqsQueue::new(client, cloud.create_queue("issue"));
    queue.issue_later(issuance()).await.unwrap();
    queue.issue(issuance()).await.unwrap();
    let [later, now] = cloud.messages("issue").try_into().unwrap();
    assert_eq!((later.delay.as_secs(), now.delay.as_secs()), (60, 0));
    assert_eq!((&later.body, &later.group), (&now.body, &now.group));
}

#[tokio::test]
async fn sl3_the_queues_of_tasks_that_accounts_cause_are_fair_among_accounts() {
    let cloud = Cloud::start();
    let client = aws_sdk_sqs::Client::new(&cloud.sdk_config("Function"));
    let queue = SqsQueue::new(client, cloud.create_queue("tasks"));
    queue.validate(validation()).await.unwrap();
    queue.issue(issuance()).await.unwrap();
    queue.publish_crl(crl()).await.unwrap();
    let groups: Vec<_> = cloud.messages("tasks").into_iter().map(|message| message.group).collect();
    let account = Some(validation().account.to_string());
    assert_eq!(groups, [account.clone(), account, None]);
}

#[tokio::test]
async fn what_is_published_has_its_media_type_and_its_age() {
    let cloud = Cloud::start();
    cloud.create_bucket("status");
    let publisher = S3Publisher::new(aws_sdk_s3::Client::new(&cloud.sdk_config("PublishCrlFunction")), "status");
    for bytes in [vec![1], vec![2, 3]] {
        let path = "crl/issuing/0.crl".to_owned();
        let object = PublishedObject { path, media_type: "application/pkix-crl", max_age: 300, bytes };
        publisher.publish(object).await.unwrap();
    }
    let stored = cloud.object("status", "crl/issuing/0.crl").unwrap();
    assert_eq!(stored.body.as_ref(), [2, 3], "the newer one");
    assert_eq!((stored.content_type.as_str(), stored.cache_control.as_str()), ("application/pkix-crl", "max-age=300"));
    let elsewhere = S3Publisher::new(aws_sdk_s3::Client::new(&cloud.sdk_config("PublishCrlFunction")), "other");
    let object = PublishedObject { path: "x".to_owned(), media_type: "text/plain", max_age: 0, bytes: vec![] };
    assert!(elsewhere.publish(object).await.is_err());
}
