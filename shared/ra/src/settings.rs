//! What a host decides once, for all parts of the authority.

use jiff::SignedDuration;

/// What the host decides once, for all profiles.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where relying parties find CRLs and issuer certificates: an `http://` URL without a slash at
    /// its end. Without one, certificates hold no pointers and live seven days at most.
    pub status_url: Option<String>,
    /// How many orders a page of a list has.
    pub orders_per_page: usize,
    /// For how long a profile, and what else operators decide, may be answered from memory.
    pub profile_cache: SignedDuration,
    /// So long before its end a certificate is told as expiring; never when zero.
    pub expiring: SignedDuration,
    /// How many certificates are looked at, at most, in a piece of work on many of them.
    pub certificates_per_slice: usize,
}

impl Default for Settings {
    /// No status URL, 50 orders a page, profiles cached for ten seconds, fourteen days before the
    /// end, 500 certificates a slice.
    fn default() -> Self {
        Self {
            status_url: None,
            orders_per_page: 50,
            profile_cache: SignedDuration::from_secs(10),
            expiring: SignedDuration::from_hours(14 * 24),
            certificates_per_slice: 500,
        }
    }
}
