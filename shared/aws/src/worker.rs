//! Queue workers: a batch of messages from SQS becomes tasks, and the answer lists the messages
//! that SQS should deliver again. A message that is not a task is also delivered again, until SQS
//! moves it to the dead-letter queue, where the operator sees it.
//!
//! A worker may also be invoked on schedule.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use acme::failure_chain;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use ra::{Authority, Error, Needs};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    Environment, Function, InvocationError, Promise, StartError,
    function::{read, write},
    seams::Openers,
};

/// The work of a function's library: processes a task.
pub type Work<T> = Arc<dyn for<'a> Fn(&'a Authority, T) -> Promise<'a, Result<(), Error>> + Send + Sync>;

/// The work of a function's library that is due on schedule.
pub type OnSchedule = for<'a> fn(&'a Authority) -> Promise<'a, Result<(), Error>>;

/// A function behind a queue.
pub struct Worker<T> {
    authority: Arc<Authority>,
    work: Work<T>,
    on_schedule: Option<OnSchedule>,
}

impl<T> Worker<T> {
    /// The function that `main.rs` starts.
    ///
    /// # Errors
    /// A required environment variable is missing or invalid.
    pub fn new(
        config: &SdkConfig,
        environment: &Environment,
        needs: Needs,
        work: Work<T>,
        on_schedule: Option<OnSchedule>,
    ) -> Result<Self, StartError> {
        Self::open(config, environment, Openers::of(needs), work, on_schedule)
    }

    pub(crate) fn open(
        config: &SdkConfig,
        environment: &Environment,
        openers: Openers,
        work: Work<T>,
        on_schedule: Option<OnSchedule>,
    ) -> Result<Self, StartError> {
        Ok(Self { authority: openers.open(config, environment)?, work, on_schedule })
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
        match (self.work)(&self.authority, task).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(
                    message,
                    error = &error as &dyn std::error::Error,
                    "a task failed and will be delivered again"
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
                on_schedule(&self.authority, self.on_schedule).await?;
                write(&())
            }
        }
    }
}

/// Does the work that is due. A failure is returned, so that EventBridge tries again.
pub(crate) async fn on_schedule(authority: &Authority, work: Option<OnSchedule>) -> Result<(), InvocationError> {
    let Some(work) = work else {
        return Err(InvocationError::Failed("this function does nothing on schedule".to_owned()));
    };
    work(authority).await.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "the scheduled work failed");
        InvocationError::Failed(failure_chain(&error))
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

/// What EventBridge sends when a schedule is due.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum Scheduled {
    /// The only kind of scheduled event.
    #[serde(rename = "Scheduled Event")]
    Event,
}
