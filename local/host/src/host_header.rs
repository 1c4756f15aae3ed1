//! The `Host` of a request (RFC 9112 §3.2, RFC 9110 §7.2).
//!
//! Nothing here depends on it, since all URLs come from the configuration. But what stands in front
//! or behind may choose by it, and then two parties must not understand the same request
//! differently.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Version, header, uri::Authority};

/// Whether the request says exactly once for which host it is, as its version of HTTP demands.
pub(crate) fn is_acceptable<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => false,
        (Some(host), None) => host.is_empty() || is_authority(host),
        // HTTP/2 has `:authority` in its place, and HTTP/1.0 knows no hosts.
        (None, None) => request.version() != Version::HTTP_11,
    }
}

/// The answer to a request that is not acceptable.
pub(crate) fn refusal() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"A request has exactly one valid Host.\n"));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Whether the value is one host, perhaps with a port. A name may have a comma by its syntax, but
/// then it is what becomes of two lines where something in front joins them.
fn is_authority(host: &HeaderValue) -> bool {
    let authority = host.to_str().ok().and_then(|text| text.parse::<Authority>().ok());
    authority.is_some_and(|authority| !authority.as_str().contains(['@', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: Version, hosts: &[&str]) -> Request<()> {
        let request = Request::get("/").version(version);
        hosts.iter().fold(request, |request, host| request.header(header::HOST, *host)).body(()).unwrap()
    }

    #[test]
    fn a_request_of_http_1_1_has_exactly_one_host() {
        for (version, hosts, is_good) in [
            (Version::HTTP_11, &["ca.example"][..], true),
            (Version::HTTP_11, &["ca.example:443"], true),
            (Version::HTTP_11, &["[::1]:8443"], true),
            (Version::HTTP_11, &[""], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_11, &["ca.example", "ca.example"], false),
            (Version::HTTP_11, &["ca.example", "other.example"], false),
            (Version::HTTP_11, &["ca.example/path"], false),
            (Version::HTTP_11, &["user@ca.example"], false),
            (Version::HTTP_11, &["ca.example,other.example"], false),
            (Version::HTTP_11, &["a b"], false),
            (Version::HTTP_10, &[], true),
            (Version::HTTP_10, &["a", "b"], false),
            (Version::HTTP_2, &[], true),
            (Version::HTTP_2, &["a", "b"], false),
        ] {
            assert_eq!(is_acceptable(&request(version, hosts)), is_good, "{version:?} {hosts:?}");
        }
    }
}
