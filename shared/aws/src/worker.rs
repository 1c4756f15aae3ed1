//! Queue workers: a batch of messages from SQS becomes tasks, and the answer lists the messages
//! that SQS should deliver again. A message that is not a task is also delivered again, until SQS
//! moves it to the dead-letter queue, where the operator sees it.
//!
//! A worker may also be invoked on schedule.

use std::{collections::HashMap, hash::Hash};

use acme::failure_chain;
use async_trait::async_trait;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    Function, InvocationError,
    function::{read, write},
    part::Do,
};

/// A function behind a queue.
pub struct Worker<T> {
    work: Box<dyn Do<T, ()>>,
    on_schedule: Option<Box<dyn Do<(), ()>>>,
}

impl<T> Worker<T> {
    /// A worker that runs `work` for each task, and `on_schedule`, if given, for scheduled events.
    pub fn new(work: Box<dyn Do<T, ()>>, on_schedule: Option<Box<dyn Do<(), ()>>>) -> Self {
        Self { work, on_schedule }
    }
}

impl<T: DeserializeOwned + Clone + Eq + Hash + Send> Worker<T> {
    /// Processes each task of the batch once, however often it occurs, and lists the messages to
    /// deliver again.
    async fn work(&self, messages: Vec<SqsMessage>) -> SqsBatchResponse {
        let mut failures = Vec::new();
        let mut done: HashMap<T, bool> = HashMap::new();
        for message in messages {
            let id = message.message_id.unwrap_or_default();
            let has_succeeded = match serde_json::from_str::<T>(message.body.as_deref().unwrap_or_default()) {
                Ok(task) => match done.get(&task) {
                    Some(before) => *before,
                    None => {
                        let has_succeeded = self.has_done(&id, task.clone()).await;
                        done.insert(task, has_succeeded);
                        has_succeeded
                    }
                },
                Err(error) => {
                    tracing::error!(message = id, %error, "a message is not a task");
                    false
                }
            };
            if !has_succeeded {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failures.push(failure);
            }
        }
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failures;
        response
    }

    async fn has_done(&self, message: &str, task: T) -> bool {
        match self.work.run(task).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(
                    message,
                    error = error.as_ref() as &dyn std::error::Error,
                    "a task failed and will be retried"
                );
                false
            }
        }
    }
}

#[async_trait]
impl<T: DeserializeOwned + Clone + Eq + Hash + Send + Sync> Function for Worker<T> {
    async fn invoke(&self, event: &RawValue) -> Result<Box<RawValue>, InvocationError> {
        match read(event, "a batch of SQS messages or a scheduled event")? {
            Event::Batch { records } => write(&self.work(records).await),
            Event::Scheduled { .. } => {
                on_schedule(self.on_schedule.as_deref()).await?;
                write(&())
            }
        }
    }
}

/// Does the scheduled work. A failure is returned, so that EventBridge tries again.
pub(crate) async fn on_schedule(work: Option<&dyn Do<(), ()>>) -> Result<(), InvocationError> {
    let Some(work) = work else {
        return Err(InvocationError::Failed("this function does nothing on schedule".to_owned()));
    };
    work.run(()).await.map_err(|error| {
        tracing::error!(error = error.as_ref() as &dyn std::error::Error, "the scheduled work failed");
        InvocationError::Failed(failure_chain(error.as_ref()))
    })
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Event {
    Batch {
        #[serde(rename = "Records")]
        records: Vec<SqsMessage>,
    },
    Scheduled {
        #[serde(rename = "detail-type")]
        _kind: Scheduled,
    },
}

/// The `detail-type` of the event that EventBridge sends on a schedule.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum Scheduled {
    /// The only kind of scheduled event.
    #[serde(rename = "Scheduled Event")]
    Event,
}
