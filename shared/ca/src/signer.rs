//! The seam to whatever holds the private keys: a key management service or a key in this process.

use std::{error::Error, fmt, time::Duration};

use async_trait::async_trait;
use jose::PublicKey;
use serde::{Deserialize, Serialize};

use crate::{IssuerKeyType, Signature, SignatureAlgorithm};

/// Signs with keys that it alone knows.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The public half of a key.
    ///
    /// # Errors
    /// When the key is unknown or cannot be asked for now.
    async fn public_key(&self, key: &KeyHandle) -> Result<PublicKey, SignError>;

    /// Signs `message`, which is the exact DER of what is to be signed and not yet hashed. An ECDSA
    /// signature comes as DER, an RSA signature as it is: both go unchanged into the BIT STRING.
    ///
    /// # Errors
    /// When no signature was made. Asking again is safe: signing the same bytes twice gives two
    /// signatures over one certificate, never two certificates.
    async fn sign(
        &self,
        key: &KeyHandle,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Signature, SignError>;

    /// Makes a key for an issuer of that name, or takes up the one that was made for it before a crash.
    ///
    /// # Errors
    /// [`SignError::MakesNoKeys`] where somebody else makes the keys; when none could be made.
    async fn make_key(&self, _name: &str, _kind: IssuerKeyType) -> Result<KeyHandle, SignError> {
        Err(SignError::MakesNoKeys)
    }
}

/// The name of a key inside a signer; only that signer knows what it means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHandle(String);

impl KeyHandle {
    /// The handle of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
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
    /// There is no key of that name.
    #[error("the signer has no key {0}")]
    UnknownKey(KeyHandle),
    /// Its keys are made elsewhere.
    #[error("this signer makes no keys; make one where they are kept, and give its name")]
    MakesNoKeys,
    /// Too many requests; the same request may pass later.
    #[error("the signer is throttled")]
    Throttled {
        /// When to ask again, if the signer said so.
        retry_after: Option<Duration>,
        /// What the signer said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The signer could not be reached, or failed by itself; the same request may pass later.
    #[error("the signer is unavailable")]
    Unavailable {
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The signer will not do it: no right, wrong algorithm for the key, a disabled key. Asking again
    /// does not help.
    #[error("the signer refused")]
    Refused {
        /// What the signer said.
        source: Box<dyn Error + Send + Sync>,
    },
}
