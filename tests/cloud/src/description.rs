//! A request, as far as IAM, the record and the faults are concerned.

use crate::call::Access;

/// What IAM and the record need to know of a request before it is handled.
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
}
