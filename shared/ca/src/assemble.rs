//! The second half of issuance: a linted TBSCertificate and a signature become a certificate, or
//! nothing.

use jose::PublicKey;

use crate::{
    Certificate, CertificateError, Issued, Issuer, KeyHandle, LintedTbs, SignError, Signature, SignatureError, Signer,
    raw::Signed,
};

impl LintedTbs {
    /// Has the bytes signed and assembles the certificate.
    ///
    /// # Errors
    /// The signer does not sign, or what it signed is not a certificate of this issuer.
    /// When the signer does not sign, or what it signed is not a certificate of this issuer.
    pub async fn sign(
        &self,
        issuer: &Issuer,
        signer: &dyn Signer,
        key: &KeyHandle,
    ) -> Result<Issued<Certificate>, IssueError> {
        let signature = signer.sign(key, self.algorithm(), self.bytes()).await?;
        Ok(signature.issued(self.assemble(&signature, issuer)?))
    }

    /// The same for a root, which is its own issuer.
    ///
    /// # Errors
    /// Those of [`sign`](Self::sign).
    pub async fn sign_root(&self, signer: &dyn Signer, key: &KeyHandle) -> Result<Issued<Certificate>, IssueError> {
        let signature = signer.sign(key, self.algorithm(), self.bytes()).await?;
        Ok(signature.issued(self.assemble_root(&signature)?))
    }

    /// Assembles the certificate, parses it, compares the signed part byte for byte and verifies
    /// the signature with the issuer's key.
    ///
    /// # Errors
    /// One of these steps fails; then there is no certificate.
    pub fn assemble(&self, signature: &Signature, issuer: &Issuer) -> Result<Certificate, AssembleError> {
        let certificate = self.put_together(signature)?;
        self.verify(&certificate, signature, issuer.public_key())?;
        Ok(certificate)
    }

    /// The same for a root, verified with the key that it certifies.
    ///
    /// # Errors
    /// Those of [`assemble`](Self::assemble), and a certificate that is not self-issued.
    pub fn assemble_root(&self, signature: &Signature) -> Result<Certificate, AssembleError> {
        let certificate = self.put_together(signature)?;
        if !certificate.is_self_issued() {
            return Err(AssembleError::NotSelfIssued);
        }
        self.verify(&certificate, signature, certificate.public_key())?;
        Ok(certificate)
    }

    fn put_together(&self, signature: &Signature) -> Result<Certificate, AssembleError> {
        let der = Signed::encode(self.bytes(), self.algorithm(), signature).map_err(CertificateError::Malformed)?;
        let certificate = Certificate::from_der(&der)?;
        if certificate.tbs_bytes() != self.bytes() {
            return Err(AssembleError::OtherBytes);
        }
        Ok(certificate)
    }

    fn verify(&self, certificate: &Certificate, signature: &Signature, key: &PublicKey) -> Result<(), AssembleError> {
        Ok(self.algorithm().verify(key, certificate.tbs_bytes(), signature)?)
    }
}

/// Why a linted TBSCertificate and a signature do not make a certificate.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The result does not parse as a certificate.
    #[error("the assembled certificate cannot be parsed")]
    Certificate(#[from] CertificateError),
    /// The signed part of the result is not what was linted.
    #[error("the assembled certificate does not contain the linted bytes")]
    OtherBytes,
    /// It was to be a root, but issuer and subject differ.
    #[error("the certificate of a root is not its own issuer")]
    NotSelfIssued,
    /// The signature was not made with the issuer's key.
    #[error("the signer's answer does not verify with the key of the issuer")]
    Signature(#[from] SignatureError),
}

/// Why no certificate was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The signer did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// It signed other bytes, or with another key.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
}
