//! The work queues on SQS: a task is the JSON body of a message. It is delivered at least once and
//! in any order, as the queue traits require.

use async_trait::async_trait;
use authority::{CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, QueueError, ValidationQueue, ValidationTask};
use aws_sdk_sqs::Client;
use serde::Serialize;

/// Sends tasks to an SQS queue.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue with this URL, reached through this client.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// `tenant` is who the task is for: the consumers of a queue are shared fairly among tenants,
    /// so that none waits for all tasks of another one (SQS calls this a fair queue). For the
    /// seconds of `delay` no consumer gets the task.
    async fn send(&self, task: &impl Serialize, tenant: Option<String>, delay: Option<i32>) -> Result<(), QueueError> {
        let body = serde_json::to_string(task).map_err(|error| QueueError(Box::new(error)))?;
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .set_message_group_id(tenant)
            .set_delay_seconds(delay)
            .send()
            .await;
        sent.map(drop).map_err(|error| QueueError(Box::new(error)))
    }
}

#[async_trait]
impl ValidationQueue for SqsQueue {
    async fn validate(&self, task: ValidationTask) -> Result<(), QueueError> {
        self.send(&task, Some(task.account.to_string()), None).await
    }
}

#[async_trait]
impl IssuanceQueue for SqsQueue {
    async fn issue(&self, task: IssuanceTask) -> Result<(), QueueError> {
        self.send(&task, Some(task.account.to_string()), None).await
    }

    async fn issue_later(&self, task: IssuanceTask) -> Result<(), QueueError> {
        self.send(&task, Some(task.account.to_string()), Some(LATER)).await
    }
}

#[async_trait]
impl CrlQueue for SqsQueue {
    async fn publish_crl(&self, task: CrlTask) -> Result<(), QueueError> {
        self.send(&task, None, None).await
    }
}

/// Seconds after which a function that answers a request has ended: Lambda stops it after a quarter
/// of this time (`Timeout` of the template).
const LATER: i32 = 60;
