//! What every function is given, whatever it does: directories, accounts, nonces, URLs.

use std::sync::Arc;

use acme::Urls;
use authority::Clock;
use jiff::Timestamp;
use ra::{Accounts, Directories, Nonces, Refusals};

use crate::nonce::NonceIssuer;

/// The surroundings of a request. One for each base URL of a process.
pub struct Context {
    admission: Admission,
    urls: Urls,
    nonces: NonceIssuer,
}

/// What every request needs of the authority: its directory, its nonce and its account, whatever it
/// asks for.
#[derive(Clone)]
pub struct Admission {
    directories: Arc<Directories>,
    nonces: Arc<Nonces>,
    accounts: Arc<Accounts>,
    refusals: Arc<Refusals>,
    clock: Arc<dyn Clock>,
}

/// What a host may set beside the base URL.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContextOptions {
    /// Refuses this share of good nonces, in percent, to harden clients. For test CAs only.
    pub nonce_refusals: u8,
}

impl Admission {
    /// By these parts of the authority.
    pub fn new(
        directories: Arc<Directories>,
        nonces: Arc<Nonces>,
        accounts: Arc<Accounts>,
        refusals: Arc<Refusals>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { directories, nonces, accounts, refusals, clock }
    }
}

impl Context {
    /// Surroundings below the public base URL, such as `https://ca.example/api`.
    pub fn new(admission: Admission, base_url: &str, options: ContextOptions) -> Self {
        let nonces = NonceIssuer::new(admission.nonces.clone(), admission.clock.clone(), options.nonce_refusals);
        Self { admission, urls: Urls::new(base_url), nonces }
    }

    /// The time now, to the nanosecond.
    pub fn now(&self) -> Timestamp {
        self.admission.clock.now()
    }

    /// The URLs of all resources below the base.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.admission.accounts
    }

    pub(crate) fn directories(&self) -> &Directories {
        &self.admission.directories
    }

    pub(crate) fn refusals(&self) -> &Refusals {
        &self.admission.refusals
    }

    pub(crate) fn nonces(&self) -> &NonceIssuer {
        &self.nonces
    }
}
