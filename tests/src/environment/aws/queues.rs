//! SQS with the workers behind it: each message is an event of its own, a message that fails is
//! delivered again, and one that fails too often goes to the dead-letter queue. Messages with
//! a delay wait until a test lets it pass.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud::{Access, Cloud, Message};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::lambda::Functions;

/// A queue and the function that processes its messages.
#[derive(Clone, Copy)]
pub(super) struct Worker {
    pub(super) queue: &'static str,
    /// The logical id of the queue in the template.
    pub(super) logical_id: &'static str,
    pub(super) function: &'static str,
}

pub(super) const WORKERS: [Worker; 3] = [
    Worker { queue: "validate", logical_id: "ValidateQueue", function: "ValidateFunction" },
    Worker { queue: "issue", logical_id: "IssueQueue", function: "IssueFunction" },
    Worker { queue: "publish-crl", logical_id: "PublishCrlQueue", function: "PublishCrlFunction" },
];

/// The ARN of a queue.
pub(super) fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{}:{}:{queue}", cloud::REGION, cloud::ACCOUNT)
}

/// Delivers messages until it is dropped.
pub(super) struct Delivery {
    cloud: Cloud,
    under_way: watch::Receiver<usize>,
    dead: Arc<Mutex<Vec<String>>>,
    /// The queues from which messages were taken.
    taken: Arc<Mutex<BTreeSet<&'static str>>>,
    delayed: Arc<Mutex<Vec<(Poller, Message)>>>,
    tasks: Mutex<JoinSet<()>>,
}

impl Delivery {
    pub(super) fn start(cloud: &Cloud, functions: &Functions) -> Self {
        let (counter, under_way) = watch::channel(0);
        let (counter, dead) = (Arc::new(counter), Arc::default());
        let mut tasks = JoinSet::new();
        let taken: Arc<Mutex<BTreeSet<&'static str>>> = Arc::default();
        let delayed: Arc<Mutex<Vec<(Poller, Message)>>> = Arc::default();
        for worker in WORKERS {
            let poller = Poller {
                cloud: cloud.clone(),
                worker,
                functions: functions.clone(),
                under_way: counter.clone(),
                dead: Arc::clone(&dead),
                taken: taken.clone(),
            };
            tasks.spawn(poller.run(delayed.clone()));
        }
        Self { cloud: cloud.clone(), under_way, dead, taken, delayed, tasks: Mutex::new(tasks) }
    }

    /// Delivers the messages whose delay has not passed, as if it had; returns the delays.
    pub(super) fn let_delays_pass(&self) -> Vec<Duration> {
        let mut tasks = self.tasks.lock().unwrap();
        let delayed = std::mem::take(&mut *self.delayed.lock().unwrap());
        let delivered = delayed.into_iter().map(|(poller, message)| {
            let delay = message.delay;
            poller.under_way.send_modify(|number| *number += 1);
            tasks.spawn(poller.deliver(message));
            delay
        });
        delivered.collect()
    }

    /// Waits until no message is in a queue or being processed, other than those whose delay has
    /// not passed.
    pub(super) async fn settled(&self) {
        let mut under_way = self.under_way.clone();
        while WORKERS.iter().any(|worker| self.cloud.depth(worker.queue) > 0) || *under_way.borrow_and_update() > 0 {
            // Every change of a message changes the number; the sender lives as long as this value.
            under_way.changed().await.unwrap();
        }
    }

    /// With the permissions of its function, Lambda receives and deletes messages, and reads the
    /// number of messages.
    pub(super) fn accesses(&self) -> Vec<(String, Access)> {
        let taken = self.taken.lock().unwrap();
        let workers = WORKERS.iter().filter(|worker| taken.contains(worker.queue));
        let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
        let accesses = workers.flat_map(|worker| {
            actions.map(|action| {
                let access =
                    Access { action: action.to_owned(), resource: arn(worker.queue), context: BTreeMap::new() };
                (worker.function.to_owned(), access)
            })
        });
        accesses.collect()
    }

    /// The bodies of the messages in the dead-letter queues.
    pub(super) fn dead_letters(&self) -> Vec<String> {
        self.dead.lock().unwrap().clone()
    }
}

#[derive(Clone)]
struct Poller {
    cloud: Cloud,
    worker: Worker,
    functions: Functions,
    under_way: Arc<watch::Sender<usize>>,
    dead: Arc<Mutex<Vec<String>>>,
    taken: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl Poller {
    async fn run(self, delayed: Arc<Mutex<Vec<(Self, Message)>>>) {
        let mut deliveries = JoinSet::new();
        loop {
            let message = self.cloud.next_message(self.worker.queue).await;
            self.taken.lock().unwrap().insert(self.worker.queue);
            while deliveries.try_join_next().is_some() {}
            if message.delay > Duration::ZERO {
                delayed.lock().unwrap().push((self.clone(), message));
                // For `settled`, which waits for every change.
                self.under_way.send_modify(|_| ());
                continue;
            }
            self.under_way.send_modify(|number| *number += 1);
            deliveries.spawn(self.clone().deliver(message));
        }
    }

    async fn deliver(self, message: Message) {
        self.try_to_deliver(message).await;
        self.under_way.send_modify(|number| *number -= 1);
    }

    async fn try_to_deliver(&self, message: Message) {
        for time in 1..=MAX_RECEIVE_COUNT {
            let answer = self.functions.named(self.worker.function).invoke(self.event(&message, time)).await;
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
            "eventSourceARN": arn(self.worker.queue),
            "awsRegion": cloud::REGION,
        }]})
    }
}

/// Whether the answer lists the message as one to be delivered again (partial batch response).
fn has_failed(answer: &Value, message: &Message) -> bool {
    let failures = answer["batchItemFailures"].as_array().map_or(&[][..], Vec::as_slice);
    failures.iter().any(|failure| failure["itemIdentifier"] == message.id.as_str())
}

/// Fewer than in the template for issuances and CRLs, because tests wait for them.
const MAX_RECEIVE_COUNT: u32 = 5;
/// Shorter than on AWS, because tests wait for it.
const VISIBILITY_TIMEOUT: Duration = Duration::from_millis(100);
