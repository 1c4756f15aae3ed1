//! The engine of the one-process host keeps the contract.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

use std::sync::Arc;

use store::{
    Store,
    embedded::{EmbeddedStore, EngineOptions},
};
use tempfile::TempDir;

store::contract_tests!(open());

fn open() -> (Arc<dyn Store>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path().join("store.redb"), EngineOptions::default()).unwrap();
    (Arc::new(store), folder)
}
