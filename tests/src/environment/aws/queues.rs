//! SQS in front of the workers: each message is an event of its own, what fails comes again, and what
//! fails too often is put to the dead letters.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud::{Cloud, Message};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::lambda::Functions;

/// The queues and the functions that work on them.
pub(super) const WORKERS: [(&str, &str); 3] =
    [("validate", "ValidateFunction"), ("issue", "IssueFunction"), ("publish-crl", "PublishCrlFunction")];

/// Delivers until it is dropped.
pub(super) struct Delivery {
    cloud: Cloud,
    under_way: watch::Receiver<usize>,
    dead: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Delivery {
    pub(super) fn start(cloud: &Cloud, functions: &Functions) -> Self {
        let (counter, under_way) = watch::channel(0);
        let (counter, dead) = (Arc::new(counter), Arc::default());
        let mut tasks = JoinSet::new();
        for (queue, function) in WORKERS {
            let worker = Worker {
                cloud: cloud.clone(),
                queue,
                functions: functions.clone(),
                function,
                under_way: counter.clone(),
                dead: Arc::clone(&dead),
            };
            tasks.spawn(worker.run());
        }
        Self { cloud: cloud.clone(), under_way, dead, _tasks: tasks }
    }

    /// Waits until no message waits or is worked on.
    pub(super) async fn settled(&self) {
        let mut under_way = self.under_way.clone();
        while WORKERS.iter().any(|(queue, _)| self.cloud.depth(queue) > 0) || *under_way.borrow_and_update() > 0 {
            // Whatever happens to a message changes the number; the sender lives as long as this.
            under_way.changed().await.unwrap();
        }
    }

    /// The bodies of the messages that failed too often.
    pub(super) fn dead_letters(&self) -> Vec<String> {
        self.dead.lock().unwrap().clone()
    }
}

#[derive(Clone)]
struct Worker {
    cloud: Cloud,
    queue: &'static str,
    functions: Functions,
    function: &'static str,
    under_way: Arc<watch::Sender<usize>>,
    dead: Arc<Mutex<Vec<String>>>,
}

impl Worker {
    async fn run(self) {
        let mut deliveries = JoinSet::new();
        loop {
            let message = self.cloud.next_message(self.queue).await;
            self.under_way.send_modify(|number| *number += 1);
            while deliveries.try_join_next().is_some() {}
            let worker = self.clone();
            deliveries.spawn(async move {
                worker.deliver(message).await;
                worker.under_way.send_modify(|number| *number -= 1);
            });
        }
    }

    async fn deliver(&self, message: Message) {
        sleep(message.delay).await;
        for time in 1..=MAX_RECEIVE_COUNT {
            let answer = self.functions.named(self.function).invoke(self.event(&message, time)).await;
            match answer {
                Ok(answer) if !has_failed(&answer, &message) => return,
                _ => sleep(VISIBILITY_TIMEOUT).await,
            }
        }
        self.dead.lock().unwrap().push(message.body);
    }

    fn event(&self, message: &Message, time: u32) -> Value {
        json!({"Records": [{
            "messageId": message.id,
            "receiptHandle": format!("{}-{time}", message.id),
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": time.to_string(),
                "SentTimestamp": "1795435200000",
                "SenderId": cloud::ACCOUNT,
                "ApproximateFirstReceiveTimestamp": "1795435200000",
            },
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{}:{}:{}", cloud::REGION, cloud::ACCOUNT, self.queue),
            "awsRegion": cloud::REGION,
        }]})
    }
}

/// Whether the answer names the message as one that should come again (partial batch response).
fn has_failed(answer: &Value, message: &Message) -> bool {
    let failures = answer["batchItemFailures"].as_array().map_or(&[][..], Vec::as_slice);
    failures.iter().any(|failure| failure["itemIdentifier"] == message.id.as_str())
}

/// As in the template.
const MAX_RECEIVE_COUNT: u32 = 5;
/// Shorter than on AWS, because tests wait for it.
const VISIBILITY_TIMEOUT: Duration = Duration::from_millis(100);
