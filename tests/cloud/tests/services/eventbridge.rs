//! EventBridge through the SDK's own client.

use aws_sdk_eventbridge::config::retry::RetryConfig;
use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use cloud::{Cloud, Fault, FaultKind, Service};

fn buses(cloud: &Cloud) -> aws_sdk_eventbridge::Client {
    let config = cloud.sdk_config("Forward").into_builder().retry_config(RetryConfig::disabled()).build();
    aws_sdk_eventbridge::Client::new(&config)
}

fn entry(bus: &str, detail: &str) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder().event_bus_name(bus).source("ca").detail_type("test").detail(detail).build()
}

#[tokio::test]
async fn what_is_put_is_on_the_bus_and_the_call_names_it() {
    let cloud = Cloud::start();
    let arn = cloud.create_event_bus("acme");
    let put =
        buses(&cloud).put_events().entries(entry("acme", "{}")).entries(entry("acme", "{}")).send().await.unwrap();
    assert_eq!((put.failed_entry_count, put.entries().len()), (0, 2));
    let events = cloud.events("acme");
    assert_eq!((events.len(), events[0]["DetailType"].as_str()), (2, Some("test")));
    let accesses = &cloud.calls()[0].accesses;
    assert_eq!((accesses.len(), accesses[0].action.as_str(), &accesses[0].resource), (1, "events:PutEvents", &arn));
}

#[tokio::test]
async fn a_part_of_a_batch_fails_on_demand_and_when_it_is_malformed() {
    let cloud = Cloud::start();
    cloud.create_event_bus("acme");
    cloud.inject(Fault::new(FaultKind::Unprocessed).on(Service::EventBridge, "PutEvents"));
    let two = || buses(&cloud).put_events().entries(entry("acme", "{}")).entries(entry("acme", "no object"));
    let put = two().send().await.unwrap();
    assert_eq!((put.failed_entry_count, put.entries()[1].error_code()), (1, Some("ThrottlingException")));
    let put = two().send().await.unwrap();
    assert_eq!(put.entries()[1].error_code(), Some("InvalidArgument"));
    assert_eq!(cloud.events("acme").len(), 2);
    let many = buses(&cloud).put_events().set_entries(Some(vec![entry("acme", "{}"); 11]));
    assert_eq!(many.send().await.unwrap_err().code(), Some("ValidationException"));
}
