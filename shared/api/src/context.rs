//! What every function receives: the authority, the URLs and the nonces.

use std::sync::Arc;

use acme::Urls;
use ra::Authority;

use crate::nonce::Nonces;

/// What is shared by all requests of a process.
pub struct Context {
    authority: Arc<Authority>,
    urls: Urls,
    nonces: Nonces,
}

/// What a host may set besides the base URL.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The percentage of good nonces to refuse, which makes clients prove that they retry. For test
    /// CAs only; 0 refuses none.
    pub nonce_refusals: u8,
}

impl Context {
    /// Creates the context for the public base URL, such as `https://ca.example/api`.
    pub fn new(authority: Arc<Authority>, base_url: &str, options: Options) -> Self {
        Self { authority, urls: Urls::new(base_url), nonces: Nonces::new(options.nonce_refusals) }
    }

    /// The authority that answers for every directory.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Builds and parses the URLs below the base URL.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    pub(crate) fn nonces(&self) -> &Nonces {
        &self.nonces
    }
}
