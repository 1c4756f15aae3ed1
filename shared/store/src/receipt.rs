//! Receipts: why a certificate was signed, as it was known right before the signature.
//!
//! A receipt is stored with the intention: no signature for an account is made without one. It has
//! all that it says in itself, because authorizations are deleted long before the certificates that
//! they allowed.

use acme::{AuthorizationId, Identifier, ProfileName, UnknownMembers, ValidationEvidence};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{AcmeProfile, RaProfile};

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
    /// Why the account may have the certificate's identifiers, one for each of them, in their
    /// order.
    pub grounds: Vec<Ground>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
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
