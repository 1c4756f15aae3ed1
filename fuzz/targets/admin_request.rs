//! Fuzzes what operators ask of a CA, and the documents in it: profiles, policies, issuers. Each
//! request is performed on a CA of its own; the action asserts that its answer can be read again.
#![no_main]

use std::{cell::LazyCell, thread_local};

use explorer::world::{World, finish};
use serde_json::Value;

thread_local! {
    static WORLD: LazyCell<World> = LazyCell::new(World::new);
}

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<Value>(octets) {
        WORLD.with(|world| {
            let process = world.copied().process();
            let _ = finish(admin::act(&process.operator, None, request)).map_err(|error| error.to_string());
        });
    }
});
