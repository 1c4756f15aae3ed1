//! JSON Web Keys (RFC 7517) of the types EC and RSA (RFC 7518 §6) and OKP (RFC 8037 §2), public
//! members only.
//!
//! Each key has one text here: coordinates have their full length, integers have no leading zeros,
//! members are in lexicographic order. RFC 7638 hashes that text, so a client and this crate cannot
//! disagree on a thumbprint.

use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Algorithm, KeyError, MalformedKey, Thumbprint, base64url,
    members::{Members, MembersError},
    public_key::{
        elliptic_curve::{Curve, UNCOMPRESSED},
        rsa,
    },
};

/// The public members of a key. They serialize in the canonical form of RFC 7638 §3.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Jwk {
    /// A point on a NIST curve.
    Ec {
        /// The name of the curve: `P-256`, `P-384` or `P-521`.
        crv: &'static str,
        /// The x coordinate in base64url, in the full length of the field.
        x: String,
        /// The y coordinate in base64url, in the full length of the field.
        y: String,
    },
    /// An Ed25519 key; `crv` is always `Ed25519`.
    Okp {
        /// The 32 octets of the key in base64url.
        x: String,
    },
    /// An RSA key.
    Rsa {
        /// The public exponent in base64url.
        e: String,
        /// The modulus in base64url.
        n: String,
    },
}

impl Jwk {
    /// SHA-256 over the canonical text (RFC 7638 §3).
    pub(crate) fn thumbprint(&self) -> Thumbprint {
        let mut hash = Sha256::new();
        let mut separator = "{";
        for (name, value) in self.members() {
            // Values are base64url or registered names: none of their characters needs an escape.
            hash.update(format!("{separator}\"{name}\":\"{value}\""));
            separator = ",";
        }
        hash.update("}");
        Thumbprint::new(hash.finalize().into())
    }

    /// The required members in lexicographic order.
    fn members(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Ec { crv, x, y } => vec![("crv", crv), ("kty", "EC"), ("x", x), ("y", y)],
            Self::Okp { x } => vec![("crv", ED25519), ("kty", "OKP"), ("x", x)],
            Self::Rsa { e, n } => vec![("e", e), ("kty", "RSA"), ("n", n)],
        }
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.members())
    }
}

/// A JWK as a client sent it. Members that are not needed are ignored (RFC 7517 §4).
pub(crate) struct ReceivedJwk<'a>(Members<'a, Value>);

impl<'a> ReceivedJwk<'a> {
    pub(crate) fn parse(json: &'a str) -> Result<Self, KeyError> {
        Ok(Self(Members::parse(json).map_err(MalformedKey::from)?))
    }

    pub(crate) fn from_members(members: Members<'a, Value>) -> Result<Self, KeyError> {
        Ok(Self(members.unique().map_err(MalformedKey::from)?))
    }

    /// The key in its X.509 encoding. Its value has not been checked yet.
    pub(crate) fn encoded_key(&self) -> Result<EncodedKey, KeyError> {
        let key_type = self.string("kty")?;
        if !["EC", "OKP", "RSA"].contains(&key_type) {
            return Err(KeyError::UnsupportedType);
        }
        if let Some(name) = PRIVATE_MEMBERS.into_iter().find(|name| self.0.find(name).is_some()) {
            return Err(MalformedKey::PrivateMember(name).into());
        }
        match key_type {
            "EC" => {
                let curve = Curve::from_name(self.string("crv")?).ok_or(KeyError::UnsupportedCurve)?;
                let mut point = vec![UNCOMPRESSED];
                for name in ["x", "y"] {
                    let coordinate = self.octets(name)?;
                    if coordinate.len() != curve.coordinate_len() {
                        return Err(MalformedKey::MalformedMember(name).into());
                    }
                    point.extend(coordinate);
                }
                Ok(EncodedKey::Ec(curve, point))
            }
            "OKP" => {
                if self.string("crv")? != ED25519 {
                    return Err(KeyError::UnsupportedCurve);
                }
                let point = self.octets("x")?.try_into();
                Ok(EncodedKey::Ed25519(point.map_err(|_| MalformedKey::MalformedMember("x"))?))
            }
            _ => Ok(EncodedKey::Rsa(rsa::encode(&self.integer("n")?, &self.integer("e")?)?)),
        }
    }

