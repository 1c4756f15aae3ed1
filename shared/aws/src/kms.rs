//! The signer on KMS. A key's handle is its ARN; its private half never leaves KMS.
//!
//! What is signed is hashed here and sent as a digest: a message may have 4,096 bytes at most, and a
//! CRL has more. KMS answers ECDSA signatures as DER and RSA signatures as they are, as certificates
//! want them.

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, SHA384, digest};
use aws_sdk_kms::{
    Client,
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
    /// A signer by way of this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Signer for KmsSigner {
    async fn public_key(&self, key: &KeyHandle) -> Result<PublicKey, SignError> {
        let answer = self.client.get_public_key().key_id(key.as_str()).send().await;
        let answer = answer.map_err(|error| classified(key, error))?;
        let spki = answer.public_key().ok_or_else(|| incomplete("a public key"))?;
        // A key that KMS has and our rules refuse does not get better by asking again.
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
            .key_id(key.as_str())
            .message_type(MessageType::Digest)
            .message(Blob::new(digest(hash, message).as_ref()))
            .signing_algorithm(spec);
        let answer = request.send().await.map_err(|error| classified(key, error))?;
        let signature = answer.signature().ok_or_else(|| incomplete("a signature"))?;
        Ok(Signature::new(signature.as_ref().to_vec()).with_request(answer.request_id()))
    }
}

/// What an error means for who wants a signature: whether to ask again, and whether it helps.
fn classified<E, R>(key: &KeyHandle, error: SdkError<E, R>) -> SignError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    let (is_unknown, is_throttled) = (code == "NotFoundException", THROTTLED.contains(&code));
    // Time-outs, lost connections, answers that nobody understands, and rights, which take a while to hold
    // after a deployment: a later try may pass, and the order waits for it.
    let is_final = FINAL.contains(&code);
    let source: BoxError = Box::new(error);
    match (is_unknown, is_throttled, is_final) {
        (true, ..) => SignError::UnknownKey(key.clone()),
        (_, true, _) => SignError::Throttled { retry_after: None, source },
        (_, _, true) => SignError::Refused { source },
        _ => SignError::Unavailable { source },
    }
}

fn incomplete(what: &'static str) -> SignError {
    SignError::Unavailable { source: format!("KMS answered without {what}").into() }
}

/// Codes of a service that has too much to do.
const THROTTLED: [&str; 5] =
    ["ThrottlingException", "Throttling", "LimitExceededException", "RequestLimitExceeded", "TooManyRequestsException"];

/// Codes that stay what they are until the operator changes the key.
const FINAL: [&str; 7] = [
    "DisabledException",
    "InvalidArnException",
    "InvalidGrantTokenException",
    "InvalidKeyUsageException",
    "KMSInvalidStateException",
    "UnsupportedOperationException",
    "ValidationException",
];
