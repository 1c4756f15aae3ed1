//! External account binding (RFC 8555 §7.3.4): an inner JWS with a symmetric key that the CA issued
//! outside of ACME.
//!
//! The MAC algorithms are an enum of their own. Therefore a MAC can never verify an outer JWS, nor
//! a public key a binding.

use std::str::FromStr;

use aws_lc_rs::hmac::{self, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};
use serde_json::value::RawValue;

use crate::{
    MAX_JWS_LEN, MalformedJws, Printable,
    jws::{FlattenedJws, ProtectedHeader},
};

/// A well-formed binding. Its payload cannot be read before the MAC has been verified.
#[derive(Debug)]
pub struct ExternalAccountBinding {
    algorithm: MacAlgorithm,
    kid: String,
    url: String,
    signing_input: Vec<u8>,
    payload: Vec<u8>,
    mac: Vec<u8>,
}

impl ExternalAccountBinding {
    /// Parses the `externalAccountBinding` member of a new-account payload.
    ///
    /// # Errors
    /// It is not a flattened JWS with `alg`, `kid` and `url`, it has a `nonce` or a `jwk`, or its
    /// algorithm is not a MAC algorithm.
    pub fn parse(jws: &RawValue) -> Result<Self, ExternalAccountBindingError> {
        if jws.get().len() > MAX_JWS_LEN {
            return Err(MalformedJws::TooLarge.into());
        }
        let FlattenedJws { protected, signing_input, payload, signature } = FlattenedJws::parse(jws.get())?;
        let header = ProtectedHeader::parse(&protected)?;
        let algorithm = header.string("alg")?;
        let algorithm = algorithm
            .parse()
            .map_err(|_| ExternalAccountBindingError::UnsupportedAlgorithm { algorithm: Printable::new(&algorithm) })?;
        header.forbid("jwk")?;
        header.forbid("nonce")?;
        let (kid, url) = (header.string("kid")?, header.string("url")?);
        Ok(Self { algorithm, kid, url, signing_input, payload, mac: signature })
    }

    /// The `kid` header parameter: the id of the MAC key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The `url` header parameter; it must be equal to that of the outer JWS.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Verifies the MAC in constant time and returns the payload, which must be the account's key
    /// as a JWK.
    ///
    /// RFC 7518 §3.2 requires a key as long as the hash. The client chooses the hash after the key
    /// was made, so 256 bits are enough here for each of them.
    ///
    /// # Errors
    /// The key has fewer than 32 octets, or the MAC is not valid.
    pub fn verify(self, mac_key: &[u8]) -> Result<Vec<u8>, ExternalAccountBindingError> {
        if mac_key.len() < MIN_MAC_KEY_LEN {
            return Err(ExternalAccountBindingError::MacKeyTooShort);
        }
        let key = hmac::Key::new(self.algorithm.hmac(), mac_key);
        hmac::verify(&key, &self.signing_input, &self.mac).map_err(|_| ExternalAccountBindingError::BadMac)?;
        Ok(self.payload)
    }
}

/// A MAC algorithm of a binding (RFC 7518 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl MacAlgorithm {
    /// Every algorithm, in the order of the variants.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The value of the `alg` header parameter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Hs256 => HMAC_SHA256,
            Self::Hs384 => HMAC_SHA384,
            Self::Hs512 => HMAC_SHA512,
        }
    }
}

impl FromStr for MacAlgorithm {
    type Err = UnknownMacAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(UnknownMacAlgorithm)
    }
}

/// The text does not name one of [`MacAlgorithm::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a supported MAC algorithm")]
pub struct UnknownMacAlgorithm;

/// Why a binding is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExternalAccountBindingError {
    /// The inner JWS does not have the required form.
    #[error("external account binding: {0}")]
    Malformed(#[from] MalformedJws),
    /// The algorithm is not one of [`MacAlgorithm::ALL`].
    #[error("external account binding: the algorithm \"{algorithm}\" is not HS256, HS384 or HS512")]
    UnsupportedAlgorithm {
        /// The name that was sent.
        algorithm: Printable,
    },
    /// The MAC key has fewer than 256 bits, which is the fault of the CA that issued it.
    #[error("external account binding: the MAC key is shorter than 256 bits")]
    MacKeyTooShort,
    /// The MAC was not made with this key over this content.
    #[error("external account binding: the MAC is not valid")]
    BadMac,
}

const MIN_MAC_KEY_LEN: usize = 32;
