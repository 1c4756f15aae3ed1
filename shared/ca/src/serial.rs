//! Serial numbers of new certificates (RFC 5280 §4.1.2.2).

use std::num::NonZeroU128;

use acme::Serial;

/// The serial number that sixteen random octets give: always sixteen octets long, with 126 random
/// bits, so that it cannot be predicted and is never used twice in practice.
pub fn new_serial(random: [u8; 16]) -> Serial {
    // The top bit would make the number negative, or a seventeenth octet necessary.
    Serial::from(BIT_126 | u128::from_be_bytes(random) & (u128::MAX >> 1))
}

/// Is always set, so that every serial number has the same length.
const BIT_126: NonZeroU128 = NonZeroU128::new(1 << 126).unwrap();

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_new_serial_is_positive_and_sixteen_octets_long_and_keeps_126_random_bits(random: [u8; 16]) {
            let serial = new_serial(random);
            let [first, ..] = random;
            prop_assert_eq!(Serial::from_der_content(serial.as_bytes().to_vec()), Some(serial.clone()));
            prop_assert_eq!(serial.as_bytes().len(), 16);
            prop_assert_eq!(serial.as_bytes()[0], first & 0x3f | 0x40);
            prop_assert_eq!(&serial.as_bytes()[1..], &random[1..]);
        }
    }
}
