//! The engine of maps keeps the contract of the store.

use std::sync::Arc;

use explorer::memory::MemoryStore;
use store::Store;

store::contract_tests!(open());

fn open() -> (Arc<dyn Store>, ()) {
    (Arc::new(MemoryStore::default()), ())
}
