//! A request, as far as IAM, the record and the faults are concerned.

use crate::call::{Access, leading_keys};

/// What IAM, the faults and the record need to know of a request before it is handled.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) accesses: Vec<Access>,
    pub(crate) consistent: bool,
    pub(crate) conditional: bool,
}

impl Description {
    pub(crate) fn of(access: Access) -> Self {
        Self { accesses: vec![access], consistent: true, conditional: false }
    }

    /// The partition keys of all its items, as those of a [`Call`](crate::Call).
    pub(crate) fn leading_keys(&self) -> Vec<&str> {
        leading_keys(&self.accesses)
    }
}
