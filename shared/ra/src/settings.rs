//! The settings that apply to all parts of the authority.

use jiff::SignedDuration;

use crate::KeyBlockList;

/// The settings that apply to all profiles.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The base URL of CRLs and issuer certificates: an `http://` URL without a trailing slash.
    /// Without one, certificates contain no such URLs and are valid for at most seven days.
    pub status_url: Option<String>,
    /// The maximum number of orders on a page of a list.
    pub orders_per_page: usize,
    /// For how long profiles, and other decisions of operators, may be answered from memory.
    pub profile_cache: SignedDuration,
    /// How long before its expiry a certificate is reported by an event; zero for never.
    pub expiring: SignedDuration,
    /// The maximum number of certificates that are looked at in one slice of work.
    pub certificates_per_slice: usize,
    /// The list of keys that may not be used, besides those that were reported here.
    pub key_block_list: Option<KeyBlockList>,
    /// What operators may know of the remote perspectives of this host; `None` where no host runs.
    pub perspectives: Option<RemotePerspectives>,
    /// Whether directories may let anyone register.
    pub openness: Openness,
    /// The switches for testing clients that are on, by their keys in the configuration file.
    pub test_switches: Vec<&'static str>,
}

impl Settings {
    /// Whether every challenge is taken for valid.
    pub fn always_valid(&self) -> bool {
        self.test_switches.contains(&"alwaysValid")
    }
}

/// The remote perspectives of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemotePerspectives {
    /// How many there are.
    pub number: usize,
    /// What they lack of the rules for public CAs, in sentences for people; where there are none,
    /// why those that the operator named cannot be used.
    pub weaknesses: Vec<String>,
}

/// Whether a directory may let anyone who reaches it register, without an external account (RFC
/// 8555 §7.3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Openness {
    /// None may: others reach the CA, and its operator did not open it.
    Closed,
    /// Any may: only this machine reaches the CA.
    #[default]
    Local,
    /// Any may, and others reach the CA: its operator opened it.
    Opened,
}

impl Default for Settings {
    /// No status URL, 50 orders on a page, profiles cached for ten seconds, events fourteen days
    /// before expiry, 500 certificates in a slice; a CA that only this machine reaches, without
    /// test switches.
    fn default() -> Self {
        Self {
            status_url: None,
            orders_per_page: 50,
            profile_cache: SignedDuration::from_secs(10),
            expiring: SignedDuration::from_hours(14 * 24),
            certificates_per_slice: 500,
            key_block_list: None,
            perspectives: None,
            openness: Openness::default(),
            test_switches: Vec::new(),
        }
    }
}
