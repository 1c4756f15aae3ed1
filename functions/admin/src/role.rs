//! The roles of operators. Each but `ceremony` is an alias of the admin function of the same name,
//! and an identity that may invoke one alias and nothing else of the function has that role and no
//! other. The role `ceremony` is the right to invoke the function that performs ceremonies.
//!
//! Every alias may ask what `view` may ask. An invocation of the admin function without an alias
//! may do everything that the function may: it is a right of its own in IAM, and the one that
//! deployments gave before there were roles.

use std::{fmt, str::FromStr};

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Has the root sign: further issuing CAs, and the revocation of one.
    Ceremony,
    /// Decides who gets accounts: external account keys, and who may mint them for itself.
    Enrol,
    /// Decides how the CA works: profiles, and issuers as far as the root has no part in it.
    Policy,
    /// Takes trust back: certificates, keys, accounts, incidents.
    Revoke,
    /// Asks, and changes nothing.
    View,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ceremony, Self::Enrol, Self::Policy, Self::Revoke, Self::View];

    /// Those that are aliases of the admin function.
    pub const ALIASES: [Self; 4] = [Self::Enrol, Self::Policy, Self::Revoke, Self::View];

    /// The name of the role, and of its alias if it is one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ceremony => "ceremony",
            Self::Enrol => "enrol",
            Self::Policy => "policy",
            Self::Revoke => "revoke",
            Self::View => "view",
        }
    }

    /// The role that this alias of the admin function is.
    pub(crate) fn of_alias(name: &str) -> Result<Self, UnknownRole> {
        Self::among(&Self::ALIASES, name)
    }

    fn among(known: &'static [Self], name: &str) -> Result<Self, UnknownRole> {
        let found = known.iter().find(|role| role.name() == name);
        found.copied().ok_or_else(|| UnknownRole { name: name.to_owned(), known })
    }

    /// Whether it may perform actions of that role.
    pub(crate) fn includes(self, other: Self) -> bool {
        self == other || other == Self::View
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::among(&Self::ALL, name)
    }
}

/// No role has that name.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no role `{}`; there are {}",
    .name.escape_debug(),
    .known.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownRole {
    name: String,
    known: &'static [Role],
}
