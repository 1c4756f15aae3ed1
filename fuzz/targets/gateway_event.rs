//! Fuzzes the reader of what API Gateway hands on: its event, with the path, the query, the headers
//! and the body of a request that anyone can send. And the reader of the event of a function URL,
//! which names the caller.
#![no_main]

// The crate around them has the whole SDK.
#[path = "../../shared/aws/src/http/event.rs"]
mod event;
#[path = "../../shared/aws/src/http/request.rs"]
mod request;
#[path = "../../shared/aws/src/http/target.rs"]
mod target;

use request::Arrival;
use store::IamPrincipal;

/// The common prefix of the paths of all operations.
const API: &str = "/api";

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(asked) = serde_json::from_str(text).map_err(drop).and_then(|event| enrol::Asked::read(&event).map_err(drop))
        && let Some(principal) = IamPrincipal::of_caller(&asked.caller)
    {
        // What is granted to a principal is granted to no other, in whichever form it is written.
        assert_eq!(principal.as_str().parse(), Ok(principal.clone()));
        assert_eq!(principal.as_str().split(':').nth(4), asked.caller.split(':').nth(4), "the account");
    }
    if let Ok(event) = event::read(text) {
        let arrival = Arrival::from(lambda_http::Request::from(event));
        assert!(arrival.domain.len() <= octets.len());
        let prefix = arrival.target.prefix().to_owned();
        assert!(prefix.is_empty() || prefix.starts_with('/'));
        // Below its own base a request has the path that it was sent to.
        let sent = arrival.target.below(&format!("https://ca.test{prefix}{API}"));
        assert!(sent.starts_with('/'));
        let request = arrival.below(&format!("https://ca.test{prefix}{API}"));
        assert!(request.uri().path() == "/" || request.uri().path() == sent);
    }
});
