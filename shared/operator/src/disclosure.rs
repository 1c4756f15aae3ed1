//! What a setting may say of itself to those who help an operator.
//!
//! Its type decides that, whatever its name is: only the types listed here show their values, and a
//! setting of a type that is not listed cannot be disclosed.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use ca::IssuerKeyType;
use jiff::SignedDuration;
use ra::{Openness, Settings};

/// What a setting may say of itself.
pub trait Disclosure {
    /// The value; or that there is one, if it is for the operator alone.
    fn disclosed(&self) -> String;
}

macro_rules! shown {
    ($($type:ty),+) => {
        $(impl Disclosure for $type {
            fn disclosed(&self) -> String {
                self.to_string()
            }
        })+
    };
}

shown!(bool, u8, u16, u32, usize, SocketAddr, SignedDuration);

impl Disclosure for Duration {
    fn disclosed(&self) -> String {
        format!("{self:?}")
    }
}

impl Disclosure for IssuerKeyType {
    fn disclosed(&self) -> String {
        format!("{self:?}")
    }
}

impl Disclosure for Openness {
    fn disclosed(&self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// Paths contain the names of users.
impl Disclosure for PathBuf {
    fn disclosed(&self) -> String {
        WITHHELD.to_owned()
    }
}

impl<T: Disclosure> Disclosure for Option<T> {
    fn disclosed(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), T::disclosed)
    }
}

/// What is shown instead of a value.
pub const WITHHELD: &str = "(withheld)";

/// What the settings of every host disclose, by their names.
pub fn disclosed(settings: &Settings) -> BTreeMap<String, String> {
    let Settings {
        status_url,
        orders_per_page,
        profile_cache,
        expiring,
        certificates_per_slice,
        key_block_list,
        perspectives,
        openness,
        test_switches,
    } = settings;
    let shown = [
        // It is in every certificate.
        ("statusUrl", status_url.clone().unwrap_or_else(|| "none".to_owned())),
        ("ordersPerPage", orders_per_page.disclosed()),
        ("profileCache", profile_cache.disclosed()),
        ("expiring", expiring.disclosed()),
        ("certificatesPerSlice", certificates_per_slice.disclosed()),
        ("keyBlockList", key_block_list.as_ref().map(|list| list.path().to_owned()).disclosed()),
        ("perspectives", perspectives.as_ref().map(|remote| remote.number).disclosed()),
        ("openness", openness.disclosed()),
        ("testSwitches", test_switches.join(", ")),
    ];
    shown.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
