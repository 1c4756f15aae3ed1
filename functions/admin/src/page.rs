//! Pages of lists.

use serde::{Deserialize, Serialize};

use crate::AdminError;

/// A page of a list.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Listed<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Whether others follow.
    pub more: bool,
}

/// How many entries a page has.
pub(crate) fn size(limit: Option<u16>) -> Result<usize, AdminError> {
    let limit = limit.unwrap_or(ENTRIES);
    if !(1..=MAX_ENTRIES).contains(&limit) {
        return Err(AdminError::Limit);
    }
    Ok(limit.into())
}

const ENTRIES: u16 = 100;
pub(crate) const MAX_ENTRIES: u16 = 1_000;
