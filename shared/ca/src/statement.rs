//! Statements: documents that are signed with the key of an issuer, as JWS in compact form (RFC
//! 7515 §3.1) with the issuer's certificate in the header (`x5c`, §4.1.6).
//!
//! None can be taken for a certificate or a CRL: what is signed of a statement begins with the
//! letters `ey`, and what is signed of those with the octet 0x30.

use base64::{Engine, engine::general_purpose::STANDARD};
use jose::base64url;
use serde::{Deserialize, Serialize};

use crate::{
    Certificate, CertificateError, Issued, Issuer, IssuerError, KeyHandle, SignError, Signature, SignatureAlgorithm,
    SignatureError, Signer,
};

/// A statement whose signature was verified with the key in its own certificate. Whether that is
/// one to be trusted is for those who read it to decide.
#[derive(Clone, Debug)]
pub struct Statement {
    certificate: Certificate,
    payload: Vec<u8>,
}

impl Statement {
    /// Signs a payload as a statement of that type (`typ`, RFC 7515 §4.1.9).
    ///
    /// # Errors
    /// No signature was made, or it is not one of the issuer's key.
    pub async fn sign(
        r#type: &str,
        payload: &[u8],
        issuer: &Issuer,
        signer: &dyn Signer,
        key: &KeyHandle,
    ) -> Result<Issued<String>, StatementError> {
        let algorithm = issuer.algorithm();
        let x5c = [STANDARD.encode(issuer.certificate().der())];
        let header = serde_json::to_vec(&Header { alg: name(algorithm), typ: r#type.to_owned(), x5c })?;
        let signed = format!("{}.{}", base64url::encode(&header), base64url::encode(payload));
        let signature = signer.sign(key, algorithm, signed.as_bytes()).await?;
        algorithm.verify(issuer.public_key(), signed.as_bytes(), &signature)?;
        let octets = base64url::encode(&fixed(algorithm, signature.as_bytes())?);
        Ok(signature.issued(format!("{signed}.{octets}")))
    }

    /// Reads a statement of that type.
    ///
    /// # Errors
    /// The text is not one, or its certificate is not that of a CA whose key signed it.
    pub fn verify(r#type: &str, text: &str) -> Result<Self, StatementError> {
        let (signed, signature) = text.rsplit_once('.').ok_or(StatementError::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(StatementError::Form)?;
        let decode = |part| base64url::decode(part).map_err(|_| StatementError::Form);
        let header: Header = serde_json::from_slice(&decode(header)?)?;
        let [certificate] = &header.x5c;
        let certificate = STANDARD.decode(certificate).map_err(|_| StatementError::Form)?;
        let issuer = Issuer::new(Certificate::from_der(&certificate)?)?;
        let algorithm = issuer.algorithm();
        if header.typ != r#type || header.alg != name(algorithm) {
            return Err(StatementError::Form);
        }
        let signature = Signature::new(stated(algorithm, &decode(signature)?)?);
        algorithm.verify(issuer.public_key(), signed.as_bytes(), &signature)?;
        Ok(Self { certificate: issuer.certificate().clone(), payload: decode(payload)? })
    }

    /// What is stated.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The certificate of the CA that states it.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// The header of a statement. One with other members is refused, since they could be critical (RFC
/// 7515 §4.1.11).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    x5c: [String; 1],
}

/// The name of the algorithm in JWS (RFC 7518 §3.1).
fn name(algorithm: SignatureAlgorithm) -> String {
    match algorithm {
        SignatureAlgorithm::EcdsaSha256 => "ES256",
        SignatureAlgorithm::EcdsaSha384 => "ES384",
        SignatureAlgorithm::RsaSha256 => "RS256",
    }
    .to_owned()
}

/// The signature as JWS has it: the DER of ECDSA becomes two numbers of fixed length (RFC 7518
/// §3.4).
fn fixed(algorithm: SignatureAlgorithm, octets: &[u8]) -> Result<Vec<u8>, StatementError> {
    let malformed = |_| StatementError::Form;
    Ok(match algorithm {
        SignatureAlgorithm::EcdsaSha256 => p256::ecdsa::Signature::from_der(octets).map_err(malformed)?.to_vec(),
        SignatureAlgorithm::EcdsaSha384 => p384::ecdsa::Signature::from_der(octets).map_err(malformed)?.to_vec(),
        SignatureAlgorithm::RsaSha256 => octets.to_vec(),
    })
}

/// The inverse of [`fixed`].
fn stated(algorithm: SignatureAlgorithm, octets: &[u8]) -> Result<Vec<u8>, StatementError> {
    let malformed = |_| StatementError::Form;
    Ok(match algorithm {
        SignatureAlgorithm::EcdsaSha256 => {
            p256::ecdsa::Signature::from_slice(octets).map_err(malformed)?.to_der().as_bytes().to_vec()
        }
        SignatureAlgorithm::EcdsaSha384 => {
            p384::ecdsa::Signature::from_slice(octets).map_err(malformed)?.to_der().as_bytes().to_vec()
        }
        SignatureAlgorithm::RsaSha256 => octets.to_vec(),
    })
}

/// Why there is no statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The text is not a JWS of this type with a certificate.
    #[error("it is not a statement of a CA")]
    Form,
    /// The header or the payload is not JSON of the right form.
    #[error("it is not a statement of a CA: {0}")]
    Json(#[from] serde_json::Error),
    /// Its certificate cannot be read.
    #[error("its certificate cannot be read: {0}")]
    Certificate(#[from] CertificateError),
    /// Its certificate is not that of a CA.
    #[error("its certificate is not that of a CA: {0}")]
    Issuer(#[from] IssuerError),
    /// The signer made no signature.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The signature is not one of the CA's key.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}
