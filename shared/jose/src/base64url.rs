//! Base64url as RFC 7515 §2 defines it: no padding, no white space, no stray bits in the last
//! character. Each octet string has exactly one text, so texts can be compared instead of octets.
//!
//! Serde uses the functions [`serialize`] and [`deserialize`] for fields marked `#[serde(with =
//! "jose::base64url")]`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serializer, de};

/// Encodes octets without padding.
pub fn encode(octets: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}

/// Decodes a text.
///
/// # Errors
/// The text is not what [`encode`] returns for any octets.
pub fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| DecodeError)
}

/// The text is not unpadded, canonical base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct DecodeError;

/// Serializes octets as base64url text.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(octets))
}

/// Deserializes octets from base64url text.
///
/// # Errors
/// The value is not a string, or [`decode`] refuses it.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    decode(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_hold_without_padding() {
        for (octets, text) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")]
        {
            assert_eq!(encode(octets.as_bytes()), text);
            assert_eq!(decode(text), Ok(octets.as_bytes().to_vec()));
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn padding_white_space_the_other_alphabet_and_stray_bits_are_refused() {
        for text in ["Zg==", "Zg=", "Zm8=", " Zg", "Zg\n", "Z g", "+/8", "Zh", "Zm9", "Z", "Zm9vY", "Zm9v\0", "Zé"] {
            assert_eq!(decode(text), Err(DecodeError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn octets_survive_the_round_trip(octets: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&octets)), Ok(octets));
        }

        #[test]
        fn what_decodes_is_the_one_text_of_its_octets(text in "[A-Za-z0-9_=+/-]{0,12}") {
            if let Ok(octets) = decode(&text) {
                prop_assert_eq!(encode(&octets), text);
            }
        }
    }
}
