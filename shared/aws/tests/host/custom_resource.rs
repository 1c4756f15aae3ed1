//! The custom resource: CloudFormation always gets an answer.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use authority::Failure;
use aws::{CustomResource, Deployment, RetrySchedule, work_by};
use cloud::{Cloud, Fault, FaultKind, Service};
use lambda_runtime::Error as BoxError;
use serde_json::{Value, json};

use crate::{cloud, invoke, scheduled};

/// Succeeds or fails as the properties say.
async fn establish(Deployment { properties, .. }: Deployment) -> Result<BTreeMap<String, String>, BoxError> {
    static TRIES: AtomicU32 = AtomicU32::new(0);
    match properties["outcome"].as_str() {
        Some("good") => Ok(BTreeMap::from([("Attribute".to_owned(), "value".to_owned())])),
        Some("late") if TRIES.fetch_add(1, Ordering::SeqCst) >= 2 => Ok(BTreeMap::new()),
        Some("late" | "busy") => Err(Box::new(operator::Error::Failed(Failure::Busy))),
        Some("foreign") => Err(Box::new(operator::Error::Failed(Failure::ForeignIssuer("root".parse().unwrap())))),
        Some("never") => std::future::pending().await,
        _ => Err("x".repeat(10_000).into()),
    }
}

fn resource() -> (Cloud, CustomResource) {
    let (cloud, _) = cloud();
    cloud.create_bucket("answers");
    let resource = CustomResource::new(
        &cloud.sdk_config("BootstrapFunction"),
        work_by((), |(), deployment| Box::pin(establish(deployment))),
        work_by((), |(), ()| Box::pin(async { Ok(()) })),
    );
    let pauses = vec![Duration::from_millis(1); 3];
    (cloud, resource.with_schedule(RetrySchedule { pauses, limit: Duration::from_millis(100) }))
}

fn request(r#type: &str, outcome: &str) -> Value {
    json!({
        "RequestType": r#type,
        "RequestId": "d0e1f2",
        "ResponseURL": "https://answers.s3.eu-central-1.amazonaws.com/stack%7Cid?X-Amz-Signature=a%2Bb",
        "ResourceType": "Custom::CertificateAuthority",
        "LogicalResourceId": "CertificateAuthority",
        "PhysicalResourceId": "certificate-authority",
        "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/ca/id",
        "ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:Bootstrap",
        "ResourceProperties": {"outcome": outcome},
        "OldResourceProperties": {},
    })
}

/// The answer that CloudFormation received.
fn answer(cloud: &Cloud) -> Value {
    let [key] = cloud.objects("answers").try_into().expect("one answer");
    serde_json::from_slice(&cloud.object("answers", &key).unwrap().body).unwrap()
}

#[tokio::test]
async fn the_attributes_of_what_was_established_are_returned() {
    for r#type in ["Create", "Update"] {
        let (cloud, resource) = resource();
        invoke(&resource, request(r#type, "good")).await.unwrap();
        let expected = json!({
            "Status": "SUCCESS",
            "Reason": "",
            "PhysicalResourceId": "certificate-authority",
            "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/ca/id",
            "RequestId": "d0e1f2",
            "LogicalResourceId": "CertificateAuthority",
            "Data": {"Attribute": "value"},
        });
        assert_eq!(answer(&cloud), expected);
    }
}

#[tokio::test]
async fn delete_does_nothing_and_succeeds() {
    let (cloud, resource) = resource();
    invoke(&resource, request("Delete", "bad")).await.unwrap();
    assert_eq!((&answer(&cloud)["Status"], &answer(&cloud)["Data"]), (&json!("SUCCESS"), &json!({})));
}

#[tokio::test]
async fn a_failure_is_reported_with_a_reason_that_fits_into_an_answer() {
    for (outcome, reason) in
        [("bad", "xxx"), ("foreign", "does not fit the stored certificate of issuer root"), ("busy", "contention")]
    {
        let (cloud, resource) = resource();
        invoke(&resource, request("Create", outcome)).await.unwrap();
        let answer = answer(&cloud);
        assert_eq!(answer["Status"], "FAILED", "{outcome}");
        assert_eq!(answer["PhysicalResourceId"], "certificate-authority", "a rollback must not look for another");
        assert!(answer["Reason"].as_str().unwrap().contains(reason), "{answer}");
        assert!(answer.to_string().len() < 4_096);
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_hangs_is_given_up() {
    let (cloud, resource) = resource();
    invoke(&resource, request("Create", "late")).await.unwrap();
    assert_eq!(answer(&cloud)["Status"], "SUCCESS");

    let (cloud, resource) = self::resource();
    invoke(&resource, request("Create", "never")).await.unwrap();
    assert_eq!(answer(&cloud)["Reason"], "creating the CA took too long");
}

#[tokio::test]
async fn an_answer_that_was_not_taken_is_given_again() {
    for kind in [FaultKind::Unavailable, FaultKind::Unreachable, FaultKind::AnswerLost] {
        let (cloud, resource) = resource();
        let fault = cloud.inject(Fault::new(kind).on_service(Service::S3));
        invoke(&resource, request("Create", "good")).await.unwrap();
        assert!(fault.is_reached(), "{kind:?}");
        assert_eq!(answer(&cloud)["Status"], "SUCCESS", "{kind:?}");
    }
    let (cloud, resource) = resource();
    cloud.inject(Fault::new(FaultKind::Unavailable).on_service(Service::S3).always());
    assert!(invoke(&resource, request("Create", "good")).await.is_err(), "Lambda tries the event again");
}

#[tokio::test]
async fn a_schedule_is_no_request() {
    let (cloud, resource) = resource();
    invoke(&resource, scheduled()).await.unwrap();
    assert!(cloud.objects("answers").is_empty());
    assert!(invoke(&resource, json!({"RequestType": "Create"})).await.is_err());
}
