//! What every function is given: the authority, the URLs and the nonces.

use std::sync::Arc;

use acme::Urls;
use ra::Authority;

use crate::nonce::Nonces;

/// The surroundings of a request. One for each process.
pub struct Context {
    authority: Arc<Authority>,
    urls: Urls,
    nonces: Nonces,
}

/// What a host may set beside the base URL.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Refuses this share of good nonces, in percent, to harden clients. For test CAs only.
    pub nonce_refusals: u8,
}

impl Context {
    /// Surroundings below the public base URL, such as `https://ca.example/api`.
    pub fn new(authority: Arc<Authority>, base_url: &str, options: Options) -> Self {
        Self { authority, urls: Urls::new(base_url), nonces: Nonces::new(options.nonce_refusals) }
    }

    /// The authority.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The URLs.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    pub(crate) fn nonces(&self) -> &Nonces {
        &self.nonces
    }
}
