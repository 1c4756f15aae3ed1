//! Pages of lists.

use serde::{Deserialize, Serialize};
use store::Page;

use crate::AdminError;

/// A page of a list.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Listed<T> {
    /// The items on this page.
    pub items: Vec<T>,
    /// Whether more pages follow.
    pub more: bool,
}

impl<T> Listed<T> {
    /// The page with its items converted.
    pub(crate) fn map<U>(self, of: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(of).collect(), more: self.more }
    }
}

impl<T> From<Page<T>> for Listed<T> {
    fn from(page: Page<T>) -> Self {
        Self { items: page.items, more: page.more }
    }
}

/// The size of a page, checked.
pub(crate) fn size(limit: Option<u16>) -> Result<usize, AdminError> {
    let limit = limit.unwrap_or(ENTRIES);
    if !(1..=MAX_ENTRIES).contains(&limit) {
        return Err(AdminError::Limit);
    }
    Ok(limit.into())
}

const ENTRIES: u16 = 100;
pub(crate) const MAX_ENTRIES: u16 = 1_000;
