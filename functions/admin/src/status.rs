//! `status`: how the CA is.

use ra::{Authority, Status};
use serde::Serialize;

use crate::AdminError;

#[derive(Debug, Serialize)]
pub(crate) struct VersionedStatus {
    version: &'static str,
    #[serde(flatten)]
    status: Status,
}

pub(crate) async fn status(authority: &Authority) -> Result<VersionedStatus, AdminError> {
    Ok(VersionedStatus { version: env!("CARGO_PKG_VERSION"), status: authority.status().await? })
}
