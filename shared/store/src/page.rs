//! Pages of lists.

use serde::Serialize;

/// One page of a longer list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items of the page, in the order of the list.
    pub items: Vec<T>,
    /// Whether the list continues after this page.
    pub more: bool,
}

impl<T> Page<T> {
    /// A page of at most `limit` items. `items` contains one item more if the list continues.
    pub fn of(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }

    /// The page with each item converted by `make`.
    ///
    /// # Errors
    /// The first error of `make`.
    pub fn try_map<U, E>(self, make: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(make).collect::<Result<_, E>>()?;
        Ok(Page { items, more: self.more })
    }
}

impl<T> Default for Page<T> {
    /// An empty page, after which the list does not continue.
    fn default() -> Self {
        Self { items: Vec::new(), more: false }
    }
}
