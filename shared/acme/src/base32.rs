//! Lower-case base32hex without padding (RFC 4648 §7), for exactly sixteen bytes.
//!
//! base32hex keeps the order of the bytes, so ids that start with a time sort by that time.

/// Length of the text of sixteen bytes, in characters.
pub(crate) const TEXT_LENGTH: usize = 26;

/// Encodes sixteen bytes as 26 characters; the last one carries three bits of data and two zero
/// bits.
pub(crate) fn encode(bytes: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bytes);
    (0..TEXT_LENGTH)
        .map(|position| {
            let shift = 123 - 5 * position as i32;
            let digit = if shift >= 0 { number >> shift } else { number << -shift } as u8 & 31;
            char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 })
        })
        .collect()
}

/// Decodes exactly the texts that [`encode`] produces, so each value has one text.
pub(crate) fn decode(text: &str) -> Option<[u8; 16]> {
    if text.len() != TEXT_LENGTH {
        return None;
    }
    let mut number: u128 = 0;
    for (position, character) in text.bytes().enumerate() {
        let digit = match character {
            b'0'..=b'9' => character - b'0',
            b'a'..=b'v' => character - b'a' + 10,
            _ => return None,
        };
        if position + 1 < TEXT_LENGTH {
            number = number << 5 | u128::from(digit);
        } else if digit & 3 != 0 {
            return None;
        } else {
            number = number << 3 | u128::from(digit >> 2);
        }
    }
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_value_survives_the_round_trip(bytes: [u8; 16]) {
            prop_assert_eq!(decode(&encode(bytes)), Some(bytes));
        }

        #[test]
        fn text_sorts_as_the_bytes_do(a: [u8; 16], b: [u8; 16]) {
            prop_assert_eq!(a.cmp(&b), encode(a).cmp(&encode(b)));
        }

        #[test]
        fn no_two_texts_mean_the_same_value(text in "[0-9a-v]{26}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(bytes), text);
            }
        }
    }
}
