//! An event on purpose.

use acme::EventKind;

use crate::{Authority, Error};

impl Authority {
    /// Has an event made on purpose, to see whether it arrives.
    ///
    /// # Errors
    /// When the act cannot be recorded.
    pub async fn emit_test(&self, actor: &str) -> Result<(), Error> {
        self.audit.record(actor, "events test", "-", Default::default()).await?;
        self.events.emit(EventKind::Test { actor: actor.to_owned() });
        Ok(())
    }
}
