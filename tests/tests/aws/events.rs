//! Events on the way from the log to the event bus.

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use cloud::{Fault, FaultKind, Service};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tests::{Aws, Environment, deployed::repository, events::emitted};

use crate::HOST;

/// A log line with an event of this type, as a subscription delivers it.
pub(crate) fn line(r#type: &str) -> Value {
    let document = json!({"version": 1, "id": "0", "time": "2026-03-10T05:16:23.123Z", "type": r#type});
    line_of(&document)
}

fn line_of(document: &Value) -> Value {
    json!({"level": "INFO", "message": "it happened", "event": document["type"], "document": document.to_string()})
}

/// Delivers lines as CloudWatch Logs does.
pub(crate) async fn forward(environment: &Environment, lines: &[Value]) -> Result<Value, String> {
    let events: Vec<Value> = lines
        .iter()
        .map(|line| json!({"id": "1", "timestamp": 1_773_119_783_123_i64, "message": format!("{line}\n")}))
        .collect();
    let data = json!({
        "messageType": "DATA_MESSAGE", "owner": cloud::ACCOUNT, "logGroup": "/acme/functions", "logStream": "stream",
        "subscriptionFilters": ["events"], "logEvents": events,
    });
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(data.to_string().as_bytes()).unwrap();
    let event = json!({"awslogs": {"data": STANDARD.encode(gzip.finish().unwrap())}});
    environment.aws().functions().named("ForwardEventsFunction").invoke(event).await
}

fn on_the_bus(environment: &Environment) -> Vec<Value> {
    environment.aws().cloud().events(Aws::EVENT_BUS)
}

#[tokio::test]
async fn an_event_in_the_log_arrives_on_the_bus_unchanged() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    client.obtain(&["a.test"]).await;
    let events = emitted(|event| event["account"] == client.account_id());
    assert_eq!(events.len(), 2);
    let lines: Vec<Value> = events.iter().map(line_of).collect();
    assert_eq!(forward(&environment, &lines).await.unwrap(), json!({"put": 2}));
    let entries = on_the_bus(&environment);
    assert_eq!(entries.len(), 2);
    for (entry, event) in entries.iter().zip(&events) {
        assert_eq!((&entry["Source"], &entry["DetailType"]), (&json!("serverless-acme"), &event["type"]));
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        assert_eq!(detail, *event);
    }
    // The permissions of functions that serve requests have not grown because of it.
    let calls = environment.aws().cloud().calls();
    let callers = calls.iter().filter(|call| call.service == Service::EventBridge).map(|call| call.principal.as_str());
    assert_eq!(callers.collect::<Vec<_>>(), ["ForwardEventsFunction"]);
}

#[tokio::test]
async fn the_example_event_of_the_repository_is_forwarded() {
    let environment = HOST.start().await;
    let text = std::fs::read_to_string(repository().join("events/forward-events.json")).unwrap();
    let event: Value = serde_json::from_str(&text).unwrap();
    let function = environment.aws().functions().named("ForwardEventsFunction");
    assert_eq!(function.invoke(event).await.unwrap(), json!({"put": 1}));
    assert_eq!(on_the_bus(&environment)[0]["DetailType"], "certificate.issued");
}

#[tokio::test]
async fn entries_that_the_bus_refuses_are_put_again_without_the_others() {
    let environment = HOST.start().await;
    let cloud = environment.aws().cloud();
    let fault = cloud
        .inject(Fault::new(FaultKind::Unprocessed).on(Service::EventBridge, "PutEvents").of("ForwardEventsFunction"));
    let lines: Vec<Value> = (0..15).map(|number| line(&format!("number.{number}"))).collect();
    forward(&environment, &lines).await.unwrap();
    assert_eq!(fault.struck(), 1);
    let mut types: Vec<String> =
        on_the_bus(&environment).iter().map(|entry| entry["DetailType"].as_str().unwrap().to_owned()).collect();
    assert_eq!(types.len(), 15, "each once");
    types.sort();
    types.dedup();
    assert_eq!(types.len(), 15);
    let calls = cloud.calls_of("ForwardEventsFunction");
    assert_eq!(calls.len(), 3, "ten, five of them again, five");
}

#[tokio::test]
async fn a_bus_that_keeps_refusing_makes_lambda_retry() {
    for kind in [FaultKind::Unprocessed, FaultKind::Denied] {
        let environment = HOST.start().await;
        let fault = Fault::new(kind).on(Service::EventBridge, "PutEvents").of("ForwardEventsFunction").always();
        let fault = environment.aws().cloud().inject(fault);
        let error = forward(&environment, &[line("test"), line("test")]).await.unwrap_err();
        assert!(!error.is_empty());
        environment.aws().cloud().remove(&fault);
        forward(&environment, &[line("test"), line("test")]).await.unwrap();
    }
}

#[tokio::test]
async fn lines_without_an_event_are_skipped_and_other_invocations_are_refused() {
    let environment = HOST.start().await;
    let lines = [json!({"event": "test", "document": "{"}), line("test"), json!({"message": "nothing"})];
    assert_eq!(forward(&environment, &lines).await.unwrap(), json!({"put": 1}));
    assert_eq!(forward(&environment, &[]).await.unwrap(), json!({"put": 0}));
    let function = environment.aws().functions().named("ForwardEventsFunction");
    for event in [json!({}), json!({"awslogs": {"data": "YQ=="}})] {
        function.invoke(event).await.unwrap_err();
    }
}
