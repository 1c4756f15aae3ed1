//! Who reaches the CA, and what an operator has to say explicitly before others may: that anyone
//! may register, and that the switches for testing clients are meant.

use acme::{Identifier, ProfileName};
use ra::Openness;
use store::{AcmeProfile, ProfileSet};

use crate::{
    Config, StartError,
    config::{DEFAULT, built_in_profiles},
};

impl Config {
    /// Whether directories may let anyone register.
    pub(crate) fn openness(&self) -> Openness {
        match (self.reached_by(), self.open) {
            (None, _) => Openness::Local,
            (Some(_), false) => Openness::Closed,
            (Some(_), true) => Openness::Opened,
        }
    }

    /// The setting by which others than this machine reach the CA; `None` if they do not.
    fn reached_by(&self) -> Option<String> {
        if !self.listen.ip().to_canonical().is_loopback() {
            return Some(format!("it listens on {} (--listen)", self.listen));
        }
        if !self.trusted_proxies.is_empty() {
            return Some(format!("proxies at {} pass on their requests (--trusted-proxies)", self.trusted_proxies));
        }
        let base_url = self.base_url.as_ref().filter(|url| !is_this_machine(url.host()))?;
        Some(format!("its base URL is {base_url} (--base-url)"))
    }

    /// Checks what a first start would make, before anything is made.
    ///
    /// # Errors
    /// [`StartError::Open`], [`StartError::TestSwitches`].
    pub(crate) fn check_first_start(&self) -> Result<(), StartError> {
        let is_named = !self.acme_profiles.is_empty() || !self.ra_profiles.is_empty();
        let built_in = built_in_profiles().acme_profile;
        self.check_open(if is_named { &self.acme_profiles } else { &built_in })?;
        self.check_test_switches(&ProfileSet::default())
    }

    /// Checks the directories that are about to serve.
    ///
    /// # Errors
    /// [`StartError::Open`] if one is open, others reach it, and no operator opened it.
    pub(crate) fn check_open<'a>(&self, profiles: impl IntoIterator<Item = &'a AcmeProfile>) -> Result<(), StartError> {
        let Some(reached_by) = self.reached_by().filter(|_| !self.open) else { return Ok(()) };
        let open = profiles.into_iter().filter(|profile| profile.is_open());
        let open: Vec<&ProfileName> = open.map(|profile| &profile.name).collect();
        if open.is_empty() { Ok(()) } else { Err(refused(&open, reached_by)) }
    }

    /// The refusal of these open directories.
    pub(crate) fn refusal_of_open(&self, profiles: &[ProfileName]) -> StartError {
        refused(&profiles.iter().collect::<Vec<_>>(), self.reached_by().unwrap_or_default())
    }

    /// Checks that the switches for testing clients are not on beside what looks like a CA that
    /// others rely on, unless a second word says that they are meant.
    ///
    /// # Errors
    /// [`StartError::TestSwitches`].
    pub(crate) fn check_test_switches(&self, stored: &ProfileSet) -> Result<(), StartError> {
        let switches = self.test.switched_on();
        if switches.is_empty() || self.allow_test_switches {
            return Ok(());
        }
        // A stored profile of the built-in name may be the built-in one of an earlier version.
        let is_built_in = |profile: &AcmeProfile| profile.name.as_str() == DEFAULT && profile.is_open();
        let stored = stored.acme_profile.iter().filter(|profile| !is_built_in(profile));
        let own = self.acme_profiles.iter().chain(stored).find(|profile| profile.enabled);
        match self.reached_by().or_else(|| own.map(told)) {
            None => Ok(()),
            Some(beside) => Err(StartError::TestSwitches { switches: switches.join(", "), beside }),
        }
    }
}

fn refused(profiles: &[&ProfileName], reached_by: String) -> StartError {
    let profiles: Vec<String> = profiles.iter().map(|name| format!("ACME Profile {name}")).collect();
    StartError::Open { profiles: profiles.join(", "), reached_by }
}

/// A profile that an operator wrote, as a part of a sentence.
fn told(own: &AcmeProfile) -> String {
    let demands = if own.external_account_required { ", which requires external accounts" } else { "" };
    format!("it has the ACME Profile {}{demands}", own.name)
}

/// Whether the host is this machine for any client: `localhost` and names below it (RFC 6761 §6.3),
/// or a loopback address.
fn is_this_machine(host: &Identifier) -> bool {
    match host {
        Identifier::Ip(address) => address.to_canonical().is_loopback(),
        Identifier::Dns(name) | Identifier::Wildcard(name) => {
            let name = name.to_string();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}
