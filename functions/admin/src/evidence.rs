//! The evidence for a certificate: a document that can be examined without the CA.

use acme::CertificateId;
use operator::Parts;
use serde::{Deserialize, Serialize};

use crate::{Action, AdminError, examination::EvidenceDocument};

/// Shows why a certificate was signed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShowEvidence {
    /// The id of the certificate (RFC 9773 §4.1).
    pub id: CertificateId,
}

impl Action for ShowEvidence {
    type Answer = EvidenceDocument;

    const NAME: &str = "evidence";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<EvidenceDocument, AdminError> {
        let chain = parts.certificates.exported_chain(&self.id).await?;
        let record = parts.certificates.find(&self.id).await?;
        let receipt = parts.certificates.receipt(&record).await?;
        let seal = match &receipt {
            Some(receipt) => parts.certificates.seal(&self.id, receipt).await?.map(|seal| seal.jws),
            None => None,
        };
        let root = parts.certificates.root(&record).await?.map(|root| root.pem());
        Ok(EvidenceDocument { id: self.id, certificate: chain.pem(), root, receipt, seal })
    }
}
