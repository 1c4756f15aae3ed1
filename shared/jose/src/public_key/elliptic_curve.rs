//! Keys that are points: on NIST curves (SEC 1, RFC 5480 §2.2) and on Ed25519 (RFC 8032 §5.1.3).
//!
//! A point has exactly one accepted encoding. Compressed NIST points are refused: they are optional
//! in RFC 5480, a JWK cannot express them, and two encodings of one key would have two hashes.

use const_oid::{
    ObjectIdentifier,
    db::rfc5912::{SECP_256_R_1, SECP_384_R_1, SECP_521_R_1},
};
use ed25519_dalek::VerifyingKey;

use crate::{KeyError, KeyKind, MalformedKey, WeakKey};

/// A NIST curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }

    pub(super) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| *curve.oid() == oid)
    }

    /// The name of the curve in the `crv` member (RFC 7518 §6.2.1.1).
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    pub(super) const fn oid(self) -> &'static ObjectIdentifier {
        match self {
            Self::P256 => &SECP_256_R_1,
            Self::P384 => &SECP_384_R_1,
            Self::P521 => &SECP_521_R_1,
        }
    }

    pub(super) const fn kind(self) -> KeyKind {
        match self {
            Self::P256 => KeyKind::P256,
            Self::P384 => KeyKind::P384,
            Self::P521 => KeyKind::P521,
        }
    }

    /// The length of a coordinate in octets (RFC 7518 §6.2.1.2).
    pub(crate) const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The coordinates of an encoded point, if it is uncompressed and on the curve. The point at
    /// infinity is refused.
    pub(super) fn check(self, point: &[u8]) -> Result<(&[u8], &[u8]), KeyError> {
        let coordinates = match point.split_first() {
            Some((&UNCOMPRESSED, coordinates)) if coordinates.len() == 2 * self.coordinate_len() => coordinates,
            _ => return Err(MalformedKey::SubjectPublicKeyInfo.into()),
        };
        let on_curve = match self {
            Self::P256 => p256::PublicKey::from_sec1_bytes(point).is_ok(),
            Self::P384 => p384::PublicKey::from_sec1_bytes(point).is_ok(),
            Self::P521 => p521::PublicKey::from_sec1_bytes(point).is_ok(),
        };
        if !on_curve {
            return Err(KeyError::PointNotOnCurve);
        }
        Ok(coordinates.split_at(self.coordinate_len()))
    }
}

/// Checks that an Ed25519 key is a point on the curve, in the canonical form that RFC 8032 §5.1.3
/// requires, and not of small order.
pub(super) fn check_ed25519(octets: &[u8; 32]) -> Result<(), KeyError> {
    let key = VerifyingKey::from_bytes(octets).map_err(|_| KeyError::PointNotOnCurve)?;
    if key.is_weak() {
        return Err(WeakKey::SmallOrder.into());
    }
    if key.to_edwards().compress().as_bytes() != octets {
        return Err(KeyError::PointNotOnCurve);
    }
    Ok(())
}

/// First octet of an uncompressed point (SEC 1 §2.3.3).
pub(crate) const UNCOMPRESSED: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_curve_is_found_by_name_and_oid() {
        for curve in Curve::ALL {
            assert_eq!(Curve::from_name(curve.name()), Some(curve));
            assert_eq!(Curve::from_oid(*curve.oid()), Some(curve));
        }
        for name in ["secp256k1", "P-224", "p-256", "Ed25519", ""] {
            assert_eq!(Curve::from_name(name), None);
        }
    }

    #[test]
    fn the_point_at_infinity_and_compressed_points_are_malformed() {
        let compressed = [&[2; 1][..], &[0x11; 32]].concat();
        let hybrid = [&[6; 1][..], &[0x11; 64]].concat();
        for point in [&[][..], &[0], &[4], &compressed, &hybrid, &[4; 64], &[4; 66]] {
            assert_eq!(Curve::P256.check(point), Err(MalformedKey::SubjectPublicKeyInfo.into()), "{point:?}");
        }
    }

    #[test]
    fn coordinates_off_the_curve_or_not_below_the_field_prime_are_refused() {
        for curve in Curve::ALL {
            for octet in [0x00, 0x01, 0xFF] {
                let point = [vec![UNCOMPRESSED], vec![octet; 2 * curve.coordinate_len()]].concat();
                assert_eq!(curve.check(&point), Err(KeyError::PointNotOnCurve));
            }
        }
    }

    #[test]
    fn threat_23_all_points_of_small_order_are_refused() {
        let order_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
        let order_8_negative = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
        let order_1 = format!("01{}", "00".repeat(31));
        let order_2 = format!("ec{}7f", "ff".repeat(30));
        let order_4 = "00".repeat(32);
        for point in [order_8, order_8_negative, &order_1, &order_2, &order_4] {
            for sign in [0x00, 0x80] {
                let mut point = octets(point);
                point[31] ^= sign;
                // The points of order 1 and 2 have x = 0, for which the sign bit cannot be set.
                let refused = check_ed25519(&point).unwrap_err();
                assert!([WeakKey::SmallOrder.into(), KeyError::PointNotOnCurve].contains(&refused));
                assert!(sign != 0 || refused == WeakKey::SmallOrder.into());
            }
        }
    }

    #[test]
    fn an_ed25519_key_that_is_no_point_or_not_canonical_is_refused() {
        // y = 2 is not a point on the curve.
        assert_eq!(check_ed25519(&octets(&format!("02{}", "00".repeat(31)))), Err(KeyError::PointNotOnCurve));
        // y = p + 3 is a second encoding of y = 3.
        let canonical = octets(&format!("03{}", "00".repeat(31)));
        let other = octets(&format!("f0{}7f", "ff".repeat(30)));
        assert_eq!(check_ed25519(&canonical), Ok(()));
        assert_eq!(check_ed25519(&other), Err(KeyError::PointNotOnCurve));
    }

    fn octets(hex: &str) -> [u8; 32] {
        let octet = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..32).map(|index| octet(2 * index)).collect::<Vec<_>>().try_into().unwrap()
    }
}
