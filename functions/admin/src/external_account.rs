//! Keys of external accounts (RFC 8555 §7.3.4): made, listed, rotated, taken back.

use acme::{ExternalAccountKeyId, ProfileName};
use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use operator::{ExternalAccountKeyTerms, MintedExternalAccountKey, Parts};
use serde::{Deserialize, Serialize};
use store::{ExternalAccountKey, IdentifierRule, ProfileKind};

use crate::{Action, AdminError, Listed, page};

/// Makes a key that binds accounts. The answer is the only time that its secret is shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MintExternalAccountKey {
    /// The number of days in which accounts can be bound with it.
    #[serde(default = "thirty")]
    pub days: u32,
    /// A label for people.
    #[serde(default)]
    pub label: String,
    /// The ACME Profile in which it binds accounts; every one when absent.
    #[serde(default)]
    pub profile: Option<ProfileName>,
    /// The identifiers that its accounts may order; all when there is no rule.
    #[serde(default)]
    pub scope: Vec<IdentifierRule>,
    /// How many accounts it may bind; any number when `null`.
    #[serde(default = "one")]
    pub accounts: Option<u32>,
}

impl Action for MintExternalAccountKey {
    type Answer = ShownKey;

    const NAME: &str = "mint-external-account-key";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownKey, AdminError> {
        let terms = self.terms(parts).await?;
        let profile = terms.profile.clone();
        Ok(shown(parts.external_account_keys.mint(actor, terms).await?, profile))
    }
}

impl MintExternalAccountKey {
    /// The terms of the key, checked.
    async fn terms(self, parts: &Parts) -> Result<ExternalAccountKeyTerms, AdminError> {
        let Self { days, label, profile, scope, accounts } = self;
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
            && !parts.profiles.all().await?.acme_profile.iter().any(|profile| profile.name == *name)
        {
            return Err(AdminError::NoProfile(ProfileKind::Acme, name.clone()));
        }
        let lifetime = SignedDuration::from_hours(i64::from(days) * 24);
        Ok(ExternalAccountKeyTerms { lifetime, label, profile, scope, max_accounts: accounts })
    }
}

/// The keys, oldest first, without anything secret.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListExternalAccountKeys {
    /// The last key of the page before.
    #[serde(default)]
    pub after: Option<ExternalAccountKeyId>,
    /// The maximum number of entries, 1 to 1,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u16>,
}

impl Action for ListExternalAccountKeys {
    type Answer = Listed<ListedKey>;

    const NAME: &str = "external-account-keys";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Listed<ListedKey>, AdminError> {
        let page = parts.external_account_keys.page(self.after, page::size(self.limit)?).await?;
        Ok(Listed::from(page).map(|key| ListedKey::of(key, parts.clock.now())))
    }
}

/// Makes a key with the terms of another one, shown once. The other one ends now, or after an
/// overlap.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateExternalAccountKey {
    /// The other key.
    pub id: ExternalAccountKeyId,
    /// The number of days for which the other one still binds accounts.
    #[serde(default)]
    pub overlap_days: u32,
}

impl Action for RotateExternalAccountKey {
    type Answer = ShownKey;

    const NAME: &str = "rotate-external-account-key";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownKey, AdminError> {
        if self.overlap_days > MAX_DAYS {
            return Err(AdminError::Overlap);
        }
        let overlap = SignedDuration::from_hours(i64::from(self.overlap_days) * 24);
        let rotated = parts.external_account_keys.rotate(actor, self.id, overlap).await?;
        Ok(shown(rotated.minted, rotated.old.profile))
    }
}

/// Revokes a key: no further account is bound with it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeExternalAccountKey {
    /// The key to act on, by its `kid`.
    pub id: ExternalAccountKeyId,
}

impl Action for RevokeExternalAccountKey {
    type Answer = ListedKey;

    const NAME: &str = "revoke-external-account-key";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ListedKey, AdminError> {
        let key = parts.external_account_keys.revoke(actor, self.id).await?;
        Ok(ListedKey::of(key, parts.clock.now()))
    }
}

/// A key as its holder gets it: `--eab-kid` and `--eab-hmac-key` in many clients. It cannot be
/// shown again.
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
    /// A label for operators; clients never see it.
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
    /// The key binds further accounts.
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

fn shown(minted: MintedExternalAccountKey, profile: Option<ProfileName>) -> ShownKey {
    let key = base64url::encode(&minted.mac_key);
    ShownKey { key_identifier: minted.id, key, expires_at: minted.expires_at, profile }
}

fn thirty() -> u32 {
    30
}

// The type of the field: absent is one account, `null` is any number.
fn one() -> Option<u32> {
    Some(1)
}

/// The maximum lifetime of a key in days: ten years.
pub(crate) const MAX_DAYS: u32 = 3_650;
const MAX_LABEL: usize = 200;
