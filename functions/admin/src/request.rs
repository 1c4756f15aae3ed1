//! Requests.

use acme::{
    AccountId, AccountStatus, AuditId, CertificateId, ExternalAccountKeyId, IncidentId, ProfileName, RevocationReason,
};
use ca::KeyHandle;
use jose::Thumbprint;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{IdentifierRule, IssuerId, Position};

use crate::{
    AccountFilter, AdminError, AuditFilter, CertificateFilter, CertificateSelection, ExplainedSubject,
    IncidentDocument, IssuerTerms, ProfileDocuments, ProfileKind, RequestError, RequestTerms,
};

/// A request.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// How the CA is.
    Status {},
    /// What is not as it should be, and what to do.
    Doctor {},
    /// All profiles.
    Profiles {},
    /// Profiles of one kind, by name.
    ListProfiles {
        /// Of which kind.
        kind: ProfileKind,
        /// Those behind this one.
        #[serde(default)]
        after: Option<ProfileName>,
        /// So many at most.
        #[serde(default)]
        limit: Option<u16>,
    },
    /// Makes profiles of documents: all of them, or none when one is refused.
    ApplyProfiles {
        /// The documents.
        profiles: ProfileDocuments,
        /// The documents say everything: a field that they leave out has its default, and a profile that they leave
        /// out is deleted. Otherwise what is left out stays as it is stored.
        #[serde(default)]
        exact: bool,
        /// Only looks at what would change.
        #[serde(default)]
        dry_run: bool,
        /// The differences as they were shown to whoever agreed to them. Refused when others came of it meanwhile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown: Option<Value>,
    },
    /// Deletes a profile that no other one leads to.
    DeleteProfile {
        /// Of which kind.
        kind: ProfileKind,
        /// Which one.
        name: ProfileName,
    },
    /// Makes a key of an external account.
    MintExternalAccountKey {
        /// For how long accounts can be bound with it.
        #[serde(default = "thirty")]
        days: u32,
        /// For people.
        #[serde(default)]
        label: String,
        /// The ACME Profile in which it binds accounts; every one when absent.
        #[serde(default)]
        profile: Option<ProfileName>,
        /// The names that its accounts may ask for; all when there is no rule.
        #[serde(default)]
        scope: Vec<IdentifierRule>,
        /// How many accounts it may bind; any number when `null`.
        #[serde(default = "one")]
        accounts: Option<u32>,
    },
    /// The keys of external accounts, oldest first.
    ExternalAccountKeys {
        /// Those behind this one.
        #[serde(default)]
        after: Option<ExternalAccountKeyId>,
        /// So many at most.
        #[serde(default)]
        limit: Option<u16>,
    },
    /// Makes a key of an external account with the terms of another one, which ends.
    RotateExternalAccountKey {
        /// The other one.
        id: ExternalAccountKeyId,
        /// After so many days; at once when 0.
        #[serde(default)]
        overlap_days: u32,
    },
    /// Takes a key of an external account back.
    RevokeExternalAccountKey {
        /// Which one.
        id: ExternalAccountKeyId,
    },
    /// Accounts of all directories.
    FindAccounts {
        /// Which ones.
        filter: AccountFilter,
        /// So many at most.
        #[serde(default)]
        limit: Option<u16>,
    },
    /// Enables, disables or ends an account.
    SetAccountStatus {
        /// Which one.
        id: AccountId,
        /// `revoked` is disabled.
        status: AccountStatus,
    },
    /// Certificates.
    FindCertificates {
        /// Which ones.
        filter: CertificateFilter,
        /// So many at most.
        #[serde(default)]
        limit: Option<u16>,
    },
    /// A certificate as files hold it.
    ExportCertificate {
        /// Which one.
        id: CertificateId,
    },
    /// Revokes a certificate; for a compromised key, blocks the key too.
    RevokeCertificate {
        /// Which one.
        id: CertificateId,
        /// Why.
        reason: RevocationReason,
    },
    /// Some of the certificates that are meant, and how many they are: a piece of them.
    SelectCertificates {
        /// Which ones.
        selection: CertificateSelection,
        /// Where the piece begins: `next` of the one before.
        #[serde(default)]
        position: Option<Position>,
        /// So many are listed at most, the others only counted.
        #[serde(default)]
        show: u16,
    },
    /// Revokes the certificates that are meant: a piece of them.
    RevokeCertificates {
        /// Which ones.
        selection: CertificateSelection,
        /// Why.
        reason: RevocationReason,
        /// Where the piece begins: `next` of the one before.
        #[serde(default)]
        position: Option<Position>,
    },
    /// Declares an incident: clients are told to replace certificates before their time.
    DeclareIncident {
        /// What is declared.
        incident: IncidentDocument,
    },
    /// The incidents, oldest first.
    Incidents {},
    /// Ends an incident, and the revocation that belongs to it.
    EndIncident {
        /// Which one.
        id: IncidentId,
    },
    /// Goes on with the revocations of incidents that have begun.
    ContinueRevocations {
        /// For so long.
        #[serde(default = "forty")]
        seconds: u16,
    },
    /// Blocks a key: no account and no certificate may use it again.
    BlockKey {
        /// Which one.
        key: Thumbprint,
    },
    /// The blocked keys.
    BlockedKeys {
        /// Those behind this one.
        #[serde(default)]
        after: Option<Thumbprint>,
        /// So many at most.
        #[serde(default)]
        limit: Option<u16>,
    },
    /// The issuers.
    Issuers {},
    /// An issuer.
    Issuer {
        /// Which one.
        id: IssuerId,
    },
    /// Makes an issuing CA below the CA's own root.
    AddIssuer {
        /// Which one.
        issuer: IssuerTerms,
    },
    /// Asks a CA elsewhere for the certificate of an issuing CA.
    RequestIssuer {
        /// Which one.
        issuer: RequestTerms,
    },
    /// Takes the certificate that a CA elsewhere signed.
    InstallIssuer {
        /// Of which issuer.
        id: IssuerId,
        /// It and those above it up to a root, PEM.
        certificates: String,
    },
    /// Has the RA Profiles that name one issuer name another one.
    RollOverIssuer {
        /// The one that they name.
        old: IssuerId,
        /// The one that they are to name; made of the same shape when there is none.
        new: IssuerId,
        /// The common name of a new one; that of the old one with a number when absent.
        #[serde(default)]
        name: Option<String>,
        /// The key of a new one; made by the signer when absent.
        #[serde(default)]
        key: Option<KeyHandle>,
    },
    /// Lets an issuer issue no more.
    RetireIssuer {
        /// Which one.
        id: IssuerId,
        /// Also when RA Profiles still name it.
        #[serde(default)]
        named: bool,
    },
    /// What happened to an order, a name or an account, what policy says of it, and what to do.
    Explain {
        /// Of which one.
        subject: ExplainedSubject,
    },
    /// Makes an event on purpose, to see whether it arrives.
    TestEvents {},
    /// What operators did, newest first.
    Audit {
        /// Which ones.
        #[serde(default)]
        filter: AuditFilter,
        /// Those older than this one.
        #[serde(default)]
        before: Option<AuditId>,
        /// So many at most.
        #[serde(default)]
        limit: Option<u16>,
    },
}

