//! Distinguished names: those of CAs, and the one common name of a leaf (RFC 5280 §4.1.2.4).

use std::borrow::Cow;

use const_oid::db::rfc4519::{COMMON_NAME, ORGANIZATION_NAME};
use der::{
    Decode, Encode, Tag, Tagged,
    asn1::{Any, SetOfVec},
    oid::ObjectIdentifier,
};
use serde::{Deserialize, Serialize};
use x509_cert::{
    attr::AttributeTypeAndValue,
    name::{Name, RdnSequence, RelativeDistinguishedName},
};

/// The name of a root or an issuing CA, which people see when they look at a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AuthorityNameParts", into = "AuthorityNameParts")]
pub struct AuthorityName {
    common_name: String,
    organization: Option<String>,
}

impl AuthorityName {
    /// Checks the parts of a name.
    ///
    /// # Errors
    /// A part is empty, is longer than 64 characters, or has control characters.
    pub fn new(common_name: impl Into<String>, organization: Option<String>) -> Result<Self, AuthorityNameError> {
        let name = Self { common_name: common_name.into(), organization };
        std::iter::once(&name.common_name).chain(&name.organization).try_for_each(|part| check(part))?;
        Ok(name)
    }

    /// The common name.
    pub fn common_name(&self) -> &str {
        &self.common_name
    }

    /// The organization, if there is one.
    pub fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }

    /// The distinguished name, with the organization before the common name.
    pub(crate) fn to_name(&self) -> der::Result<Name> {
        let mut sequence = RdnSequence::default();
        if let Some(organization) = &self.organization {
            sequence.push(relative(ORGANIZATION_NAME, organization)?);
        }
        sequence.push(relative(COMMON_NAME, &self.common_name)?);
        name(&sequence)
    }
}

impl TryFrom<AuthorityNameParts> for AuthorityName {
    type Error = AuthorityNameError;

    fn try_from(parts: AuthorityNameParts) -> Result<Self, AuthorityNameError> {
        Self::new(parts.common_name, parts.organization)
    }
}

impl From<AuthorityName> for AuthorityNameParts {
    fn from(name: AuthorityName) -> Self {
        Self { common_name: name.common_name, organization: name.organization }
    }
}

/// A text that cannot be a part of a CA's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of a CA's name must have 1 to 64 characters and no control characters")]
pub struct AuthorityNameError;

/// The subject of a leaf: one common name, or empty.
pub(crate) fn of_leaf(common_name: Option<&str>) -> der::Result<Name> {
    let mut sequence = RdnSequence::default();
    if let Some(text) = common_name {
        sequence.push(relative(COMMON_NAME, text)?);
    }
    name(&sequence)
}

/// The text of an attribute; `None` if it has a string type that is not in use.
pub(crate) fn text(attribute: &AttributeTypeAndValue) -> Option<&str> {
    let value = &attribute.value;
    match value.tag() {
        // TeletexString is read as ASCII, because in practice it contains nothing else.
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::TeletexString | Tag::VisibleString => {
            std::str::from_utf8(value.value()).ok()
        }
        _ => None,
    }
}

/// The text of an attribute that another program wrote, which may be in two octets for each
/// character.
pub(crate) fn foreign_text(attribute: &AttributeTypeAndValue) -> Option<Cow<'_, str>> {
    match attribute.value.tag() {
        Tag::BmpString => two_octets_each(attribute.value.value()).map(Cow::Owned),
        _ => text(attribute).map(Cow::Borrowed),
    }
}

/// The text of a BMPString: UTF-16 with the higher octet first.
fn two_octets_each(octets: &[u8]) -> Option<String> {
    let (units, rest) = octets.as_chunks::<2>();
    let units: Vec<u16> = units.iter().copied().map(u16::from_be_bytes).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty())
}

/// The maximum length of common name and organization, in characters (RFC 5280 appendix A.1,
/// `ub-common-name`).
pub(crate) const MAX_LENGTH: usize = 64;

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorityNameParts {
    common_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
}

fn check(part: &str) -> Result<(), AuthorityNameError> {
    let fits = (1..=MAX_LENGTH).contains(&part.chars().count());
    if fits && !part.contains(char::is_control) { Ok(()) } else { Err(AuthorityNameError) }
}

fn relative(oid: ObjectIdentifier, text: &str) -> der::Result<RelativeDistinguishedName> {
    let value = Any::new(Tag::Utf8String, text.as_bytes())?;
    Ok(RelativeDistinguishedName::from(SetOfVec::from_iter([AttributeTypeAndValue { oid, value }])?))
}

/// `Name` has no public constructor; its encoding is that of the sequence.
fn name(sequence: &RdnSequence) -> der::Result<Name> {
    Name::from_der(&sequence.to_der()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organization_comes_before_the_common_name() {
        let name = AuthorityName::new("Root X1", Some("Example Ltd".to_owned())).unwrap();
        assert_eq!(name.to_name().unwrap().to_string(), "CN=Root X1,O=Example Ltd");
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        for common_name in ["", "a\nb", &"x".repeat(65)] {
            assert_eq!(AuthorityName::new(common_name, None), Err(AuthorityNameError));
        }
        assert_eq!(AuthorityName::new("x", Some(String::new())), Err(AuthorityNameError));
        assert!(AuthorityName::new("ü".repeat(64), None).is_ok());
        let json = r#"{"common_name":"","organization":"x"}"#;
        assert!(serde_json::from_str::<AuthorityName>(json).is_err());
    }
}
