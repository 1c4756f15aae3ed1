//! What is stored on AWS beside what clients see: the number of the layout, and the request of KMS
//! that signed a certificate.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex},
};

use cloud::Service;
use serde_json::{Map, Value, json};
use tests::{Aws, client::certificate_id};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, Registry, layer::Context, layer::SubscriberExt};

use crate::HOST;

#[tokio::test]
async fn a_function_that_meets_a_newer_layout_logs_it_and_does_nothing() {
    let environment = HOST.start().await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    let aws = environment.aws();
    aws.settled().await;
    aws.cloud().fill_table(Aws::STACK, vec![schema("2")]);
    aws.functions().cool();
    let (before, seen) = (aws.items(), aws.cloud().calls().len());

    let log = Log::default();
    let listening = tracing::subscriber::set_default(Registry::default().with(log.clone()));
    let order = client.new_order(&["newer.test"]).await;
    let directory = ca.http().get(&ca.url()).await;
    drop(listening);

    assert_eq!((order.status, directory.status), (500, 500));
    let lines = log.lines();
    let said = lines.iter().filter(|line| line.contains("(layout 2; this version knows 1)"));
    assert_eq!(said.count(), 2, "once for each request: {lines:#?}");
    assert_eq!(aws.items(), before);
    let calls = aws.cloud().calls().split_off(seen);
    assert!(!calls.is_empty());
    for call in calls.iter().filter(|call| call.service != Service::Sqs) {
        assert_eq!((call.operation.as_str(), call.leading_keys()), ("GetItem", vec!["SCHEMA"]), "{call:?}");
    }
}

#[tokio::test]
async fn a_new_table_gets_the_number_of_its_layout_and_one_without_a_number_is_left_as_it_is() {
    let environment = HOST.start().await;
    let is_number = |item: &Map<String, Value>| item["pk"]["S"] == "SCHEMA";
    let items = environment.aws().items();
    assert_eq!(items.iter().filter(|item| is_number(item)).collect::<Vec<_>>(), [&schema("1")]);

    let without: Vec<_> = items.into_iter().filter(|item| !is_number(item)).collect();
    let environment = environment.restored(without).await;
    environment.directory("default").client().await.obtain(&["earlier.test"]).await;
    assert!(!environment.aws().cloud().items("acme-restored").iter().any(is_number));
}

#[tokio::test]
async fn the_certificate_keeps_the_request_of_kms_that_signed_it() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    let seen = environment.aws().cloud().calls().len();
    let issued = client.obtain(&["request.test"]).await;
    let calls = environment.aws().cloud().calls().split_off(seen);
    let signed: Vec<&str> = calls
        .iter()
        .filter(|call| call.operation == "Sign" && call.principal == "FinalizeFunction")
        .map(|call| call.request_id.as_str())
        .collect();
    let id = certificate_id(&issued.chain).parse().unwrap();
    let record = environment.store().certificate(&id).await.unwrap().unwrap();
    assert_eq!(record.signer_request.as_deref().into_iter().collect::<Vec<_>>(), signed);
    assert_eq!(signed.len(), 1);
}

fn schema(major: &str) -> Map<String, Value> {
    let item = json!({ "pk": { "S": "SCHEMA" }, "sk": { "S": "-" }, "major": { "N": major } });
    item.as_object().unwrap().clone()
}

/// The lines of the log, with the causes of errors.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_error(&mut self, _: &Field, error: &(dyn Error + 'static)) {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.0.push_str(&format!(" {error}"));
            cause = error.source();
        }
    }

    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {value:?}"));
    }
}
