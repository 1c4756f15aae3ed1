//! The work queues on SQS: a task is the JSON body of a message. Delivery is at least once and in
//! any order, as the seam says.

use async_trait::async_trait;
use authority::{CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, QueueError, ValidationQueue, ValidationTask};
use aws_sdk_sqs::Client;
use serde::Serialize;

use crate::absent::Undeclared;

/// The work queues, each an SQS queue.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    urls: QueueUrls,
}

/// The URLs of the queues. Sending to an absent queue is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueUrls {
    /// The queue of challenges to validate.
    pub validate: Option<String>,
    /// The queue of interrupted issuances.
    pub issue: Option<String>,
    /// The queue of CRLs to generate.
    pub publish_crl: Option<String>,
}

impl SqsQueue {
    /// Queues at these URLs that use this client.
    pub fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }

    async fn send(&self, url: Option<&String>, name: &'static str, task: &impl Serialize) -> Result<(), QueueError> {
        let url = url.ok_or_else(|| QueueError(Box::new(Undeclared(name))))?;
        let body = serde_json::to_string(task).map_err(|error| QueueError(Box::new(error)))?;
        let sent = self.client.send_message().queue_url(url).message_body(body).send().await;
        sent.map(drop).map_err(|error| QueueError(Box::new(error)))
    }
}

#[async_trait]
impl ValidationQueue for SqsQueue {
    async fn validate(&self, task: ValidationTask) -> Result<(), QueueError> {
        self.send(self.urls.validate.as_ref(), "validation queue", &task).await
    }
}

#[async_trait]
impl IssuanceQueue for SqsQueue {
    async fn issue(&self, task: IssuanceTask) -> Result<(), QueueError> {
        self.send(self.urls.issue.as_ref(), "issuance queue", &task).await
    }
}

#[async_trait]
impl CrlQueue for SqsQueue {
    async fn publish_crl(&self, task: CrlTask) -> Result<(), QueueError> {
        self.send(self.urls.publish_crl.as_ref(), "CRL queue", &task).await
    }
}
