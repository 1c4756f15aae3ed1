//! The repository's own chores, written in Rust so that no other tool has to be installed first.
//!
//! - [`setup`]: the tools of the tests: ACME clients and emulators of AWS
//! - [`dist`]: zips of the functions, with a template that deploys them
//! - [`emulate`]: the bundle deployed on this machine, and events for its functions
//! - [`fuzz`]: fuzz targets, from the kept corpus
//! - [`judges`]: programs of others that try the CA for long
//! - [`smoke`]: the life of a stack in an account, or in the emulator
//! - [`mod@test`]: `setup`, `sam build`, a short run of `fuzz`, then `cargo test --workspace`
//! - [`tidy`]: rules of the repository that the compiler does not check

pub mod command;
pub mod dist;
pub mod emulate;
pub mod fuzz;
pub mod judges;
pub mod progress;
pub mod setup;
pub mod smoke;
pub mod test;
pub mod tidy;

pub use error::Error;

mod error;
#[cfg(test)]
mod examples;

use std::path::{Path, PathBuf};

/// The top folder of the repository.
pub fn repository() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Where Cargo puts what it builds for debugging.
pub(crate) fn built() -> PathBuf {
    target().join("debug")
}

/// Where Cargo puts what it optimizes.
pub(crate) fn optimized() -> PathBuf {
    target().join("release")
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}
