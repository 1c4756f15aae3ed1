//! Keys of external accounts (RFC 8555 §7.3.4): made, listed, rotated, taken back.

use acme::{ExternalAccountKeyId, ProfileName};
use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use ra::{Authority, ExternalAccountKeyTerms, MintedExternalAccountKey};
use serde::{Deserialize, Serialize};
use store::{ExternalAccountKey, IdentifierRule};

use crate::{AdminError, Listed, ProfileKind};

/// A key as its holder gets it: `--eab-kid` and `--eab-hmac-key` in many clients. It cannot be shown again.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownKey {
    /// The `kid`.
    pub key_identifier: ExternalAccountKeyId,
    /// The MAC key in base64url.
    pub key: String,
    /// Until when accounts can be bound with it.
    pub expires_at: Timestamp,
    /// The ACME Profile in which it binds accounts; every one when absent.
    #[serde(default)]
    pub profile: Option<ProfileName>,
}

/// A key as it is listed: nothing of it is secret.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedKey {
    /// The `kid`.
    pub id: ExternalAccountKeyId,
    /// Whether it still binds accounts.
    pub state: ExternalAccountKeyState,
    /// For people.
    pub label: String,
    /// The ACME Profile in which it binds accounts; every one when absent.
    pub profile: Option<ProfileName>,
    /// The names that its accounts may ask for; all when there is no rule.
    pub scope: Vec<IdentifierRule>,
    /// How many accounts it has bound.
    pub accounts: u32,
    /// How many it may bind; any number when absent.
    pub max_accounts: Option<u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when accounts can be bound with it.
    pub expires_at: Timestamp,
    /// Who had it made.
    pub minted_by: String,
}

/// Whether a key still binds accounts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExternalAccountKeyState {
    /// It does.
    Usable,
    /// It has bound as many as it may.
    Used,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl ListedKey {
    fn of(key: ExternalAccountKey, now: Timestamp) -> Self {
        let state = match () {
            () if key.revoked => ExternalAccountKeyState::Revoked,
            () if key.is_usable(now) => ExternalAccountKeyState::Usable,
            () if key.expires_at <= now => ExternalAccountKeyState::Expired,
            () => ExternalAccountKeyState::Used,
        };
        let ExternalAccountKey { id, created_at, minted_by, label, expires_at, profile, scope, .. } = key;
        let (accounts, max_accounts) = (key.accounts, key.max_accounts);
        Self { id, state, label, profile, scope, accounts, max_accounts, created_at, expires_at, minted_by }
    }
}

/// What a key is to be good for, checked.
pub(crate) async fn terms(
    authority: &Authority,
    days: u32,
    label: String,
    profile: Option<ProfileName>,
    scope: Vec<IdentifierRule>,
    accounts: Option<u32>,
) -> Result<ExternalAccountKeyTerms, AdminError> {
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(AdminError::Days);
    }
    if accounts == Some(0) {
        return Err(AdminError::Accounts);
    }
    if label.len() > MAX_LABEL {
        return Err(AdminError::Label);
    }
    if let Some(name) = &profile
        && !authority.profiles().await?.acme_profile.iter().any(|profile| profile.name == *name)
    {
        return Err(AdminError::NoProfile(ProfileKind::AcmeProfile, name.clone()));
    }
    let lifetime = SignedDuration::from_hours(i64::from(days) * 24);
    Ok(ExternalAccountKeyTerms { lifetime, label, profile, scope, max_accounts: accounts })
}

pub(crate) async fn mint(
    authority: &Authority,
    actor: &str,
    terms: ExternalAccountKeyTerms,
) -> Result<ShownKey, AdminError> {
    let profile = terms.profile.clone();
    Ok(shown(authority.mint_external_account_key(actor, terms).await?, profile))
}

/// A new key with the terms of another one, which ends now or so many days later.
pub(crate) async fn rotate(
    authority: &Authority,
    actor: &str,
    id: ExternalAccountKeyId,
    overlap_days: u32,
) -> Result<ShownKey, AdminError> {
    if overlap_days > MAX_DAYS {
        return Err(AdminError::Overlap);
    }
    let overlap = SignedDuration::from_hours(i64::from(overlap_days) * 24);
    let rotated = authority.rotate_external_account_key(actor, id, overlap).await?;
    Ok(shown(rotated.minted, rotated.old.profile))
}

fn shown(minted: MintedExternalAccountKey, profile: Option<ProfileName>) -> ShownKey {
    let key = base64url::encode(&minted.mac_key);
    ShownKey { key_identifier: minted.id, key, expires_at: minted.expires_at, profile }
}

pub(crate) async fn list(
    authority: &Authority,
    after: Option<ExternalAccountKeyId>,
    limit: usize,
) -> Result<Listed<ListedKey>, AdminError> {
    let page = authority.external_account_keys(after, limit).await?;
    let items = page.items.into_iter().map(|key| ListedKey::of(key, authority.now())).collect();
    Ok(Listed { items, more: page.more })
}

pub(crate) async fn revoke(
    authority: &Authority,
    actor: &str,
    id: ExternalAccountKeyId,
) -> Result<ListedKey, AdminError> {
    let key = authority.revoke_external_account_key(actor, id).await?;
    Ok(ListedKey::of(key, authority.now()))
}

/// Ten years.
pub(crate) const MAX_DAYS: u32 = 3_650;
const MAX_LABEL: usize = 200;
