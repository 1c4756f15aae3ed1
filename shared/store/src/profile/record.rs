//! Profiles as they are stored.
//!
//! A document of an operator rejects unknown members, so that misspelled ones are noticed. A record
//! must accept them, because a newer version may have written it. The stored form is therefore a
//! separate type.
//!
//! - Unknown members are ignored at every depth. Those at the top level of the record are kept when
//!   the profile is written again.
//! - An unknown challenge type or key type in a list is ignored, because this version cannot offer
//!   it. It is lost when the profile is written again.
//! - Any other value that this version does not understand makes the record unreadable: ignoring a
//!   rule for identifiers or a key usage could issue certificates that the operator forbids.

mod acme_profile;
mod ra_profile;

use serde::{Deserialize, Serialize};

pub use acme_profile::AcmeProfileRecord;
pub use ra_profile::RaProfileRecord;

/// A value of a list in which a newer version may have written values that this version does not
/// know.
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
