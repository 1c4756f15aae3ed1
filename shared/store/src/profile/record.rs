//! Profiles as they are stored.
//!
//! An operator's document refuses members that it does not know, so that a misspelled one is seen. A
//! record must not: a newer version may have written it. The stored form is therefore a type of its own.
//!
//! - Unknown members are passed over at every depth. Those at the top of the record are kept when the
//!   profile is written again.
//! - An unknown challenge type or key type in a list is passed over: what this version cannot do is not
//!   offered. It is lost when the profile is written again.
//! - Every other value that this version does not understand makes the record unreadable: a rule for
//!   identifiers or a usage of keys that was passed over would make certificates that the operator forbids.

mod acme_profile;
mod ra_profile;

use serde::{Deserialize, Serialize};

pub use acme_profile::AcmeProfileRecord;
pub use ra_profile::RaProfileRecord;

/// A value in a list of which a newer version may know more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Listed<T> {
    Known(T),
    Unknown(String),
}

impl<T: Clone> Listed<T> {
    fn all<'a>(values: impl IntoIterator<Item = &'a T>) -> Vec<Self>
    where
        T: 'a,
    {
        values.into_iter().cloned().map(Self::Known).collect()
    }

    fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }
}
