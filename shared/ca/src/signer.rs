//! The trait of what holds the private keys: a key management service, or a key in this process.

use std::{error::Error, fmt, time::Duration};

use async_trait::async_trait;
use jose::PublicKey;
use serde::{Deserialize, Serialize};

use crate::{IssuerKeyType, Signature, SignatureAlgorithm};

/// Signs with private keys that only the signer has.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The public half of a key.
    ///
    /// # Errors
    /// The key is unknown, or the signer cannot be reached now.
    async fn public_key(&self, key: &KeyHandle) -> Result<PublicKey, SignError>;

    /// Signs `message`, the exact DER that is to be signed, which is not hashed yet. An ECDSA
    /// signature is returned as DER, an RSA signature as its octets: both go into the BIT STRING
    /// unchanged.
    ///
    /// # Errors
    /// No signature was made. Trying again is safe: signing the same bytes twice gives two
    /// signatures of one certificate, never two certificates.
    async fn sign(
        &self,
        key: &KeyHandle,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Signature, SignError>;

    /// Whether two handles name the same key, as far as their names say.
    fn is_same_key(&self, one: &KeyHandle, other: &KeyHandle) -> bool {
        one == other
    }

    /// Makes a key for an issuer with that name, or finds the one that was made for it before a
    /// crash.
    ///
    /// # Errors
    /// [`SignError::MakesNoKeys`] if this signer cannot make keys; otherwise why none could be
    /// made.
    async fn make_key(&self, _name: &str, _kind: IssuerKeyType) -> Result<KeyHandle, SignError> {
        Err(SignError::MakesNoKeys)
    }
}

/// The name of a key in a signer; only that signer knows what it means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHandle(String);

impl KeyHandle {
    /// The handle with that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name, as the signer gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a signer did not sign.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The signer has no key with that name.
    #[error("the signer has no key {0}")]
    UnknownKey(KeyHandle),
    /// The keys of this signer are made elsewhere.
    #[error("this signer cannot create keys; create the key where the signer keeps its keys, and pass its name")]
    MakesNoKeys,
    /// There are too many requests; the same request may succeed later.
    #[error("the signer is throttled")]
    Throttled {
        /// How long to wait, if the signer said so.
        retry_after: Option<Duration>,
        /// The signer's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The signer could not be reached or had a failure of its own; the same request may succeed
    /// later.
    #[error("the signer is unavailable")]
    Unavailable {
        /// The error of the request.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The operator disabled the key or scheduled its deletion. It can be used again when it is
    /// enabled.
    #[error("the key is disabled")]
    Disabled {
        /// The signer's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The signer refuses: no permission, or an algorithm that does not fit the key. Trying again
    /// does not help.
    #[error("the signer refused")]
    Refused {
        /// The signer's error.
        source: Box<dyn Error + Send + Sync>,
    },
}
