//! An explorer of interleavings: so far its engine.

pub mod memory;
