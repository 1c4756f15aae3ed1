//! The CA comes to be with its stack, stays as it is whatever the stack does, and is never made
//! twice.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

use std::time::Duration;

use aws::{Clients, CustomResource, Environment, Function, RetrySchedule};
use cloud::{Cloud, Fault, FaultKind, KeySpec, Service};
use serde_json::{Value, json, value::to_raw_value};

/// A stack with its resources, which outlive it.
struct Stack {
    cloud: Cloud,
    environment: Environment,
    properties: Value,
    region: &'static str,
}

impl Stack {
    fn new(root: KeySpec, issuing: KeySpec) -> Self {
        let cloud = Cloud::start();
        cloud.create_table("acme");
        cloud.create_bucket("status");
        cloud.create_bucket("answers");
        let queue = cloud.create_queue("publish-crl");
        let environment = environment("acme", &queue);
        let properties = json!({
            "ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:Bootstrap",
            "RootKeyId": cloud.create_key(root),
            "IssuingKeyId": cloud.create_key(issuing),
            "Organization": "",
            "AllowedIdentifiers": ".corp.example",
        });
        Self { cloud, environment, properties, region: cloud::REGION }
    }

    fn key(&self, property: &str) -> String {
        self.properties[property].as_str().unwrap().to_owned()
    }

