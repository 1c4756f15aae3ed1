//! What every function is given: the authority, the URLs and the nonces.

use std::sync::Arc;

use acme::Urls;
use ra::Authority;

use crate::Nonces;

/// The surroundings of a request. One for each process.
pub struct Context {
    authority: Arc<Authority>,
    urls: Urls,
    origin: String,
    path_prefix: String,
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
        let urls = Urls::new(base_url);
        let base = urls.base();
        let after_scheme = base.find("://").map_or(0, |at| at + "://".len());
        let slash = base.get(after_scheme..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| at + after_scheme);
        let (origin, path_prefix) = base.split_at_checked(slash).unwrap_or((base, ""));
        Self {
            origin: origin.to_owned(),
            path_prefix: path_prefix.to_owned(),
            nonces: Nonces::new(options.nonce_refusals),
            authority,
            urls,
        }
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

    /// The path part of the base URL: `/api`.
    pub(crate) fn path_prefix(&self) -> &str {
        &self.path_prefix
    }

    /// The URL that a request for `target` (path and query) must have been signed for.
    pub(crate) fn url_of(&self, target: &str) -> String {
        format!("{}{target}", self.origin)
    }
}
