//! Directories (RFC 8555 §7.1.1): one for each profile, of two kinds.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::Serialize;

/// Identifies a directory. Each account, order and nonce belongs to one directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectoryId {
    /// The kind of profile that the directory is named after.
    pub family: Family,
    /// The name of that profile.
    pub name: ProfileName,
}

/// The two kinds of directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Named after an ACME Profile; the operator can change the CA behind it.
    AcmeProfile,
    /// Named after an RA Profile, so that its clients always get certificates of that profile.
    RaProfile,
}

impl fmt::Display for DirectoryId {
    /// The part of the URL that identifies the directory: `name` or `raProfile/name`.
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

crate::text_form!(DirectoryId);

/// The name of a profile: 1–64 letters, digits, `-`, `_`, `.`, neither `.` nor `..`, and none of
/// the words that would make a path ambiguous.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(String);

impl ProfileName {
    /// The name's text.
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

crate::text_form!(ProfileName);

/// Why a text is not the name of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileNameError {
    /// Its length or one of its characters is not allowed.
    #[error("a profile name has 1 to 64 characters of A-Z a-z 0-9 - _ . and is neither . nor ..")]
    Shape,
    /// It is a word that has a meaning of its own in a path.
    #[error(
        "that word is reserved in URLs and cannot be the name of a profile: raProfile acct order orders authz chall cert renewal-info"
    )]
    Reserved,
}

/// The directory object (RFC 8555 §7.1.1).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryObject {
    /// The URL of newNonce (RFC 8555 §7.2).
    pub new_nonce: String,
    /// The URL of newAccount (RFC 8555 §7.3).
    pub new_account: String,
    /// The URL of newOrder (RFC 8555 §7.4).
    pub new_order: String,
    /// The URL of newAuthz (RFC 8555 §7.4.1).
    pub new_authz: String,
    /// The URL of revokeCert (RFC 8555 §7.6).
    pub revoke_cert: String,
    /// The URL of keyChange (RFC 8555 §7.3.5).
    pub key_change: String,
    /// The URL of renewalInfo (RFC 9773 §3).
    pub renewal_info: String,
    /// The directory's metadata, also when it is empty: some clients read members of it unasked.
    pub meta: DirectoryMeta,
}

/// The directory's metadata (RFC 8555 §7.1.1); empty members are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryMeta {
    /// The URL of the present terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_of_service: Option<String>,
    /// The URL of a page about the CA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// The domain names by which this CA is named in CAA records (RFC 8659).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caa_identities: Vec<String>,
    /// Whether new accounts need an external account binding (RFC 8555 §7.3.4).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub external_account_required: bool,
    /// The profiles that an order may name, with their descriptions (profiles extension).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, String>,
}

/// The path segment before the name of an RA Profile.
pub(crate) const RA_PROFILE: &str = "raProfile";

/// As an ACME Profile, `raProfile` would hide the directories of RA Profiles; as an RA Profile, the
/// other words would be read as `/acme/raProfile/order/{id}` of an ACME Profile called `raProfile`.
/// Both kinds share one list, so that a name can be moved from one kind to the other.
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
