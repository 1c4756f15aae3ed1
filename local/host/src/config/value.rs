//! The types of settings. They accept the same values on the command line, in the environment and
//! in the file, and their errors say which values are allowed.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use clap::ValueEnum;
use serde::{Deserialize, Deserializer, de::Error};
use tracing::level_filters::LevelFilter;

/// An address with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) SocketAddr);

impl FromStr for Address {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse().map(Self).map_err(|_| ValueError::Address)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A value of the wrong type gets the same error as a wrong text, here and below.
        String::deserialize(deserializer).unwrap_or_default().parse().map_err(D::Error::custom)
    }
}

/// A whole number from `LOW` to `HIGH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Within<const LOW: u16, const HIGH: u16>(pub(crate) u16);

/// A port to connect to.
pub(crate) type Port = Within<1, { u16::MAX }>;

impl<const LOW: u16, const HIGH: u16> TryFrom<i64> for Within<LOW, HIGH> {
    type Error = ValueError;

    fn try_from(number: i64) -> Result<Self, ValueError> {
        let number = u16::try_from(number).ok().filter(|number| (LOW..=HIGH).contains(number));
        number.map(Self).ok_or(ValueError::Number { low: LOW, high: HIGH })
    }
}

impl<const LOW: u16, const HIGH: u16> FromStr for Within<LOW, HIGH> {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        // Text that is not a number gets the same error as a number that is out of bounds.
        Self::try_from(text.parse().unwrap_or(i64::MIN))
    }
}

impl<'de, const LOW: u16, const HIGH: u16> Deserialize<'de> for Within<LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(i64::deserialize(deserializer).unwrap_or(i64::MIN)).map_err(D::Error::custom)
    }
}

/// Seconds, with fractions, and at most a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl TryFrom<f64> for Seconds {
    type Error = ValueError;

    fn try_from(seconds: f64) -> Result<Self, ValueError> {
        if !(0.0..=MAX_SECONDS).contains(&seconds) {
            return Err(ValueError::Seconds);
        }
        Duration::try_from_secs_f64(seconds).map(Self).map_err(|_| ValueError::Seconds)
    }
}

impl FromStr for Seconds {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::try_from(text.parse().unwrap_or(f64::NAN))
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(f64::deserialize(deserializer).unwrap_or(f64::NAN)).map_err(D::Error::custom)
    }
}

/// The format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text, for people to read.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The lowest level that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// Why a value is refused: the message says what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    /// The value is not an IP address with a port.
    #[error("expected an IP address with a port, such as 127.0.0.1:14000 or [::1]:14000")]
    Address,
    /// The value is not a whole number within the bounds.
    #[error("expected a whole number from {low} to {high}")]
    Number {
        /// The lowest value that is accepted.
        low: u16,
        /// The highest value that is accepted.
        high: u16,
    },
    /// The value is not a number of seconds within the bounds.
    #[error("expected a number of seconds from 0 to {MAX_SECONDS}, such as 0.5")]
    Seconds,
}

/// The lease of a validation is one minute; after a longer delay another worker would start it
/// again.
const MAX_SECONDS: f64 = 60.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_their_bounds_are_refused_with_the_bounds() {
        assert_eq!("80".parse(), Ok(Within::<1, 100>(80)));
        for text in ["0", "101", "-1", "70000", "8o", "", "1.5"] {
            let error = text.parse::<Within<1, 100>>().unwrap_err();
            assert_eq!(error.to_string(), "expected a whole number from 1 to 100", "{text}");
        }
    }

    #[test]
    fn seconds_may_have_a_fraction_and_an_end() {
        assert_eq!("0.25".parse(), Ok(Seconds(Duration::from_millis(250))));
        assert_eq!("60".parse(), Ok(Seconds(Duration::from_secs(60))));
        for text in ["-1", "61", "NaN", "inf", "1s", ""] {
            assert_eq!(text.parse::<Seconds>(), Err(ValueError::Seconds), "{text}");
        }
    }
}
