//! Test events.

use std::sync::Arc;

use acme::EventKind;
use authority::{AuditTrail, Events};

use crate::Error;

/// Emits events on purpose.
pub struct TestEvents {
    audit: Arc<AuditTrail>,
    events: Events,
}

impl TestEvents {
    /// To the same sink as every event.
    pub fn new(audit: Arc<AuditTrail>, events: Events) -> Self {
        Self { audit, events }
    }

    /// Emits a test event, so that operators see whether events arrive.
    ///
    /// # Errors
    /// When the act cannot be recorded.
    pub async fn emit(&self, actor: &str) -> Result<(), Error> {
        self.audit.record(actor, "events test", "-", Default::default()).await?;
        self.events.emit(EventKind::Test { actor: actor.to_owned() });
        Ok(())
    }
}
