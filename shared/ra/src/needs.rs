//! Which seams a function uses, so that a host can open those and no others.
//!
//! The store and the clock belong to every function. What stands here is the rest: on AWS it decides
//! which clients a function makes, and it is the list that the rights of its role are compared with.

/// The seams beside the store that a function uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// It signs.
    pub signer: bool,
    /// It has challenges probed.
    pub validation_queue: bool,
    /// It has interrupted issuances finished.
    pub issuance_queue: bool,
    /// It has CRLs made.
    pub crl_queue: bool,
    /// It publishes files for relying parties.
    pub publisher: bool,
}

impl Needs {
    /// Nothing beside the store.
    pub const STORE: Self =
        Self { signer: false, validation_queue: false, issuance_queue: false, crl_queue: false, publisher: false };

    /// Whether it hands any work over.
    pub const fn has_queue(self) -> bool {
        self.validation_queue || self.issuance_queue || self.crl_queue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_declares_nothing_needs_the_store_alone() {
        assert_eq!(Needs::STORE, Needs::default());
        assert!(!Needs::STORE.has_queue());
        assert!(Needs { crl_queue: true, ..Needs::STORE }.has_queue());
    }
}
