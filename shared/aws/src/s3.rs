//! Objects for relying parties in a bucket: each object at its path, with its media type and the
//! lifetime for caches.

use async_trait::async_trait;
use authority::{PublishError, PublishedObject, Publisher};
use aws_sdk_s3::{Client, primitives::ByteStream};

/// A publisher to an S3 bucket.
#[derive(Clone, Debug)]
pub struct S3Publisher {
    client: Client,
    bucket: String,
}

impl S3Publisher {
    /// A publisher to this bucket that uses this client.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

#[async_trait]
impl Publisher for S3Publisher {
    async fn publish(&self, object: PublishedObject) -> Result<(), PublishError> {
        let PublishedObject { path, media_type, max_age, bytes } = object;
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(path)
            .content_type(media_type)
            .cache_control(format!("max-age={max_age}"))
            .body(ByteStream::from(bytes));
        request.send().await.map(drop).map_err(|error| PublishError(Box::new(error)))
    }
}
