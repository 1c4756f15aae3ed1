//! The repository's own chores, in Rust so that nothing else has to be installed first.
//!
//! - [`setup`]: the tools of the tests: ACME clients, and what stands for AWS
//! - [`emulate`]: the bundle deployed on this machine, and events for its functions
//! - [`mod@test`]: `setup`, `sam build`, then `cargo test --workspace`
//! - [`tidy`]: rules of the repository that no compiler knows

pub mod command;
pub mod emulate;
pub mod progress;
pub mod setup;
pub mod test;
pub mod tidy;

pub use error::Error;

mod error;

use std::path::{Path, PathBuf};

/// The top folder of the repository.
pub fn repository() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}
