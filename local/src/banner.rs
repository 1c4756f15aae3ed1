//! What `serve` prints once it listens.

use crate::Host;

/// The text.
pub fn banner(host: &Host) -> String {
    format!("{}\n", host.base_url())
}
