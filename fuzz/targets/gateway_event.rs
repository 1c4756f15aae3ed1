//! Fuzzes the reader of what API Gateway hands on: its event, with the path, the query, the headers
//! and the body of a request that anyone can send.
#![no_main]

// The crate around it has the whole SDK.
#[path = "../../shared/aws/src/http/event.rs"]
mod event;

use event::Event;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(event) = serde_json::from_slice::<Event>(octets) {
        let _ = &event.request_context.domain_name;
        if let Ok(request) = event.into_request() {
            assert!(request.uri().path().starts_with('/'));
        }
    }
});
