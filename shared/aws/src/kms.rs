//! The signer on KMS. A key's handle is its ARN; its private half never leaves KMS. A multi-Region
//! key also signs in the regions that it was replicated to.
//!
//! Messages are hashed here and sent as digests, because KMS accepts messages of at most 4,096
//! bytes and CRLs are larger. KMS returns ECDSA signatures in DER and RSA signatures as raw bytes,
//! which are the forms that certificates contain.

use std::borrow::Cow;

use async_trait::async_trait;
use authority::Metric;
use aws_lc_rs::digest::{SHA256, SHA384, digest};
use aws_sdk_kms::{
    Client,
    config::Region,
    error::{BoxError, ProvideErrorMetadata, SdkError},
    operation::RequestId,
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use ca::{KeyHandle, SignError, Signature, SignatureAlgorithm, Signer};
use jose::PublicKey;

/// Signs with keys in KMS.
#[derive(Clone, Debug)]
pub struct KmsSigner {
    client: Client,
}

impl KmsSigner {
    /// A signer that uses this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The ARN of the key in the region of this client: a multi-Region key has the same id in each
    /// of its regions, and records name it by the ARN of the region in which it was made.
    fn here<'a>(&self, key: &'a KeyHandle) -> Cow<'a, str> {
        let here = self.client.config().region().map(Region::as_ref);
        match (here, key.as_str().splitn(6, ':').collect::<Vec<_>>().as_slice()) {
            (Some(here), [arn, partition, service, region, account, id])
                if *region != here && id.starts_with("key/mrk-") =>
            {
                Cow::Owned([arn, partition, service, here, account, id].join(":"))
            }
            _ => Cow::Borrowed(key.as_str()),
        }
    }
}

#[async_trait]
impl Signer for KmsSigner {
    fn is_same_key(&self, one: &KeyHandle, other: &KeyHandle) -> bool {
        self.here(one) == self.here(other)
    }

    async fn public_key(&self, key: &KeyHandle) -> Result<PublicKey, SignError> {
        let answer = self.client.get_public_key().key_id(self.here(key)).send().await;
        let answer = answer.map_err(|error| classified(key, error))?;
        let spki = answer.public_key().ok_or_else(|| incomplete("a public key"))?;
        // A retry does not help for a key that KMS has but our rules refuse.
        PublicKey::from_spki_der(spki.as_ref()).map_err(|error| SignError::Refused { source: Box::new(error) })
    }

    async fn sign(
        &self,
        key: &KeyHandle,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Signature, SignError> {
        let (hash, spec) = match algorithm {
            SignatureAlgorithm::EcdsaSha256 => (&SHA256, SigningAlgorithmSpec::EcdsaSha256),
            SignatureAlgorithm::EcdsaSha384 => (&SHA384, SigningAlgorithmSpec::EcdsaSha384),
            SignatureAlgorithm::RsaSha256 => (&SHA256, SigningAlgorithmSpec::RsassaPkcs1V15Sha256),
        };
        let request = self
            .client
            .sign()
            .key_id(self.here(key))
            .message_type(MessageType::Digest)
            .message(Blob::new(digest(hash, message).as_ref()))
            .signing_algorithm(spec);
        let answer = request.send().await.map_err(|error| classified(key, error))?;
        let signature = answer.signature().ok_or_else(|| incomplete("a signature"))?;
        Ok(Signature::new(signature.as_ref().to_vec()).with_request(answer.request_id()))
    }
}

/// What an error means for the caller: whether a retry can help.
fn classified<E, R>(key: &KeyHandle, error: SdkError<E, R>) -> SignError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    let (is_unknown, is_throttled) = (code == "NotFoundException", THROTTLED.contains(&code));
    // Time-outs, lost connections, answers that cannot be parsed, and permissions, which take a
    // while to become effective after a deployment: a later try may succeed, and the order waits
    // for it.
    let (is_disabled, is_final) = (DISABLED.contains(&code), FINAL.contains(&code));
    let source: BoxError = Box::new(error);
    match (is_unknown, is_throttled, is_disabled, is_final) {
        (true, ..) => SignError::UnknownKey(key.clone()),
        (_, true, ..) => {
            // KMS has no metric for it.
            Metric::KmsThrottles.measured(1);
            SignError::Throttled { retry_after: None, source }
        }
        (_, _, true, _) => SignError::Disabled { source },
        (.., true) => SignError::Refused { source },
        _ => SignError::Unavailable { source },
    }
}

fn incomplete(what: &'static str) -> SignError {
    SignError::Unavailable { source: format!("KMS answered without {what}").into() }
}

/// Error codes of throttling.
const THROTTLED: [&str; 5] =
    ["ThrottlingException", "Throttling", "LimitExceededException", "RequestLimitExceeded", "TooManyRequestsException"];

/// Error codes of a key that is disabled, or that is to be deleted.
const DISABLED: [&str; 2] = ["DisabledException", "KMSInvalidStateException"];

/// Error codes that persist until the operator changes the key.
const FINAL: [&str; 5] = [
    "InvalidArnException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "UnsupportedOperationException",
    "ValidationException",
];
