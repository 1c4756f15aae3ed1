//! The secret of the webhook, and what it signs: the scheme of Standard Webhooks, for which
//! receivers have libraries.

use std::{fs, io, path::Path};

use aws_lc_rs::{hmac, rand};
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::data_folder::write_whole;

/// The MAC key of the signatures.
pub(crate) struct Secret(hmac::Key);

impl Secret {
    /// The secret in a file: `whsec_` and base64 of 24 to 64 octets.
    ///
    /// # Errors
    /// The file cannot be read, or does not contain a secret.
    pub(crate) fn read(path: &Path) -> Result<Self, SecretError> {
        let text = Zeroizing::new(fs::read_to_string(path)?);
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(SecretError::Form)?;
        let key = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| SecretError::Form)?);
        if (24..=64).contains(&key.len()) {
            Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
        } else {
            Err(SecretError::Form)
        }
    }

    /// The secret in a file of the data folder, which is created if it does not exist.
    ///
    /// # Errors
    /// As [`Secret::read`], or the file cannot be created.
    pub(crate) fn ensure(path: &Path) -> Result<Self, SecretError> {
        if !path.exists() {
            let mut key = Zeroizing::new([0; 32]);
            rand::fill(&mut *key).map_err(|_| SecretError::Randomness)?;
            let text = Zeroizing::new(format!("{PREFIX}{}\n", STANDARD.encode(*key)));
            write_whole(path, 0o600, text.as_bytes())?;
        }
        Self::read(path)
    }

    /// The signature of a delivery at `second` (since 1970), as the value of its header.
    pub(crate) fn sign(&self, id: &str, second: i64, body: &[u8]) -> String {
        let mut signing = hmac::Context::with_key(&self.0);
        signing.update(format!("{id}.{second}.").as_bytes());
        signing.update(body);
        format!("v1,{}", STANDARD.encode(signing.sign()))
    }
}

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The file cannot be read or made.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file does not contain a secret.
    #[error("it should hold {PREFIX} and base64 of 24 to 64 octets")]
    Form,
    /// The random number generator failed.
    #[error("the random number generator failed")]
    Randomness,
}

const PREFIX: &str = "whsec_";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("secret");
        // The example of the specification.
        fs::write(&file, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signature = Secret::read(&file).unwrap().sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_made_once_for_its_owner_alone() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("secret");
        let first = Secret::ensure(&file).unwrap().sign("a", 1, b"b");
        assert_eq!(Secret::ensure(&file).unwrap().sign("a", 1, b"b"), first);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("secret");
        assert!(matches!(Secret::read(&file), Err(SecretError::Io(_))));
        for text in ["", "secret", "whsec_", "whsec_YQ==", "whsec_not base64", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            fs::write(&file, text).unwrap();
            assert!(matches!(Secret::read(&file), Err(SecretError::Form)), "{text}");
        }
    }
}
