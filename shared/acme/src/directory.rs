//! Directories (RFC 8555 §7.1.1): one for each profile, in two families.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which directory: a family and a name. Accounts, orders and nonces belong to one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DirectoryId {
    /// The family.
    pub family: Family,
    /// The profile's name.
    pub name: ProfileName,
}

/// The two families of directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Named after an ACME Profile; the operator may change which CA stands behind it.
    AcmeProfile,
    /// Named after an RA Profile, which pins the client to it.
    RaProfile,
}

impl fmt::Display for DirectoryId {
    /// The part of the URL that names the directory: `name` or `raProfile/name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family {
            Family::AcmeProfile => self.name.fmt(f),
            Family::RaProfile => write!(f, "{RA_PROFILE}/{}", self.name),
        }
    }
}

impl FromStr for DirectoryId {
    type Err = ProfileNameError;

    fn from_str(text: &str) -> Result<Self, ProfileNameError> {
        match text.split_once('/') {
            Some((RA_PROFILE, name)) => Ok(Self { family: Family::RaProfile, name: name.parse()? }),
            _ => Ok(Self { family: Family::AcmeProfile, name: text.parse()? }),
        }
    }
}

impl TryFrom<String> for DirectoryId {
    type Error = ProfileNameError;

    fn try_from(text: String) -> Result<Self, ProfileNameError> {
        text.parse()
    }
}

impl From<DirectoryId> for String {
    fn from(id: DirectoryId) -> String {
        id.to_string()
    }
}

/// The name of a profile: 1–64 letters, digits, `-`, `_`, `.`, neither `.` nor `..`, and none of the
/// words that would make a path mean two things.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProfileName(String);

impl ProfileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProfileName {
    type Err = ProfileNameError;

    fn from_str(text: &str) -> Result<Self, ProfileNameError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !(1..=64).contains(&text.len()) || !text.bytes().all(fits) || text == "." || text == ".." {
            return Err(ProfileNameError::Shape);
        }
        if RESERVED.contains(&text) {
            return Err(ProfileNameError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ProfileName {
    type Error = ProfileNameError;

    fn try_from(text: String) -> Result<Self, ProfileNameError> {
        text.parse()
    }
}

impl From<ProfileName> for String {
    fn from(name: ProfileName) -> String {
        name.0
    }
}

/// Why a text is no profile name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileNameError {
    /// Wrong length or characters.
    #[error("a profile name has 1 to 64 characters of A-Z a-z 0-9 - _ . and is neither . nor ..")]
    Shape,
    /// A word with a meaning of its own in a path.
    #[error(
        "that word has a meaning of its own in URLs and cannot name a profile: raProfile acct order orders authz chall cert renewal-info"
    )]
    Reserved,
}

/// The directory object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryObject {
    /// URL.
    pub new_nonce: String,
    /// URL.
    pub new_account: String,
    /// URL.
    pub new_order: String,
    /// URL.
    pub new_authz: String,
    /// URL.
    pub revoke_cert: String,
    /// URL.
    pub key_change: String,
    /// URL (RFC 9773 §3).
    pub renewal_info: String,
    /// What else a client should know.
    #[serde(skip_serializing_if = "DirectoryMeta::is_empty")]
    pub meta: DirectoryMeta,
}

/// The directory's metadata; empty members are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryMeta {
    /// The present terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_of_service: Option<String>,
    /// A page about the CA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Names that this CA answers to in CAA records.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caa_identities: Vec<String>,
    /// Whether accounts need an external account binding.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub external_account_required: bool,
    /// Profiles that an order may name, with their descriptions (profiles extension).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, String>,
}

impl DirectoryMeta {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The path segment that introduces family B.
pub(crate) const RA_PROFILE: &str = "raProfile";

/// As an ACME Profile, `raProfile` would shadow family B; as an RA Profile, the others would read as
/// `/acme/raProfile/order/{id}` of an ACME Profile of that name. One list for both keeps names
/// free to move between the kinds.
const RESERVED: [&str; 8] = [RA_PROFILE, "acct", "order", "orders", "authz", "chall", "cert", "renewal-info"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_the_interface() {
        for name in ["default", "a", "A-b_c.d", &"x".repeat(64)] {
            assert!(name.parse::<ProfileName>().is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a/b", "a b", "\u{e9}", "%2e", &"x".repeat(65)] {
            assert_eq!(name.parse::<ProfileName>(), Err(ProfileNameError::Shape), "{name}");
        }
        assert_eq!("raProfile".parse::<ProfileName>(), Err(ProfileNameError::Reserved));
    }

    #[test]
    fn both_families_read_back() {
        for text in ["default", "raProfile/default"] {
            assert_eq!(text.parse::<DirectoryId>().unwrap().to_string(), text);
        }
    }
}
