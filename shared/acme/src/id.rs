//! Ids of accounts, orders, authorizations, external account keys, events and audit records: 48
//! bits of milliseconds, then 80 random bits.
//!
//! The time comes first, so that an account's orders sort by their creation. The 80 random bits
//! make an id hard to guess, although access never depends on that.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use crate::base32;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// An id created at `now`, with ten random bytes.
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(time_ordered(now, random))
            }

            /// When the id was created, to the millisecond.
            pub fn made_at(&self) -> Timestamp {
                made_at(self.0)
            }

            /// The next id in order, for an object created after this one in the same millisecond.
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

        crate::text_form!($name);
    };
}

id!(
    /// Identifies an account; the last path segment of its URL.
    AccountId
);
id!(
    /// Identifies an order, and the certificate of that order.
    OrderId
);
id!(
    /// Identifies an authorization; with a challenge type, it identifies a challenge.
    AuthorizationId
);

id!(
    /// Identifies an external account key (RFC 8555 §7.3.4); the `kid` of a binding.
    ExternalAccountKeyId
);

id!(
    /// Identifies the audit record of an operator's action.
    AuditId
);
id!(
    /// Identifies an event; the same however often the event is delivered.
    EventId
);
id!(
    /// Identifies an incident: certificates that have to be replaced early (RFC 9773 §4.2).
    IncidentId
);

/// The text is not an id of this CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id, which has 26 characters of lower-case base32hex")]
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
    fn later_ids_sort_after_earlier_ones() {
        let early = OrderId::new(Timestamp::from_millisecond(1_000).unwrap(), [0xff; 10]);
        let late = OrderId::new(Timestamp::from_millisecond(1_001).unwrap(), [0; 10]);
        assert!(early.to_string() < late.to_string());
        assert!(early < late);
    }

    #[test]
    fn an_id_contains_the_time_of_its_creation() {
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
