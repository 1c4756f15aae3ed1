//! The part of this crate that the fuzz targets use: the readers of what servers send. It is built
//! under `cfg(fuzzing)` only.

use crate::{
    host::Host,
    peer_certificate,
    url::{Scheme, Url},
};

/// The URL to which a `Location` on the URL of a challenge leads; `None` when it is not followed.
pub fn redirect(location: &[u8]) -> Option<String> {
    let path = "/.well-known/acme-challenge/token".to_owned();
    let base = Url { scheme: Scheme::Http, host: Host::from_authority("a.test")?, port: 80, path };
    base.join(location).ok().map(|url| url.to_string())
}

/// Whether a certificate in DER validates `a.test` for this digest of a key authorization.
pub fn peer_certificate(leaf: &[u8], digest: &[u8; 32]) -> bool {
    Host::from_authority("a.test").is_some_and(|host| peer_certificate::check(leaf, &host, digest).is_ok())
}
