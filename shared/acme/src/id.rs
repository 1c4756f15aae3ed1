//! Ids of accounts, orders, authorizations, keys of external accounts, events and what operators do: 48 bits of milliseconds, then 80 random bits.
//!
//! Time first keeps an account's orders in the order of their making; 80 random bits make an id
//! that nobody can guess, although ownership never rests on that.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::base32;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// An id made at `now` with ten random bytes.
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(time_ordered(now, random))
            }

            /// When it was made, to the millisecond.
            pub fn made_at(&self) -> Timestamp {
                made_at(self.0)
            }

            /// The id right behind this one, for what is made in the same millisecond and comes after it.
            pub fn following(self) -> Self {
                Self(u128::from_be_bytes(self.0).saturating_add(1).to_be_bytes())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base32::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                base32::decode(text).map(Self).ok_or(IdError)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

id!(
    /// Names an account; the last path segment of its URL.
    AccountId
);
id!(
    /// Names an order, and the certificate of that order.
    OrderId
);
id!(
    /// Names an authorization; with a challenge type it names a challenge.
    AuthorizationId
);

id!(
    /// Names a key that binds an account to one elsewhere (RFC 8555 §7.3.4): the `kid` of a binding.
    ExternalAccountKeyId
);

id!(
    /// Names an act of an operator.
    AuditId
);
id!(
    /// Names an event; the same however often it is delivered.
    EventId
);
id!(
    /// Names an incident, for which certificates are replaced before their time (RFC 9773 §4.2).
    IncidentId
);

/// The text is not an id of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 26 characters of lower-case base32hex are")]
pub struct IdError;

fn time_ordered(now: Timestamp, random: [u8; 10]) -> [u8; 16] {
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0).to_be_bytes();
    let mut bytes = [0; 16];
    for (target, source) in bytes.iter_mut().zip(milliseconds.iter().skip(2).chain(&random)) {
        *target = *source;
    }
    bytes
}

fn made_at(id: [u8; 16]) -> Timestamp {
    let milliseconds = id.iter().take(6).fold(0i64, |sum, byte| sum << 8 | i64::from(*byte));
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_behind_earlier_ones() {
        let early = OrderId::new(Timestamp::from_millisecond(1_000).unwrap(), [0xff; 10]);
        let late = OrderId::new(Timestamp::from_millisecond(1_001).unwrap(), [0; 10]);
        assert!(early.to_string() < late.to_string());
        assert!(early < late);
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        let now = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        assert_eq!(OrderId::new(now, [0xff; 10]).made_at(), now);
    }

    #[test]
    fn an_id_reads_back_and_other_text_does_not() {
        let id = AccountId::new(Timestamp::from_second(1_700_000_000).unwrap(), [7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "0", "../../etc", "zzzzzzzzzzzzzzzzzzzzzzzzzz", "0000000000000000000000000A"] {
            assert_eq!(text.parse::<AccountId>(), Err(IdError));
        }
    }
}
