//! The way to a remote perspective.

use async_trait::async_trait;

/// Carries a question to one perspective, and brings its answer. It proves to each side who the
/// other is, and keeps what passes from others.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Sends the octets of a question and returns those of the answer, at most
    /// [`MAX_MESSAGE`](crate::MAX_MESSAGE).
    ///
    /// # Errors
    /// When there is no answer. The caller bounds the time.
    async fn exchange(&self, question: &[u8]) -> Result<Vec<u8>, ChannelError>;
}

/// Why there is no answer, for operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ChannelError(pub String);
