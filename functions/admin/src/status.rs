//! The status of the CA.

use operator::{Parts, Status};
use serde::{Deserialize, Serialize};

use crate::{Action, AdminError};

/// Shows the issuers with their CRLs, the number of profiles, the secrets, and the version.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShowStatus {}

impl Action for ShowStatus {
    type Answer = StatusReport;

    const NAME: &str = "status";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<StatusReport, AdminError> {
        Ok(StatusReport { version: env!("CARGO_PKG_VERSION").to_owned(), status: parts.status_reports.report().await? })
    }
}

/// The status of the CA.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct StatusReport {
    /// The version of the program that answered.
    pub version: String,
    /// The state of the CA as a whole.
    #[serde(flatten)]
    pub status: Status,
}