impl Request {
    /// Whether it changes anything.
    pub fn is_act(&self) -> bool {
        match self {
            Self::Status {} | Self::Doctor {} | Self::Profiles {} | Self::ListProfiles { .. } => false,
            Self::Issuers {} | Self::Issuer { .. } => false,
            Self::ExternalAccountKeys { .. } | Self::Audit { .. } | Self::BlockedKeys { .. } => false,
            Self::ExportCertificate { .. } | Self::SelectCertificates { .. } | Self::Incidents {} => false,
            Self::FindAccounts { .. } | Self::FindCertificates { .. } | Self::Explain { .. } => false,
            Self::ApplyProfiles { dry_run, .. } => !dry_run,
            Self::TestEvents {}
            | Self::DeleteProfile { .. }
            | Self::MintExternalAccountKey { .. }
            | Self::RotateExternalAccountKey { .. }
            | Self::RevokeExternalAccountKey { .. }
            | Self::SetAccountStatus { .. }
            | Self::RevokeCertificate { .. }
            | Self::RevokeCertificates { .. }
            | Self::DeclareIncident { .. }
            | Self::EndIncident { .. }
            | Self::ContinueRevocations { .. }
            | Self::BlockKey { .. }
            | Self::AddIssuer { .. }
            | Self::RequestIssuer { .. }
            | Self::InstallIssuer { .. }
            | Self::RollOverIssuer { .. }
            | Self::RetireIssuer { .. } => true,
        }
    }
}

/// Reads a request.
pub(crate) fn parse(request: Value) -> Result<Request, AdminError> {
    serde_json::from_value(request).map_err(|source| AdminError::Request(RequestError::from(source)))
}

/// Well within the time that the function has.
fn forty() -> u16 {
    40
}

fn thirty() -> u32 {
    30
}

fn one() -> Option<u32> {
    Some(1)
}
