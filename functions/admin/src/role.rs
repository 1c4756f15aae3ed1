//! The roles of operators. Each is an alias of the admin function of the same name, and an identity
//! that may invoke one alias and nothing else of the function has that role and no other.
//!
//! Every role may ask what `view` may ask. An invocation without an alias may do everything: it is
//! a right of its own in IAM, and the one that deployments gave before there were roles.

use std::{fmt, str::FromStr};

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Has the root sign: further issuing CAs, and the revocation of one.
    Ceremony,
    /// Decides who gets accounts: external account keys.
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

    /// The name of the role and of its alias.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ceremony => "ceremony",
            Self::Enrol => "enrol",
            Self::Policy => "policy",
            Self::Revoke => "revoke",
            Self::View => "view",
        }
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
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

/// No role has that name.
#[derive(Debug, thiserror::Error)]
#[error("there is no role `{}`; there are {}", .0.escape_debug(), Role::ALL.map(Role::name).join(", "))]
pub struct UnknownRole(String);
