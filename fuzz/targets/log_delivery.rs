//! Fuzzes the reader of what a subscription of CloudWatch Logs delivers: JSON in gzip in base64 in
//! JSON, and lines in it that hold what clients sent.
#![no_main]

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(text) = std::str::from_utf8(octets) {
        let _ = forward_events::documents(text);
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    if gzip.write_all(octets).is_ok() {
        let data = STANDARD.encode(gzip.finish().unwrap_or_default());
        let _ = forward_events::documents(&format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#));
    }
});
