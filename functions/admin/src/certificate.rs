//! Certificates: finding, showing, exporting and revoking them.

use acme::{AccountId, CertificateId, Identifier, OrderId, RevocationReason, Serial};
use jiff::{SignedDuration, Timestamp};
use jose::Thumbprint;
use operator::{Parts, Refusal};
use serde::{Deserialize, Serialize};
use store::{CertificateRecord, CertificateState, IssuerId};

use crate::{Action, AdminError, Listed, page};

/// Finds certificates by one criterion.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindCertificates {
    /// The one criterion that the certificates must meet.
    pub filter: CertificateFilter,
    /// The maximum number of entries, 1 to 1,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u16>,
}

impl Action for FindCertificates {
    type Answer = Listed<ShownCertificate>;

    const NAME: &str = "find-certificates";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Listed<ShownCertificate>, AdminError> {
        let limit = page::size(self.limit)?;
        let (entries, more) = match self.filter {
            CertificateFilter::Id(id) => {
                return Ok(Listed { items: vec![parts.certificates.find(&id).await?.into()], more: false });
            }
            CertificateFilter::Serial(serial) => {
                let serial = Serial::from_hex(&serial).ok_or(AdminError::Serial(serial))?;
                let found = parts.certificates.by_serial(&serial).await?;
                return Ok(Listed { items: found.into_iter().map(ShownCertificate::from).collect(), more: false });
            }
            CertificateFilter::Name(name) => {
                let page = parts.certificates.by_name(&identifier(&name)?, None, limit).await?;
                (page.items, page.more)
            }
            CertificateFilter::Key(key) => {
                let page = parts.certificates.by_key(&key, None, limit).await?;
                (page.items, page.more)
            }
            CertificateFilter::Account(account) => {
                let found = parts.certificates.of_account(account, None, limit).await?;
                (found.certificates, found.next.is_some())
            }
            CertificateFilter::EndingWithinDays(days) => {
                let now = parts.clock.now();
                let until = now.checked_add(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::MAX);
                let page = parts.certificates.ending(now, until, None, limit).await?;
                (page.items, page.more)
            }
        };
        let mut items = Vec::with_capacity(entries.len());
        for entry in entries {
            match parts.certificates.find(&entry.id).await {
                Ok(record) => items.push(record.into()),
                // An entry may lead to a certificate that was never made.
                Err(operator::Error::Refused(Refusal::NotFound)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Listed { items, more })
    }
}

/// Exports a certificate in DER and PEM, with its chain.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportCertificate {
    /// The id of the certificate (RFC 9773 §4.1).
    pub id: CertificateId,
}

impl Action for ExportCertificate {
    type Answer = ExportedCertificate;

    const NAME: &str = "export-certificate";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<ExportedCertificate, AdminError> {
        let chain = parts.certificates.exported_chain(&self.id).await?;
        let leaf = chain.certificates().first().ok_or(operator::Error::Refused(Refusal::NotFound))?;
        Ok(ExportedCertificate { der: leaf.der().to_vec(), pem: leaf.pem(), chain: chain.pem() })
    }
}

/// Revokes a certificate. With the reason keyCompromise, its key is blocked, too.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeCertificate {
    /// The id of the certificate (RFC 9773 §4.1).
    pub id: CertificateId,
    /// The reason, as its code (RFC 5280 §5.3.1).
    pub reason: RevocationReason,
}

impl Action for RevokeCertificate {
    type Answer = ShownCertificate;

    const NAME: &str = "revoke-certificate";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownCertificate, AdminError> {
        Ok(parts.revocations.revoke(actor, &self.id, self.reason).await?.into())
    }
}

/// The criterion by which certificates are found.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CertificateFilter {
    /// The certificate with this id (RFC 9773 §4.1).
    Id(CertificateId),
    /// The certificates with this serial number, in hexadecimal, with or without colons.
    Serial(String),
    /// The certificates for exactly this identifier, latest expiry first.
    Name(String),
    /// The certificates whose public key has this thumbprint (RFC 7638), latest expiry first. On
    /// DynamoDB those of versions up to e70810c are found after `index-keys`.
    Key(Thumbprint),
    /// The certificates of this account's newest orders.
    Account(AccountId),
    /// The certificates that expire within this number of days, earliest expiry first.
    EndingWithinDays(u16),
}

/// A certificate, as operators see it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownCertificate {
    /// The id of the certificate (RFC 9773 §4.1).
    pub id: CertificateId,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// The issuer that signed it.
    pub issuer: IssuerId,
    /// The account that ordered it; absent for the host's own certificate.
    pub account: Option<AccountId>,
    /// The order that it was issued for.
    pub order: Option<OrderId>,
    /// The identifiers in it.
    pub names: Vec<String>,
    /// The start of its validity.
    pub not_before: Timestamp,
    /// The end of its validity.
    pub not_after: Timestamp,
    /// The time of its revocation, if it is revoked.
    pub revoked_at: Option<Timestamp>,
    /// The `CRLReason` code of its revocation (RFC 5280 §5.3.1).
    pub reason: Option<u8>,
    /// The order that replaces it (RFC 9773 §5).
    pub replaced_by: Option<OrderId>,
    /// The certificate in PEM; absent in long lists, and if it was intended but never signed.
    pub pem: Option<String>,
}

impl ShownCertificate {
    /// The certificate without its PEM.
    pub(crate) fn brief(record: CertificateRecord) -> Self {
        Self { pem: None, ..record.into() }
    }
}

impl From<CertificateRecord> for ShownCertificate {
    fn from(record: CertificateRecord) -> Self {
        let pem = match &record.state {
            CertificateState::Intended { .. } => None,
            CertificateState::Issued { der } => {
                ca::Certificate::from_der(der).ok().map(|certificate| certificate.pem())
            }
        };
        Self {
            names: record.identifiers.iter().map(Identifier::to_string).collect(),
            revoked_at: record.revocation.as_ref().map(|revocation| revocation.at),
            reason: record.revocation.as_ref().map(|revocation| revocation.reason.code()),
            replaced_by: record.replacement.map(|replacement| replacement.order),
            serial: record.id.serial().to_string(),
            id: record.id,
            issuer: record.issuer,
            account: record.account,
            order: record.order,
            not_before: record.not_before,
            not_after: record.not_after,
            pem,
        }
    }
}

/// An exported certificate.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ExportedCertificate {
    /// The certificate in DER.
    #[serde(with = "jose::base64url")]
    pub der: Vec<u8>,
    /// The certificate in PEM.
    pub pem: String,
    /// The certificate and its issuers, without the root, in PEM.
    pub chain: String,
}

pub(crate) fn identifier(name: &str) -> Result<Identifier, AdminError> {
    match name.parse() {
        Ok(store::IdentifierRule::Exactly(identifier)) => Ok(identifier),
        _ => Err(AdminError::Name(name.to_owned())),
    }
}
