//! SHA-256 digests of what is stored.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// A SHA-256 digest. Its text is base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// That of these octets.
    pub fn of(octets: &[u8]) -> Self {
        Self(Sha256::digest(octets).into())
    }

    /// That of a document in JSON, without white space, the members of each object sorted by their
    /// names: however it was stored, it has the same digest.
    ///
    /// # Errors
    /// It is not a document, which does not occur.
    pub fn of_document(document: &impl Serialize) -> serde_json::Result<Self> {
        let mut document = serde_json::to_value(document)?;
        // They are sorted already unless another crate asks for the order of insertion.
        document.sort_all_objects();
        Ok(Self::of(&serde_json::to_vec(&document)?))
    }
}

impl From<[u8; 32]> for Sha256Digest {
    fn from(octets: [u8; 32]) -> Self {
        Self(octets)
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&jose::base64url::encode(&self.0))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

impl FromStr for Sha256Digest {
    type Err = Sha256DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let octets = jose::base64url::decode(text).map_err(|_| Sha256DigestError)?;
        octets.try_into().map(Self).map_err(|_| Sha256DigestError)
    }
}

impl Serialize for Sha256Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text is not 32 octets in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 digest in base64url")]
pub struct Sha256DigestError;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_text_reads_back_and_no_other_text_does() {
        let digest = Sha256Digest::of(b"");
        assert_eq!(digest.to_string(), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in ["", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuF", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"] {
            assert_eq!(text.parse::<Sha256Digest>(), Err(Sha256DigestError), "{text}");
        }
    }

    #[test]
    fn a_document_has_the_same_digest_in_whatever_order_its_members_were_written() {
        let read = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let (one, other) = (read(r#"{"a": {"c": 1, "b": 2}, "d": []}"#), read(r#"{"d":[],"a":{"b":2,"c":1}}"#));
        assert_eq!(Sha256Digest::of_document(&one).unwrap(), Sha256Digest::of_document(&other).unwrap());
        assert_eq!(Sha256Digest::of_document(&one).unwrap(), Sha256Digest::of(br#"{"a":{"b":2,"c":1},"d":[]}"#));
        assert_ne!(Sha256Digest::of_document(&json!({"a": 1})).unwrap(), Sha256Digest::of_document(&one).unwrap());
    }
}
