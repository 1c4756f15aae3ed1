//! The id of a certificate in renewal information (RFC 9773 §4.1): the key identifier of its issuer
//! and its serial number, both in base64url, joined by a dot.

use std::{fmt, str::FromStr};

use jose::base64url;
use serde::{Deserialize, Serialize};

/// Identifies a certificate among those of all issuers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertificateId {
    authority_key_identifier: Vec<u8>,
    serial: Serial,
}

impl CertificateId {
    /// From the `keyIdentifier` of the authority key identifier extension and the serial number.
    pub fn new(authority_key_identifier: Vec<u8>, serial: Serial) -> Self {
        Self { authority_key_identifier, serial }
    }

    /// The key identifier of the issuer.
    pub fn authority_key_identifier(&self) -> &[u8] {
        &self.authority_key_identifier
    }

    /// The serial number, which is unique for that issuer.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (issuer, serial) = (&self.authority_key_identifier, self.serial.as_bytes());
        write!(f, "{}.{}", base64url::encode(issuer), base64url::encode(serial))
    }
}

impl fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateId({self})")
    }
}

impl FromStr for CertificateId {
    type Err = CertificateIdError;

    fn from_str(text: &str) -> Result<Self, CertificateIdError> {
        let (issuer, serial) = text.split_once('.').ok_or(CertificateIdError)?;
        let issuer = base64url::decode(issuer).map_err(|_| CertificateIdError)?;
        let serial = base64url::decode(serial).map_err(|_| CertificateIdError)?;
        if issuer.is_empty() || issuer.len() > 64 {
            return Err(CertificateIdError);
        }
        Ok(Self::new(issuer, Serial::from_der_content(serial).ok_or(CertificateIdError)?))
    }
}

impl TryFrom<String> for CertificateId {
    type Error = CertificateIdError;

    fn try_from(text: String) -> Result<Self, CertificateIdError> {
        text.parse()
    }
}

impl From<CertificateId> for String {
    fn from(id: CertificateId) -> String {
        id.to_string()
    }
}

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
        let mut octets: Vec<u8> = pairs.skip_while(|octet| *octet == 0).collect();
        if octets.first().is_some_and(|first| first & 0x80 != 0) {
            octets.insert(0, 0);
        }
        Self::from_der_content(octets)
    }

    /// A new serial from sixteen random bytes: the top bit is cleared and the next one set, so that
    /// the number is positive and always sixteen octets long, with 126 random bits.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        let [first, ..] = &mut bytes;
        *first = *first & 0x7f | 0x40;
        Self(bytes.to_vec())
    }

    /// The content octets of the INTEGER.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<String> for Serial {
    type Error = CertificateIdError;

    fn try_from(text: String) -> Result<Self, CertificateIdError> {
        let octets = base64url::decode(&text).map_err(|_| CertificateIdError)?;
        Self::from_der_content(octets).ok_or(CertificateIdError)
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

/// The text is not a certificate id (RFC 9773 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate id, which is base64url(authority key identifier) '.' base64url(serial number)")]
pub struct CertificateIdError;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_rfc_9773_reads_back() {
        let text = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";
        let id: CertificateId = text.parse().unwrap();
        assert_eq!(id.serial().as_bytes(), [0x00, 0x87, 0x65, 0x43, 0x21]);
        assert_eq!(id.to_string(), text);
    }

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
        fn a_fresh_serial_is_a_valid_one(random: [u8; 16]) {
            let serial = Serial::from_random(random);
            prop_assert_eq!(Serial::from_der_content(serial.as_bytes().to_vec()), Some(serial));
        }

        #[test]
        fn no_text_panics_and_each_id_has_one_text(text in "\\PC{0,60}") {
            if let Ok(id) = text.parse::<CertificateId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
