//! SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) with the algorithm identifiers of RFC 3279 §2.3.1
//! (RSA), RFC 5480 §2.1.1 (named curves) and RFC 8410 §3 (Ed25519).
//!
//! Parsing is as strict as encoding: the RSA parameters are NULL, those of Ed25519 are absent, and
//! the BIT STRING has no unused bits. Therefore a parsed value encodes to the same octets.

use const_oid::db::{
    rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION},
    rfc8410::ID_ED_25519,
};
use der::{
    Decode, Encode,
    asn1::{AnyRef, BitStringRef},
};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::elliptic_curve::Curve;
use crate::{KeyError, MalformedKey, jwk::EncodedKey};

pub(super) fn decode(der: &[u8]) -> Result<EncodedKey, KeyError> {
    let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| MALFORMED)?;
    let octets = spki.subject_public_key.as_bytes().ok_or(MALFORMED)?;
    let parameters = spki.algorithm.parameters;
    match spki.algorithm.oid {
        ID_EC_PUBLIC_KEY => {
            let curve = parameters.ok_or(MALFORMED)?.decode_as().map_err(|_| KeyError::UnsupportedCurve)?;
            let curve = Curve::from_oid(curve).ok_or(KeyError::UnsupportedCurve)?;
            Ok(EncodedKey::Ec(curve, octets.to_vec()))
        }
        ID_ED_25519 if parameters.is_none() => Ok(EncodedKey::Ed25519(octets.try_into().map_err(|_| MALFORMED)?)),
        RSA_ENCRYPTION if parameters == Some(AnyRef::NULL) => Ok(EncodedKey::Rsa(octets.to_vec())),
        ID_ED_25519 | RSA_ENCRYPTION => Err(MALFORMED.into()),
        _ => Err(KeyError::UnsupportedType),
    }
}

pub(super) fn encode(key: &EncodedKey) -> Result<Vec<u8>, KeyError> {
    let (oid, parameters) = match key {
        EncodedKey::Ec(curve, _) => (ID_EC_PUBLIC_KEY, Some(AnyRef::from(curve.oid()))),
        EncodedKey::Ed25519(_) => (ID_ED_25519, None),
        EncodedKey::Rsa(_) => (RSA_ENCRYPTION, Some(AnyRef::NULL)),
    };
    BitStringRef::from_bytes(key.octets())
        .and_then(|subject_public_key| {
            let algorithm = AlgorithmIdentifierRef { oid, parameters };
            SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der()
        })
        .map_err(|_| MALFORMED.into())
}

const MALFORMED: MalformedKey = MalformedKey::SubjectPublicKeyInfo;
