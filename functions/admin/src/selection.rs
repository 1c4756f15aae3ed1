//! Many certificates: those that are meant, counted, listed and revoked piece by piece, so that no
//! request takes long.

use acme::{AccountId, DirectoryId, Family, RevocationReason};
use jiff::Timestamp;
use operator::{Parts, Refusal};
use serde::{Deserialize, Serialize};
use store::{IssuerId, Position, Selection};

use crate::{
    Action, AdminError,
    certificate::{ShownCertificate, identifier},
};

/// Counts a part of the selected certificates, and lists the first of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectCertificates {
    /// The certificates to count or to list.
    pub selection: CertificateSelection,
    /// Where the part begins: `next` of the part before.
    #[serde(default)]
    pub position: Option<Position>,
    /// The maximum number to list, of at most 100; the others are only counted.
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

/// Revokes a part of the selected certificates.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeCertificates {
    /// The certificates to revoke.
    pub selection: CertificateSelection,
    /// The reason, as its code (RFC 5280 §5.3.1).
    pub reason: RevocationReason,
    /// Where the part begins: `next` of the part before.
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

/// Which certificates are meant: those for which all holds that is said, and something has to be.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CertificateSelection {
    /// For exactly that name, among others perhaps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Ordered by that account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Signed by that issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerId>,
    /// Ordered in the directory of that profile: `web`, or `raProfile/web`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<DirectoryId>,
    /// Valid from this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_from: Option<Timestamp>,
    /// Valid from before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_until: Option<Timestamp>,
}

impl CertificateSelection {
    /// The selection, when all that it names is there: a slip of the pen must not pass for "none".
    pub(crate) async fn checked(self, parts: &Parts) -> Result<Selection, AdminError> {
        let Self { name, account, issuer, profile, issued_from: from, issued_until: until } = self;
        let name = name.map(|name| identifier(&name)).transpose()?;
        let selection = Selection { issuer, directory: profile, account, name, from, until, ..Selection::default() };
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

/// A piece of the certificates that are meant and have not ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectedCertificates {
    /// How many of them are good.
    pub good: usize,
    /// How many are revoked.
    pub revoked: usize,
    /// The first good ones, as many as were asked for, without their PEM.
    pub items: Vec<ShownCertificate>,
    /// Where the next piece begins; absent when this was the last one.
    pub next: Option<Position>,
}

/// What became of a piece.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokedCertificates {
    /// How many were revoked.
    pub revoked: usize,
    /// How many were revoked before.
    pub already_revoked: usize,
    /// Where the next piece begins; absent when this was the last one.
    pub next: Option<Position>,
}

/// Certificates may have a hundred names each, and an answer of a function has six megabytes at
/// most.
const MAX_SHOWN: usize = 100;