    /// The answer that CloudFormation receives to a request.
    async fn request(&self, r#type: &str, properties: &Value) -> Value {
        self.request_after(r#type, properties, None).await
    }

    /// The answer to a request about a resource that has properties already.
    async fn request_after(&self, r#type: &str, properties: &Value, before: Option<&Value>) -> Value {
        let resource = self.resource();
        let event = json!({
            "RequestType": r#type,
            "RequestId": "request",
            "ResponseURL": "https://answers.s3.eu-central-1.amazonaws.com/answer?X-Amz-Signature=00",
            "ResourceType": "Custom::CertificateAuthority",
            "LogicalResourceId": "CertificateAuthority",
            "StackId": "stack",
            "ResourceProperties": properties,
            "OldResourceProperties": before,
        });
        resource.invoke(&to_raw_value(&event).unwrap()).await.unwrap();
        serde_json::from_slice(&self.cloud.object("answers", "answer").unwrap().body).unwrap()
    }

    fn resource(&self) -> CustomResource {
        let clients =
            Clients::new(&self.cloud.sdk_config_in("BootstrapFunction", self.region), &self.environment).unwrap();
        let resource = bootstrap::lambda::open(&clients);
        let schedule = RetrySchedule { pauses: vec![Duration::from_millis(1); 3], ..RetrySchedule::default() };
        resource.unwrap().with_schedule(schedule)
    }

    async fn create(&self) -> Value {
        self.request("Create", &self.properties).await
    }

    /// Everything that is stored and published.
    fn state(&self) -> (usize, Vec<String>) {
        let items = self.cloud.items("acme").iter().map(|item| item["pk"]["S"].to_string()).collect::<Vec<_>>();
        (items.len(), self.cloud.objects("status").into_iter().chain(items).collect())
    }

    fn signatures(&self) -> usize {
        self.cloud.calls().iter().filter(|call| call.operation == "Sign").count()
    }
}

fn environment(table: &str, queue: &str) -> Environment {
    let variables = [
        ("TABLE_NAME", table),
        ("STATUS_BUCKET", "status"),
        ("STATUS_URL", "http://status.example"),
        ("PUBLISH_CRL_QUEUE_URL", queue),
    ];
    variables.into_iter().collect()
}

#[tokio::test]
async fn a_new_stack_has_a_new_ca() {
    for (root, issuing) in [
        (KeySpec::EccNistP384, KeySpec::EccNistP256),
        (KeySpec::EccNistP256, KeySpec::EccNistP384),
        (KeySpec::Rsa3072, KeySpec::Rsa2048),
    ] {
        let stack = Stack::new(root, issuing);
        let answer = stack.create().await;
        assert_eq!(answer["Status"], "SUCCESS", "{answer}");
        assert!(answer["Data"]["RootCertificate"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----\n"));
        assert_eq!(answer["Data"]["RootFingerprint"].as_str().unwrap().len(), 32 * 3 - 1);
        assert!(answer.to_string().len() < 4_096, "CloudFormation takes no more");

        let published = stack.cloud.objects("status");
        assert_eq!(published, ["crl/root/0.crl", "issuer/issuing.cer", "issuer/root.cer"]);
        let [task] = stack.cloud.messages("publish-crl").try_into().expect("one CRL is asked for");
        assert_eq!(task.body, r#"{"issuer":"issuing","shard":0}"#);
        assert_eq!(stack.signatures(), 3, "root, issuing CA, CRL of the root");
        let (_, state) = stack.state();
        for noun in ["SECRET#nonce", "SECRET#eab", "PROFILE#acme", "PROFILE#ra", "PROFILE#applied", "AUDIT#DAY"] {
            assert!(state.contains(&format!("\"{noun}\"")), "{noun} is missing from {state:?}");
        }
    }
}

/// Operators disable the root's key between ceremonies, and an update that fails is followed by a
/// roll-back that fails for the same reason.
#[tokio::test]
async fn a_stack_is_updated_and_rolled_back_while_the_keys_are_disabled() {
    let mut stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
    let first = stack.create().await;
    for key in ["RootKeyId", "IssuingKeyId"] {
        stack.cloud.enable_key(&stack.key(key), false);
    }
    // In this copy of the table the CRL of the root is due as well.
    stack.cloud.create_table("copy");
    let items = stack.cloud.items("acme").into_iter().filter(|item| item["pk"]["S"] != "CRL#root#0").collect();
    stack.cloud.fill_table("copy", items);
    stack.environment = environment("copy", &stack.cloud.create_queue("publish-crl"));
    let answer = stack.request("Update", &stack.properties).await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!(answer["Data"], first["Data"]);

    // A disabled key of another name may be that of another CA.
    let mut foreign = stack.properties.clone();
    let other = stack.cloud.create_key(KeySpec::EccNistP256);
    stack.cloud.enable_key(&other, false);
    foreign["RootKeyId"] = other.into();
    assert_eq!(stack.request("Update", &foreign).await["Status"], "FAILED");
}

#[tokio::test]
async fn what_is_there_stays_as_it_is() {
    let stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
    let first = stack.create().await;
    let (state, signatures) = (stack.state(), stack.signatures());
    let task = stack.cloud.take_message("publish-crl");
    let mut opened = stack.properties.clone();
    opened["Open"] = "true".into();
    // A stack that is made again adopts table and keys.
    for (r#type, properties) in [("Create", &stack.properties), ("Update", &opened), ("Delete", &opened)] {
        let again = stack.request(r#type, properties).await;
        assert_eq!(again["Status"], "SUCCESS", "{again}");
        if r#type != "Delete" {
            assert_eq!(again["Data"], first["Data"], "it is the same CA");
        }
        assert_eq!(stack.state(), state, "{type}");
    }
    assert_eq!(stack.signatures(), signatures, "nothing is signed again");
    // No CRL was generated in the meantime, so each of the two requested it again.
    assert_eq!(stack.cloud.messages("publish-crl").len(), 2);
    assert!(task.is_some());
}

/// It would be reported as complete, and nothing would be closed.
#[tokio::test]
async fn an_update_of_what_shapes_only_a_new_ca_is_refused_and_rolled_back() {
    let stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
    stack.create().await;
    let (state, signatures) = (stack.state(), stack.signatures());
    for (property, value, instead) in [
        ("AllowedIdentifiers", ".other.example", "the action apply of the admin function"),
        ("AllowedIdentifiers", "", "\".corp.example\""),
        ("RootName", "Another Root", "another root is another stack"),
        ("CrlShards", "4", "another issuing CA"),
    ] {
        let mut changed = stack.properties.clone();
        changed[property] = value.into();
        // A stack that adopts the table is made, not updated.
        for r#type in ["Update", "Create"] {
            let answer = stack.request_after(r#type, &changed, Some(&stack.properties)).await;
            assert_eq!(answer["Status"], "FAILED", "{property}");
            let reason = answer["Reason"].as_str().unwrap();
            assert!(reason.contains(property) && reason.contains(instead), "{reason}");
        }
        let rolled_back = stack.request_after("Update", &stack.properties, Some(&changed)).await;
        assert_eq!(rolled_back["Status"], "SUCCESS", "{rolled_back}");
    }
    assert_eq!((stack.state(), stack.signatures()), (state, signatures), "nothing was changed");
}

#[tokio::test]
async fn an_update_from_a_version_that_kept_no_properties_is_judged_by_those_of_the_stack() {
    let stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
    stack.create().await;
    stack.cloud.create_table("older");
    let items = stack.cloud.items("acme").into_iter().map(|mut item| {
        if item["pk"]["S"] == "PROFILE#applied" {
            let mut record: Value = serde_json::from_str(item["record"]["S"].as_str().unwrap()).unwrap();
            record.as_object_mut().unwrap().remove("founding").unwrap();
            item["record"]["S"] = record.to_string().into();
        }
        item
    });
    stack.cloud.fill_table("older", items.collect());
    let older = Stack { environment: environment("older", &stack.cloud.create_queue("publish-crl")), ..stack };
    let mut closed = older.properties.clone();
    closed["AllowedIdentifiers"] = ".other.example".into();
    assert_eq!(older.request_after("Update", &closed, Some(&older.properties)).await["Status"], "FAILED");
    assert_eq!(older.request_after("Update", &older.properties, Some(&closed)).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_stack_is_not_closed_in_name_while_anyone_may_register() {
    let mut stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
    stack.properties["Open"] = "true".into();
    let open = stack.properties.clone();
    stack.create().await;
    stack.properties["Open"] = "false".into();
    let answer = stack.request_after("Update", &stack.properties, Some(&open)).await;
    assert_eq!(answer["Status"], "FAILED");
    assert!(answer["Reason"].as_str().unwrap().contains("ACME Profile default"), "{answer}");
    assert_eq!(stack.request_after("Update", &open, Some(&stack.properties)).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn delete_touches_nothing() {
    let stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
    stack.create().await;
    stack.cloud.clear();
    assert_eq!(stack.request("Delete", &json!({})).await["Status"], "SUCCESS");
    let services: Vec<Service> = stack.cloud.calls().iter().map(|call| call.service).collect();
    assert_eq!(services, [Service::S3], "CloudFormation is answered, and that is all");
}

#[tokio::test]
async fn keys_that_are_not_those_of_the_ca_in_the_table_are_refused() {
    for property in ["RootKeyId", "IssuingKeyId"] {
        let stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
        stack.create().await;
        let (state, signatures) = (stack.state(), stack.signatures());
        let mut foreign = stack.properties.clone();
        foreign[property] = stack.cloud.create_key(KeySpec::EccNistP256).into();
        let answer = stack.request("Update", &foreign).await;
        assert_eq!(answer["Status"], "FAILED");
        assert!(answer["Reason"].as_str().unwrap().contains("does not fit the stored certificate"), "{answer}");
        assert_eq!((stack.state(), stack.signatures()), (state, signatures), "nothing is made over the CA");
    }
}

#[tokio::test]
async fn a_property_that_cannot_be_meant_is_refused_by_name_before_anything_is_made() {
    let stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
    for (property, value) in [("RootDays", "0"), ("Colour", "green"), ("IssuingKeyId", "")] {
        let mut wrong = stack.properties.clone();
        wrong[property] = value.into();
        let answer = stack.request("Create", &wrong).await;
        assert_eq!(answer["Status"], "FAILED");
        assert!(answer["Reason"].as_str().unwrap().contains(property), "{answer}");
    }
    assert!(stack.cloud.items("acme").is_empty());
}

#[tokio::test]
async fn a_fault_at_any_call_of_the_deployment_leaves_what_the_next_try_completes() {
    let calls = {
        let stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
        stack.create().await;
        stack.cloud.calls().len() as u64
    };
    for n in 1..=calls {
        let stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
        let crash = stack.cloud.inject(Fault::new(FaultKind::Crash).at(n));
        let event = json!({
            "RequestType": "Create", "RequestId": "request", "LogicalResourceId": "CertificateAuthority", "StackId": "stack",
            "ResponseURL": "https://answers.s3.eu-central-1.amazonaws.com/answer?X-Amz-Signature=00",
            "ResourceProperties": stack.properties,
        });
        let event = to_raw_value(&event).unwrap();
        let resource = stack.resource();
        // The process ends abruptly; the test does not wait until it has stopped.
        tokio::select! {
            _ = resource.invoke(&event) => {}
            () = async { while !crash.is_reached() { tokio::task::yield_now().await } } => {}
        }
        assert!(crash.is_reached(), "call {n}");
        stack.cloud.heal();
        let answer = stack.create().await;
        assert_eq!(answer["Status"], "SUCCESS", "after a crash behind call {n}: {answer}");
        let published = stack.cloud.objects("status");
        assert_eq!(published, ["crl/root/0.crl", "issuer/issuing.cer", "issuer/root.cer"], "call {n}");
        assert!(stack.state().1.contains(&"\"PROFILE#ra\"".to_owned()), "call {n}");
        assert!(!stack.cloud.messages("publish-crl").is_empty(), "call {n}");
    }
}

#[tokio::test]
async fn the_schedule_keeps_the_crl_of_the_root() {
    let stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
    stack.create().await;
    let event = json!({ "detail-type": "Scheduled Event", "source": "aws.events" });
    let signatures = stack.signatures();
    stack.resource().invoke(&to_raw_value(&event).unwrap()).await.unwrap();
    assert_eq!(stack.signatures(), signatures, "it is not due");
}

/// The operator disabled the root's key between ceremonies, at home and thus in its replica.
#[tokio::test]
async fn a_stack_in_another_region_takes_over_by_replicas_of_the_keys() {
    let mut stack = Stack::new(KeySpec::EccNistP256, KeySpec::EccNistP256);
    for property in ["RootKeyId", "IssuingKeyId"] {
        stack.properties[property] = stack.cloud.create_multi_region_key(KeySpec::EccNistP256).into();
    }
    let first = stack.create().await;
    let state = stack.state();
    let replicas = ["RootKeyId", "IssuingKeyId"].map(|key| stack.cloud.replicate_key(&stack.key(key), "eu-west-1"));
    stack.cloud.enable_key(&replicas[0], false);
    stack.cloud.lose_keys_of(cloud::REGION);
    stack.region = "eu-west-1";
    for (property, replica) in ["RootKeyId", "IssuingKeyId"].into_iter().zip(replicas) {
        stack.properties[property] = replica.into();
    }
    let answer = stack.create().await;
    assert_eq!(answer["Status"], "SUCCESS", "{answer}");
    assert_eq!((answer["Data"].clone(), stack.state()), (first["Data"].clone(), state), "it is the same CA");
}
