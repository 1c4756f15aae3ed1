//! Contacts of an account (RFC 8555 §7.3): `mailto:` URLs with one plain address each.

use std::{fmt, str::FromStr};

/// A contact URL that was accepted, kept exactly as the client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact(String);

impl Contact {
    /// The contact's URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain of the mail address.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Contact {
    type Err = ContactError;

    fn from_str(text: &str) -> Result<Self, ContactError> {
        let (scheme, address) = text.split_once(':').ok_or(ContactError::NotAUrl)?;
        if !scheme.eq_ignore_ascii_case("mailto") {
            return Err(ContactError::UnsupportedScheme);
        }
        if text.len() > 320 {
            return Err(ContactError::TooLong);
        }
        // RFC 8555 §7.3: no hfields and at most one address.
        if address.contains(['?', ',']) {
            return Err(ContactError::NotOneAddress);
        }
        let (local, domain) = address.rsplit_once('@').ok_or(ContactError::NotAnAddress)?;
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
        let domain_fits = domain
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        if !plain(local) || local.contains(['@', '<', '>', '(', ')', '"']) || !domain_fits {
            return Err(ContactError::NotAnAddress);
        }
        Ok(Self(text.to_owned()))
    }
}

crate::text_form!(Contact);

/// Why a contact is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// The text has no scheme.
    #[error("a contact is a URL such as mailto:admin@example.com")]
    NotAUrl,
    /// The scheme is not `mailto:`; becomes `unsupportedContact`.
    #[error("only mailto: contacts are supported")]
    UnsupportedScheme,
    /// Longer than a mail address can be (320 characters).
    #[error("the contact is longer than 320 characters")]
    TooLong,
    /// The URL has header fields or several addresses.
    #[error("a mailto: contact holds one address and no header fields")]
    NotOneAddress,
    /// The text after `mailto:` is not a mail address.
    #[error("the contact holds no mail address in plain ASCII")]
    NotAnAddress,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_kept_as_written_or_refused_with_their_reason() {
        assert_eq!(
            "mailto:Admin+acme@Example.com".parse::<Contact>().unwrap().as_str(),
            "mailto:Admin+acme@Example.com"
        );
        for (text, reason) in [
            ("", ContactError::NotAUrl),
            ("admin@example.com", ContactError::NotAUrl),
            ("tel:+123", ContactError::UnsupportedScheme),
            ("mailto:", ContactError::NotAnAddress),
            ("mailto:admin", ContactError::NotAnAddress),
            ("mailto:@example.com", ContactError::NotAnAddress),
            ("mailto:a@b@example.com", ContactError::NotAnAddress),
            ("mailto:\u{e9}@example.com", ContactError::NotAnAddress),
            ("mailto:a@example..com", ContactError::NotAnAddress),
            ("mailto:a\r\n@example.com", ContactError::NotAnAddress),
            ("mailto:a@example.com,b@example.com", ContactError::NotOneAddress),
            ("mailto:a@example.com?subject=x", ContactError::NotOneAddress),
        ] {
            assert_eq!(text.parse::<Contact>(), Err(reason), "{text:?}");
        }
    }
}
