//! JWK thumbprints (RFC 7638) with SHA-256, by which ACME binds challenges to account keys (RFC
//! 8555 §8.1).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base64url;

/// The SHA-256 of the canonical JSON of a public key. Its text is base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    pub(crate) const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl FromStr for Thumbprint {
    type Err = ThumbprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let octets = base64url::decode(text).map_err(|_| ThumbprintError)?;
        octets.try_into().map(Self).map_err(|_| ThumbprintError)
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text is not 32 octets in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 thumbprint in base64url")]
pub struct ThumbprintError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_survives_text_and_json() {
        let thumbprint = Thumbprint::new([0xA5; 32]);
        let text = thumbprint.to_string();
        assert_eq!(text.len(), 43);
        assert_eq!(text.parse(), Ok(thumbprint));
        assert_eq!(serde_json::to_string(&thumbprint).unwrap(), format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Thumbprint>(&format!("\"{text}\"")).unwrap(), thumbprint);
    }

    #[test]
    fn other_lengths_and_padding_are_refused() {
        let text = Thumbprint::new([0; 32]).to_string();
        for text in ["", "AAAA", &format!("{text}="), &format!("{text}A"), &text[1..]] {
            assert_eq!(text.parse::<Thumbprint>(), Err(ThumbprintError), "{text}");
        }
    }
}
