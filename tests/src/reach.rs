//! What tests cannot have of the deployed stack.

/// Fails a test that wants more than a deployed stack shows. `cargo xtask judges deployed` knows
/// the sentence.
pub(crate) fn out_of_reach() -> ! {
    panic!("no test reaches into the deployed stack")
}
