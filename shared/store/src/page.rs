//! A page of a list.

use serde::Serialize;

/// A page of a list that is read piece by piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// What is on it, in the order of the list.
    pub items: Vec<T>,
    /// Whether others follow.
    pub more: bool,
}

impl<T> Page<T> {
    /// A page of `limit` items at most, from as many and one more when there are so many.
    pub fn of(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }

    /// The same page of something else.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn try_map<U, E>(self, make: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(make).collect::<Result<_, E>>()?;
        Ok(Page { items, more: self.more })
    }
}

impl<T> Default for Page<T> {
    /// Nothing, and nothing follows.
    fn default() -> Self {
        Self { items: Vec::new(), more: false }
    }
}
