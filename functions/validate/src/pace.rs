//! The pause between attempts.

use std::time::Duration;

use async_trait::async_trait;

/// Determines the pause between attempts.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Waits for this long, or until the client asks for the next attempt at once.
    async fn pause(&self, duration: Duration);
}

/// Waits for the whole time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sleep;

#[async_trait]
impl Pace for Sleep {
    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
