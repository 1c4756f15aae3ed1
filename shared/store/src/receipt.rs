//! Receipts: why a certificate was signed, as it was known right before the signature.
//!
//! A receipt is stored with the intention: no signature for an account is made without one. It has
//! all that it says in itself, because authorizations are deleted long before the certificates that
//! they allowed.

use acme::{AuthorizationId, CertificateId, Identifier, ProfileName, UnknownMembers, ValidationEvidence};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{AcmeProfile, RaProfile, Sha256Digest};

/// Why the CA signed a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// When all of it was examined, in whole seconds: right before the certificate was intended.
    pub at: Timestamp,
    /// The ACME Profile whose rules applied. The certificate's record names the RA Profile.
    pub acme_profile: ProfileName,
    /// The version of the rules: see [`rules_version`].
    pub rules: String,
    /// The digest of what is signed, the TBSCertificate.
    pub tbs: Sha256Digest,
    /// The digest of the grounds.
    pub grounds_digest: Sha256Digest,
    /// Why the account may have the certificate's identifiers, one for each of them, in their
    /// order.
    pub grounds: Vec<Ground>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

/// Everything in a receipt that is known before the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    /// See [`Receipt::at`].
    pub at: Timestamp,
    /// See [`Receipt::acme_profile`].
    pub acme_profile: ProfileName,
    /// See [`Receipt::rules`].
    pub rules: String,
    /// See [`Receipt::grounds`].
    pub grounds: Vec<Ground>,
}

impl Basis {
    /// The receipt of the certificate with this TBSCertificate.
    ///
    /// # Errors
    /// The grounds are not a document, which does not occur.
    pub fn receipt(self, tbs: &[u8]) -> serde_json::Result<Receipt> {
        let Self { at, acme_profile, rules, grounds } = self;
        let (tbs, grounds_digest) = (Sha256Digest::of(tbs), Sha256Digest::of_document(&grounds)?);
        Ok(Receipt { at, acme_profile, rules, tbs, grounds_digest, grounds, unknown: UnknownMembers::default() })
    }
}

impl Receipt {
    /// The digest by which the receipt of this certificate is sealed. It is the same with and
    /// without the grounds, whose own digest is in the receipt.
    ///
    /// # Errors
    /// The receipt is not a document, which does not occur.
    pub fn digest(&self, certificate: &CertificateId) -> serde_json::Result<Sha256Digest> {
        let mut receipt = serde_json::to_value(self)?;
        receipt.as_object_mut().and_then(|members| members.remove("grounds"));
        Sha256Digest::of_document(&json!({ "certificate": certificate, "receipt": receipt }))
    }

    /// Whether its grounds are those that it was made with.
    ///
    /// # Errors
    /// The grounds are not a document, which does not occur.
    pub fn has_its_grounds(&self) -> serde_json::Result<bool> {
        Ok(Sha256Digest::of_document(&self.grounds)? == self.grounds_digest)
    }
}

/// Why an account may have certificates for an identifier: a valid authorization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ground {
    /// What it is for, with `*.` if that is a wildcard.
    #[serde(rename = "for")]
    pub identifier: Identifier,
    /// The id of the authorization.
    #[serde(rename = "by")]
    pub authorization: AuthorizationId,
    /// How control was shown. `None` where it was not, because the identifier is pre-approved, and
    /// where a version validated that kept no evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<ValidationEvidence>,
    /// The operator's rule that approved the identifier for the external account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_approval: Option<String>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

/// The version of the rules of two profiles: 96 bits of the SHA-256 digest of their documents, in
/// hexadecimal. It is another one after each change of either profile.
///
/// # Errors
/// A profile is not a document, which does not occur.
pub fn rules_version(acme: &AcmeProfile, ra: &RaProfile) -> serde_json::Result<String> {
    let digest = Sha256::digest(serde_json::to_vec(&(acme, ra))?);
    Ok(digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_digest_depends_on_the_certificate_and_all_members_and_not_on_whether_the_grounds_are_here() {
        let ground = |name: &str| Ground {
            identifier: Identifier::Dns(name.parse().unwrap()),
            authorization: AuthorizationId::new(Timestamp::UNIX_EPOCH, [7; 10]),
            evidence: None,
            pre_approval: None,
            unknown: UnknownMembers::default(),
        };
        let basis = |name| Basis {
            at: Timestamp::UNIX_EPOCH,
            acme_profile: "web".parse().unwrap(),
            rules: "0".to_owned(),
            grounds: vec![ground(name)],
        };
        let id: CertificateId = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".parse().unwrap();
        let other: CertificateId = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyA".parse().unwrap();
        let receipt = basis("a.test").receipt(b"tbs").unwrap();
        let digest = receipt.digest(&id).unwrap();
        assert!(receipt.has_its_grounds().unwrap());
        let without = Receipt { grounds: Vec::new(), ..receipt.clone() };
        assert_eq!(without.digest(&id).unwrap(), digest);
        assert!(!without.has_its_grounds().unwrap());
        let others = [
            receipt.digest(&other),
            basis("b.test").receipt(b"tbs").unwrap().digest(&id),
            basis("a.test").receipt(b"another").unwrap().digest(&id),
            Receipt { at: Timestamp::MAX, ..receipt.clone() }.digest(&id),
            Receipt { rules: "1".to_owned(), ..receipt }.digest(&id),
        ];
        for changed in others {
            assert_ne!(changed.unwrap(), digest);
        }
    }

    #[test]
    fn the_rules_have_another_version_after_a_change_of_either_profile() {
        let acme = AcmeProfile::new("web".parse().unwrap());
        let ra = RaProfile::new("web".parse().unwrap(), "issuing".parse().unwrap());
        let version = rules_version(&acme, &ra).unwrap();
        assert_eq!((version.len(), &version), (24, &rules_version(&acme, &ra).unwrap()));
        let stricter = AcmeProfile { allow_wildcards: false, ..acme.clone() };
        assert_ne!(rules_version(&stricter, &ra).unwrap(), version);
        let shorter = RaProfile { policies: vec!["1.2.3".parse().unwrap()], ..ra };
        assert_ne!(rules_version(&acme, &shorter).unwrap(), version);
    }
}
