//! The id of a certificate in renewal information (RFC 9773 §4.1): the key identifier of its issuer
//! and its serial number, both in base64url, joined by a dot.

use std::{fmt, str::FromStr};

use jose::base64url;

use crate::Serial;

/// Identifies a certificate among those of all issuers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

crate::text_form!(CertificateId);

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

    proptest! {
        #[test]
        fn no_text_panics_and_each_id_has_one_text(text in "\\PC{0,60}") {
            if let Ok(id) = text.parse::<CertificateId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