    /// The `alg` member, if there is one, must name the algorithm of the key.
    pub(crate) fn check_algorithm(&self, expected: Algorithm) -> Result<(), KeyError> {
        if self.0.find("alg").is_some() && self.string("alg")? != expected.as_str() {
            return Err(KeyError::AlgorithmMismatch { expected });
        }
        Ok(())
    }

    fn string(&self, name: &'static str) -> Result<&str, MalformedKey> {
        let value = self.0.find(name).ok_or(MalformedKey::MissingMember(name))?;
        value.as_str().ok_or(MalformedKey::MalformedMember(name))
    }

    fn octets(&self, name: &'static str) -> Result<Vec<u8>, MalformedKey> {
        base64url::decode(self.string(name)?).map_err(|_| MalformedKey::MalformedMember(name))
    }

    /// Base64urlUInt (RFC 7518 §2): big-endian in as few octets as possible.
    fn integer(&self, name: &'static str) -> Result<Vec<u8>, MalformedKey> {
        let octets = self.octets(name)?;
        match octets.first() {
            None | Some(0) => Err(MalformedKey::MalformedMember(name)),
            Some(_) => Ok(octets),
        }
    }
}

impl From<MembersError> for MalformedKey {
    fn from(error: MembersError) -> Self {
        match error {
            MembersError::NotAnObject => Self::NotAnObject,
            MembersError::RepeatedMember => Self::RepeatedMember,
        }
    }
}

/// The curve name of RFC 8037 §2.
const ED25519: &str = "Ed25519";

/// A key that was parsed but not checked: the contents of the BIT STRING of its
/// SubjectPublicKeyInfo, by type.
pub(crate) enum EncodedKey {
    /// An EC point in the form of SEC 1 §2.3.3.
    Ec(Curve, Vec<u8>),
    /// An Ed25519 key (RFC 8032 §5.1.2).
    Ed25519([u8; 32]),
    /// A DER RSAPublicKey (RFC 8017 §A.1.1).
    Rsa(Vec<u8>),
}

impl EncodedKey {
    pub(crate) fn octets(&self) -> &[u8] {
        match self {
            Self::Ec(_, point) => point,
            Self::Ed25519(point) => point,
            Self::Rsa(der) => der,
        }
    }
}

/// Every private member of the three types, and of symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4;
/// RFC 8037 §2).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwk_serializes_in_the_canonical_form() {
        let ec = Jwk::Ec { crv: "P-256", x: "eA".into(), y: "eQ".into() };
        assert_eq!(serde_json::to_string(&ec).unwrap(), r#"{"crv":"P-256","kty":"EC","x":"eA","y":"eQ"}"#);
        let okp = Jwk::Okp { x: "eA".into() };
        assert_eq!(serde_json::to_string(&okp).unwrap(), r#"{"crv":"Ed25519","kty":"OKP","x":"eA"}"#);
        let rsa = Jwk::Rsa { e: "AQAB".into(), n: "bg".into() };
        assert_eq!(serde_json::to_string(&rsa).unwrap(), r#"{"e":"AQAB","kty":"RSA","n":"bg"}"#);
    }

    #[test]
    fn the_thumbprint_is_the_hash_of_the_serialized_form() {
        for jwk in [
            Jwk::Ec { crv: "P-521", x: "eA".into(), y: "eQ".into() },
            Jwk::Okp { x: "eA".into() },
            Jwk::Rsa { e: "AQAB".into(), n: "bg".into() },
        ] {
            let digest: [u8; 32] = Sha256::digest(serde_json::to_vec(&jwk).unwrap()).into();
            assert_eq!(jwk.thumbprint(), Thumbprint::new(digest));
        }
    }
}
