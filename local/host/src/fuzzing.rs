//! The part of this crate that the fuzz targets use. It is built under `cfg(fuzzing)` only.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderName, HeaderValue, Request, header};

use crate::trusted_proxies::TrustedProxies;

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

/// Who asks when 10.0.0.1, one of the trusted proxies 10.0.0.0/8 and ::1, sends this
/// `X-Forwarded-For`.
pub fn forwarded_for(value: &[u8]) -> Option<IpAddr> {
    let proxies: TrustedProxies = ["10.0.0.0/8", "::1"].iter().filter_map(|proxy| proxy.parse().ok()).collect();
    let value = HeaderValue::from_bytes(value).ok()?;
    let headers = HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), value)]);
    Some(proxies.client(Ipv4Addr::new(10, 0, 0, 1).into(), &headers))
}
