//! Revocation: the request (RFC 8555 §7.6) and its reasons (RFC 5280 §5.3.1).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The payload of a revocation request.
#[derive(Clone, Debug, Deserialize)]
pub struct RevocationRequest {
    /// The certificate: base64url of its DER.
    pub certificate: String,
    /// The reason code (RFC 5280 §5.3.1); absent means unspecified.
    pub reason: Option<u64>,
}

/// The reasons that a subscriber may give for a revocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub enum RevocationReason {
    /// No reason given; the CRL entry then carries no reason extension.
    #[default]
    Unspecified,
    /// The private key was compromised.
    KeyCompromise,
    /// The subject's name or other data has changed.
    AffiliationChanged,
    /// Replaced by another certificate.
    Superseded,
    /// No longer needed.
    CessationOfOperation,
    /// A privilege that the certificate states was withdrawn.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// The `CRLReason` code.
    pub fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }
}

impl TryFrom<u64> for RevocationReason {
    type Error = UnknownReason;

    fn try_from(code: u64) -> Result<Self, UnknownReason> {
        Ok(match code {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            9 => Self::PrivilegeWithdrawn,
            _ => return Err(UnknownReason),
        })
    }
}

impl From<RevocationReason> for u64 {
    fn from(reason: RevocationReason) -> u64 {
        reason.code().into()
    }
}

/// The reasons for which the certificate of an issuing CA is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub enum IssuerRevocationReason {
    /// The CA's private key was compromised.
    KeyCompromise,
    /// The CA was compromised, whether or not its key left the place where it is kept.
    CaCompromise,
    /// The CA's name or other data has changed.
    AffiliationChanged,
    /// Replaced by another CA.
    Superseded,
    /// No longer needed.
    CessationOfOperation,
    /// A privilege that the certificate states was withdrawn.
    PrivilegeWithdrawn,
}

impl IssuerRevocationReason {
    /// The `CRLReason` code.
    pub fn code(self) -> u8 {
        match self {
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// Whether someone else may have signed with the key.
    pub fn is_compromise(self) -> bool {
        matches!(self, Self::KeyCompromise | Self::CaCompromise)
    }

    /// The reason for which the certificates of the CA are revoked. The compromise is that of the
    /// CA: the keys of its subscribers stay good.
    pub fn of_leaves(self) -> RevocationReason {
        match self {
            Self::KeyCompromise | Self::CaCompromise | Self::Superseded => RevocationReason::Superseded,
            Self::AffiliationChanged => RevocationReason::AffiliationChanged,
            Self::CessationOfOperation => RevocationReason::CessationOfOperation,
            Self::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
        }
    }
}

impl TryFrom<u64> for IssuerRevocationReason {
    type Error = UnknownIssuerReason;

    fn try_from(code: u64) -> Result<Self, UnknownIssuerReason> {
        Ok(match code {
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            9 => Self::PrivilegeWithdrawn,
            _ => return Err(UnknownIssuerReason),
        })
    }
}

impl From<IssuerRevocationReason> for u64 {
    fn from(reason: IssuerRevocationReason) -> u64 {
        reason.code().into()
    }
}

impl fmt::Display for IssuerRevocationReason {
    /// The name of the reason in RFC 5280.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        })
    }
}

/// The reason code is not one for the certificate of an issuing CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reasons for an issuing CA are 1, 2, 3, 4, 5 and 9")]
pub struct UnknownIssuerReason;

/// The reason code is not one that a subscriber may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("allowed reasons are 0, 1, 3, 4, 5 and 9")]
pub struct UnknownReason;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_reasons_of_the_interface_are_read() {
        let read: Vec<u64> = (0..=20).filter(|code| RevocationReason::try_from(*code).is_ok()).collect();
        assert_eq!(read, [0, 1, 3, 4, 5, 9]);
        for code in read {
            assert_eq!(u64::from(RevocationReason::try_from(code).unwrap()), code);
        }
    }
}
