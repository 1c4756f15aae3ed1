//! Selections of many certificates: counted, listed and revoked slice by slice, so that no request
//! takes long.

use acme::{AccountId, DirectoryId, Family, RevocationReason};
use jiff::Timestamp;
use jose::Thumbprint;
use operator::{Parts, Refusal};
use serde::{Deserialize, Serialize};
use store::{IssuerId, Position, Selection};

use crate::{
    Action, AdminError,
    certificate::{ShownCertificate, identifier},
};

/// Counts a slice of the selected certificates, and lists the first of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectCertificates {
    /// The certificates to count or to list.
    pub selection: CertificateSelection,
    /// The start of the slice: the `next` of the previous one.
    #[serde(default)]
    pub position: Option<Position>,
    /// The maximum number of certificates to list, at most 100; the others are only counted.
    #[serde(default)]
    pub show: u16,
}

impl Action for SelectCertificates {
    type Answer = SelectedCertificates;

    const NAME: &str = "select-certificates";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<SelectedCertificates, AdminError> {
        let selection = self.selection.checked(parts).await?;
        let slice = parts.selections.slice(&selection, self.position.as_ref()).await?;
        let all = slice.certificates.len();
        let good: Vec<_> =
            slice.certificates.into_iter().filter(|certificate| certificate.revocation.is_none()).collect();
        let (good_ones, revoked) = (good.len(), all.saturating_sub(good.len()));
        let shown = good.into_iter().take(usize::from(self.show).min(MAX_SHOWN));
        let items = shown.map(|certificate| ShownCertificate::brief(certificate.value)).collect();
        Ok(SelectedCertificates { good: good_ones, revoked, items, next: slice.next })
    }
}

/// Makes a slice of all valid certificates findable by their keys. Versions up to e70810c did not
/// do so on DynamoDB.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IndexKeys {
    /// The start of the slice: the `next` of the previous one.
    #[serde(default)]
    pub position: Option<Position>,
}

impl Action for IndexKeys {
    type Answer = IndexedKeys;

    const NAME: &str = "index-keys";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<IndexedKeys, AdminError> {
        let (looked_at, next) = parts.selections.index_keys(self.position.as_ref()).await?;
        Ok(IndexedKeys { looked_at, next })
    }
}

/// The outcome of indexing a slice.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexedKeys {
    /// How many certificates were looked at.
    pub looked_at: usize,
    /// Where the next slice starts; absent if this was the last one.
    pub next: Option<Position>,
}

/// Revokes a slice of the selected certificates.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeCertificates {
    /// The certificates to revoke.
    pub selection: CertificateSelection,
    /// The reason, as its code (RFC 5280 §5.3.1).
    pub reason: RevocationReason,
    /// The start of the slice: the `next` of the previous one.
    #[serde(default)]
    pub position: Option<Position>,
}

impl Action for RevokeCertificates {
    type Answer = RevokedCertificates;

    const NAME: &str = "revoke-certificates";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<RevokedCertificates, AdminError> {
        let selection = self.selection.checked(parts).await?;
        let slice = parts.revocations.revoke_selected(actor, &selection, self.reason, self.position.as_ref()).await?;
        Ok(RevokedCertificates { revoked: slice.revoked, already_revoked: slice.already, next: slice.next })
    }
}

/// A selection of certificates: they must match every member that is present, and at least one must
/// be present.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CertificateSelection {
    /// An identifier that they must contain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account that ordered them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The issuer that signed them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerId>,
    /// The profile in whose directory they were ordered: `web`, or `raProfile/web`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<DirectoryId>,
    /// The JWK thumbprint of their key (RFC 7638).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Thumbprint>,
    /// The earliest `notBefore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_from: Option<Timestamp>,
    /// The time before which `notBefore` must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_until: Option<Timestamp>,
}

impl CertificateSelection {
    /// The selection, if everything that it names exists: a typing error must not look like an
    /// empty result.
    pub(crate) async fn checked(self, parts: &Parts) -> Result<Selection, AdminError> {
        let Self { name, account, issuer, profile, key, issued_from: from, issued_until: until } = self;
        let name = name.map(|name| identifier(&name)).transpose()?;
        let known = Selection { issuer, directory: profile, account, name, key, ..Selection::default() };
        let selection = Selection { from, until, ..known };
        if selection.is_everything() {
            return Err(AdminError::Everything);
        }
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            return Err(AdminError::Reversed);
        }
        if let Some(account) = account {
            parts.accounts.find(account).await.map_err(|error| match error {
                operator::Error::Refused(Refusal::NotFound) => AdminError::NoAccount(account),
                other => other.into(),
            })?;
        }
        if let Some(issuer) = &selection.issuer
            && !parts.selections.issuers().await?.contains(issuer)
        {
            return Err(AdminError::NoIssuer(issuer.clone()));
        }
        if let Some(directory) = &selection.directory {
            let profiles = parts.profiles.all().await?;
            let is_there = match directory.family {
                Family::AcmeProfile => profiles.acme_profile.iter().any(|profile| profile.name == directory.name),
                Family::RaProfile => profiles.ra_profile.iter().any(|profile| profile.name == directory.name),
            };
            if !is_there {
                return Err(AdminError::NoDirectory(directory.clone()));
            }
        }
        Ok(selection)
    }
}

/// A slice of the selected certificates that have not expired.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectedCertificates {
    /// How many of them are valid.
    pub good: usize,
    /// How many of them are already revoked.
    pub revoked: usize,
    /// The first valid ones, up to the requested number, without their PEM.
    pub items: Vec<ShownCertificate>,
    /// Where the next slice starts; absent if this was the last one.
    pub next: Option<Position>,
}

/// The outcome of revoking a slice.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokedCertificates {
    /// How many certificates were revoked now.
    pub revoked: usize,
    /// How many were already revoked.
    pub already_revoked: usize,
    /// Where the next slice starts; absent if this was the last one.
    pub next: Option<Position>,
}

/// Each certificate may have a hundred identifiers, and the answer of a function has at most six
/// megabytes.
const MAX_SHOWN: usize = 100;
