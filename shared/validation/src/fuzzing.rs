//! The readers of what servers send, for the fuzz targets. Built only under `cfg(fuzzing)`.

use crate::{
    host::Host,
    tls_alpn_01,
    url::{Scheme, Url},
};

/// The URL to which a `Location` leads from the URL of a challenge; `None` if it is not followed.
pub fn redirect(location: &[u8]) -> Option<String> {
    let path = "/.well-known/acme-challenge/token".to_owned();
    let base = Url { scheme: Scheme::Http, host: Host::from_authority("a.test")?, port: 80, path };
    base.join(location).ok().map(|url| url.to_string())
}

/// Whether a certificate in DER validates `a.test` for this digest of a key authorization.
pub fn peer_certificate(leaf: &[u8], digest: &[u8; 32]) -> bool {
    Host::from_authority("a.test").is_some_and(|host| tls_alpn_01::check(leaf, &host, digest).is_ok())
}
