//! Events.

use operator::Parts;
use serde::{Deserialize, Serialize};

use crate::{Action, AdminError};

/// Emits an event of type `test`, to see whether it arrives.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmitTestEvent {}

impl Action for EmitTestEvent {
    type Answer = ();

    const NAME: &str = "test-events";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<(), AdminError> {
        Ok(parts.test_events.emit(actor).await?)
    }
}
