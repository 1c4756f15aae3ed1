//! Serial numbers of certificates (RFC 5280 §4.1.2.2), in the forms in which they are read and
//! written. The CA chooses them in `ca`.

use std::{fmt, num::NonZeroU128};

use jose::base64url;
use serde::{Deserialize, Serialize};

/// A certificate serial number: the content octets of its DER INTEGER (RFC 5280 §4.1.2.2),
/// positive, at most twenty octets, in the shortest form. Stored as base64url.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial(Vec<u8>);

impl Serial {
    /// Reads the content octets; `None` unless they are a positive DER INTEGER of at most twenty
    /// octets.
    pub fn from_der_content(bytes: Vec<u8>) -> Option<Self> {
        let shortest = match bytes.as_slice() {
            [] | [0] => false,
            [0, second, ..] => second & 0x80 != 0,
            [first, ..] => first & 0x80 == 0,
        };
        (shortest && bytes.len() <= 20).then_some(Self(bytes))
    }

    /// Reads the hexadecimal form that other tools print: digits in either case, with or without
    /// colons and leading zeros.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digit = |sign: char| sign.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let digits: Vec<u8> = text.chars().filter(|sign| *sign != ':').map(digit).collect::<Option<_>>()?;
        // Pairs are taken from the right, because a leading zero may be missing.
        let pairs = digits.rchunks(2).rev().map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit));
        Self::from_der_content(shortest(pairs))
    }

    /// The content octets of the INTEGER.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<NonZeroU128> for Serial {
    fn from(number: NonZeroU128) -> Self {
        Self(shortest(number.get().to_be_bytes().into_iter()))
    }
}

impl TryFrom<String> for Serial {
    type Error = SerialError;

    fn try_from(text: String) -> Result<Self, SerialError> {
        let octets = base64url::decode(&text).map_err(|_| SerialError)?;
        Self::from_der_content(octets).ok_or(SerialError)
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> String {
        base64url::encode(serial.as_bytes())
    }
}

impl fmt::Display for Serial {
    /// Lower-case hexadecimal, two digits for each octet.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

/// The shortest form of a big-endian number: a zero comes first only where the number would be
/// negative without it.
fn shortest(octets: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut octets: Vec<u8> = octets.skip_while(|octet| *octet == 0).collect();
    if octets.first().is_some_and(|first| first & 0x80 != 0) {
        octets.insert(0, 0);
    }
    octets
}

/// The text is not a serial number in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a serial number: a positive DER INTEGER of at most twenty octets")]
pub struct SerialError;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_serial_is_read_as_other_tools_print_it() {
        let serial = Serial::from_der_content(vec![0x00, 0x87, 0x65, 0x0f]).unwrap();
        for text in ["0087650f", "87650F", "87:65:0F", "00:87:65:0f", "000000087650f"] {
            assert_eq!(Serial::from_hex(text).as_ref(), Some(&serial), "{text}");
        }
        for text in ["", "0", "::", "87650g", "0x87", "-1", &"7".repeat(41)] {
            assert_eq!(Serial::from_hex(text), None, "{text}");
        }
        assert_eq!(Serial::from_hex(&serial.to_string()), Some(serial));
    }

    #[test]
    fn serials_that_der_would_not_write_are_refused() {
        for bytes in [vec![], vec![0], vec![0, 1], vec![0x80], vec![1; 21]] {
            assert_eq!(Serial::from_der_content(bytes.clone()), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_gives_a_serial_that_der_would_write(number in 1..=u128::MAX) {
            let serial = Serial::from(NonZeroU128::new(number).unwrap());
            prop_assert_eq!(Serial::from_der_content(serial.as_bytes().to_vec()), Some(serial.clone()));
            prop_assert_eq!(Serial::from_hex(&format!("{number:x}")), Some(serial));
        }
    }
}
