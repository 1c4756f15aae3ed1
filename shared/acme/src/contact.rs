//! Contacts of an account (RFC 8555 §7.3): `mailto:` URLs with one plain address each.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer};

use crate::{DnsName, IdentifierError};

/// A contact URL that was accepted, kept as the client wrote it, without blanks around the address
/// and without a dot at its end.
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
        let address = address.trim_matches([' ', '\t']);
        let address = address.strip_suffix('.').unwrap_or(address);
        let url = format!("{scheme}:{address}");
        if url.len() > 320 {
            return Err(ContactError::TooLong);
        }
        // RFC 8555 §7.3: no hfields and at most one address.
        if address.contains(['?', ',']) {
            return Err(ContactError::NotOneAddress);
        }
        let (local, domain) = address.rsplit_once('@').ok_or(ContactError::NotAnAddress)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || PLAIN.contains(&byte);
        if local.is_empty() || !local.bytes().all(plain) {
            return Err(ContactError::Local);
        }
        domain.parse::<DnsName>().map_err(ContactError::Host)?;
        Ok(Self(url))
    }
}

/// Reads the contacts of a record as they are: those that were accepted by older rules stay.
pub(crate) fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Contact>, D::Error> {
    Ok(Vec::<String>::deserialize(deserializer)?.into_iter().map(Contact).collect())
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
    /// The text after `mailto:` has no `@`.
    #[error("the contact holds no mail address: there is no @")]
    NotAnAddress,
    /// The part before the `@` is empty, or has characters that would have to be quoted (RFC 5321
    /// §4.1.2).
    #[error("the part of the mail address before the @ must be plain ASCII without quotes and blanks")]
    Local,
    /// The part after the `@` is not a host name.
    #[error("the host of the mail address is no host name: {0}")]
    Host(#[source] IdentifierError),
}

/// What an address may have before its `@` besides letters and digits: the dot, and `atext` (RFC
/// 5322 §3.2.3).
const PLAIN: &[u8] = b".!#$%&'*+-/=?^_`{|}~";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_an_address_and_a_dot_at_its_end_are_left_out() {
        for text in ["mailto: admin@example.com", "mailto:admin@example.com.", "mailto:\tadmin@example.com. "] {
            assert_eq!(text.parse::<Contact>().unwrap().as_str(), "mailto:admin@example.com", "{text:?}");
        }
    }

    #[test]
    fn a_host_that_is_none_is_named_in_the_refusal() {
        let long = format!("mailto:a@{}.example", "b".repeat(70));
        for (text, reason) in [
            ("mailto:admin@my_host.corp.example", IdentifierError::Character),
            ("mailto:a@-bad-.example", IdentifierError::Hyphen),
            ("mailto:a@example..com", IdentifierError::EmptyLabel),
            ("mailto:a@", IdentifierError::Empty),
            ("mailto:a@192.0.2.1", IdentifierError::NumericTopLevel),
            (long.as_str(), IdentifierError::LabelTooLong),
        ] {
            let error = text.parse::<Contact>().unwrap_err();
            assert_eq!(error, ContactError::Host(reason), "{text:?}");
            assert!(error.to_string().ends_with(&reason.to_string()), "{error}");
        }
    }

    #[test]
    fn a_record_keeps_contacts_that_older_rules_accepted() {
        let read = stored(serde_json::json!(["mailto:a@-bad-.example"])).unwrap();
        assert_eq!(read, [Contact("mailto:a@-bad-.example".to_owned())]);
    }

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
            ("mailto:@example.com", ContactError::Local),
            ("mailto:a@b@example.com", ContactError::Local),
            ("mailto:\u{e9}@example.com", ContactError::Local),
            ("mailto:a b@example.com", ContactError::Local),
            ("mailto:a\r\n@example.com", ContactError::Local),
            ("mailto:\"a\"@example.com", ContactError::Local),
            ("mailto:a@example.com,b@example.com", ContactError::NotOneAddress),
            ("mailto:a@example.com?subject=x", ContactError::NotOneAddress),
        ] {
            assert_eq!(text.parse::<Contact>(), Err(reason), "{text:?}");
        }
    }
}
