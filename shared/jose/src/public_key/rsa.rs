//! The rules for RSA keys. This is the only module that uses the `rsa` crate, and it uses none of
//! its private-key operations.
//!
//! - The modulus has 2048 to 4096 bits: fewer are too weak, and with more the client could make
//!   verification slow.
//! - The exponent is odd, at least 65537 (with a smaller one, padding faults of other verifiers
//!   make forgeries possible) and at most 33 bits long (a longer one makes verification slow, and
//!   the verifying library refuses it).
//! - The modulus has no known weakness: see [`weakness`].
//!
//! Not checked: the lists of keys that a Debian OpenSSL without entropy made (CVE-2008-0166),
//! because this crate contains no such list; the newest of these keys are from 2008, and an
//! operator can block keys by thumbprint. Moduli that share a prime with another key, which only a
//! collection of keys reveals, are not found either, and primality cannot be checked from the
//! public key.

mod weakness;

use rsa::pkcs1::{
    RsaPublicKeyRef, UintRef,
    der::{Decode, Encode},
};

use crate::{KeyError, MalformedKey, WeakKey};

/// A key that passed the rules.
#[derive(Debug)]
pub(super) struct RsaParts<'a> {
    /// The length of the modulus in bits.
    pub(super) bits: usize,
    /// The modulus, big-endian, without leading zeros.
    pub(super) modulus: &'a [u8],
    /// The public exponent, big-endian, without leading zeros.
    pub(super) exponent: &'a [u8],
}

/// The DER RSAPublicKey (RFC 8017 §A.1.1) of two big-endian integers.
pub(crate) fn encode(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>, KeyError> {
    UintRef::new(modulus)
        .and_then(|modulus| {
            let public_exponent = UintRef::new(exponent)?;
            RsaPublicKeyRef { modulus, public_exponent }.to_der()
        })
        .map_err(|_| MalformedKey::MalformedMember("n").into())
}

/// Applies the rules to a DER RSAPublicKey.
pub(super) fn check(der: &[u8]) -> Result<RsaParts<'_>, KeyError> {
    let key = RsaPublicKeyRef::from_der(der).map_err(|_| MalformedKey::SubjectPublicKeyInfo)?;
    let (modulus, exponent) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
    let bits = bit_len(modulus);
    if bits < MIN_BITS {
        return Err(KeyError::RsaTooSmall { bits });
    }
    if bits > MAX_BITS {
        return Err(KeyError::RsaTooLarge { bits });
    }
    if !is_exponent_accepted(exponent) {
        return Err(WeakKey::Exponent.into());
    }
    if let Some(weakness) = weakness::find(modulus) {
        return Err(weakness.into());
    }
    Ok(RsaParts { bits, modulus, exponent })
}

fn bit_len(octets: &[u8]) -> usize {
    let unused = octets.first().map_or(0, |first| first.leading_zeros() as usize);
    8 * octets.len() - unused
}

fn is_exponent_accepted(exponent: &[u8]) -> bool {
    let value = exponent.iter().fold(0u64, |value, octet| value << 8 | u64::from(*octet));
    exponent.len() <= 8 && value % 2 == 1 && (MIN_EXPONENT..=MAX_EXPONENT).contains(&value)
}

const MIN_BITS: usize = 2048;
const MAX_BITS: usize = 4096;
const MIN_EXPONENT: u64 = 65537;
/// The verifying library accepts no longer exponent.
const MAX_EXPONENT: u64 = (1 << 33) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_is_odd_at_least_65537_and_at_most_33_bits_long() {
        let accepted = |value: u64| {
            let octets = value.to_be_bytes();
            is_exponent_accepted(&octets[octets.iter().position(|octet| *octet != 0).unwrap_or(7)..])
        };
        for value in [65537, 65539, (1 << 32) + 1, (1 << 33) - 1] {
            assert!(accepted(value), "{value}");
        }
        for value in [0, 1, 2, 3, 17, 257, 65535, 65536, 65538, (1 << 33) + 1, u64::MAX] {
            assert!(!accepted(value), "{value}");
        }
        // 65537 in the low bits of a longer number.
        assert!(!is_exponent_accepted(&[1, 0, 0, 0, 0, 0, 0, 1, 0, 1]));
    }

    #[test]
    fn the_length_of_the_modulus_is_counted_in_bits() {
        for (octets, bits) in [(&[0x80, 0][..], 16), (&[0x7F, 0xFF], 15), (&[1, 0], 9), (&[0], 0), (&[], 0)] {
            assert_eq!(bit_len(octets), bits);
        }
    }
}
