//! Queue workers: batches, and the partial answers to them.

use std::sync::{Arc, Mutex};

use authority::{CrlTask, Failure};
use aws::{Do, InvocationError, Worker, work_by};
use ra::Error;
use serde_json::{Value, json};

use crate::{invoke, scheduled};

type Done = Arc<Mutex<Vec<u16>>>;

/// A worker that fails for odd shards.
fn worker(on_schedule: Option<Box<dyn Do<(), ()>>>) -> (Worker<CrlTask>, Done) {
    let done = Done::default();
    let work = work_by(done.clone(), |done: &Done, task: CrlTask| {
        Box::pin(async move {
            done.lock().unwrap().push(task.shard);
            if task.shard.is_multiple_of(2) { Ok(()) } else { Err(Error::Failed(Failure::Busy).into()) }
        })
    });
    (Worker::new(work, on_schedule), done)
}

fn batch(bodies: &[&str]) -> Value {
    let records = bodies.iter().enumerate().map(|(number, body)| {
        json!({
            "messageId": format!("message-{number}"),
            "receiptHandle": "MessageReceiptHandle",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1523232000000"},
            "messageAttributes": {},
            "md5OfBody": "7b270e59b47ff90a553787216d55d91d",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:publish-crl",
            "awsRegion": "eu-central-1",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

fn task(shard: u16) -> String {
    json!({ "issuer": "issuing", "shard": shard }).to_string()
}

fn failed(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn only_what_failed_comes_again() {
    let (worker, done) = worker(None);
    let answer = invoke(&worker, batch(&[&task(0), &task(1), &task(2)])).await.unwrap();
    assert_eq!(failed(&answer), ["message-1"]);
    assert_eq!(*done.lock().unwrap(), [0, 1, 2]);
    let answer = invoke(&worker, batch(&[&task(4)])).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
}

#[tokio::test]
async fn a_task_that_is_in_a_batch_several_times_is_done_once() {
    let (worker, done) = worker(None);
    let bodies = [task(0), task(1), task(0), task(1)];
    let answer = invoke(&worker, batch(&bodies.each_ref().map(String::as_str))).await.unwrap();
    assert_eq!(failed(&answer), ["message-1", "message-3"]);
    assert_eq!(*done.lock().unwrap(), [0, 1]);
}

#[tokio::test]
async fn a_message_that_is_no_task_goes_its_way_to_the_dead_letters() {
    let (worker, done) = worker(None);
    let answer = invoke(&worker, batch(&["", "{}", "not JSON", &task(2)])).await.unwrap();
    assert_eq!(failed(&answer), ["message-0", "message-1", "message-2"]);
    assert_eq!(*done.lock().unwrap(), [2], "the others of its batch do not suffer");
}

#[tokio::test]
async fn a_schedule_does_what_is_due_and_tells_when_it_failed() {
    let (ready, _) = worker(Some(work_by((), |(), ()| Box::pin(async { Ok(()) }))));
    assert_eq!(invoke(&ready, scheduled()).await.unwrap(), Value::Null);
    let (failing, _) = worker(Some(work_by((), |(), ()| Box::pin(async { Err(Error::Failed(Failure::Busy).into()) }))));
    assert!(matches!(invoke(&failing, scheduled()).await, Err(InvocationError::Failed(_))));
    let (without, done) = worker(None);
    assert!(matches!(invoke(&without, scheduled()).await, Err(InvocationError::Failed(_))));
    for event in [json!({}), json!({"detail-type": "Something else"}), json!({"Records": 1})] {
        assert!(matches!(invoke(&without, event).await, Err(InvocationError::Event { .. })));
    }
    assert!(done.lock().unwrap().is_empty());
}
