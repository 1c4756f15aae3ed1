//! The part of this crate that the fuzz targets use. It is built under `cfg(fuzzing)` only.

use http::{HeaderValue, Request, header};

/// Reads and checks the text of a configuration file.
///
/// # Errors
///
/// What is wrong with it, and where, in words for the operator.
pub fn configuration(text: &str) -> Result<(), String> {
    crate::config::check_text(text).map_err(|error| error.to_string())
}

/// Whether a request with this `Host` is answered.
pub fn host(value: &[u8]) -> Option<bool> {
    let value = HeaderValue::from_bytes(value).ok()?;
    Some(crate::host_header::is_acceptable(&Request::get("/").header(header::HOST, value).body(()).ok()?))
}
