//! External account keys (RFC 8555 §7.3.4): creating, listing, rotating and revoking them.

use acme::{ExternalAccountKeyId, ProfileName};
use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use operator::{ExternalAccountKeyTerms, MintedExternalAccountKey, Parts};
use serde::{Deserialize, Serialize};
use store::{ExternalAccountKey, IdentifierRule, ProfileKind};

use crate::{Action, AdminError, Listed, page};

/// Creates a key that binds accounts. Its secret is only in this answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MintExternalAccountKey {
    /// The number of days for which the key can bind accounts.
    #[serde(default = "thirty")]
    pub days: u32,
    /// A note for operators.
    #[serde(default)]
    pub label: String,
    /// The ACME Profile in which it binds accounts; all when absent.
    #[serde(default)]
    pub profile: Option<ProfileName>,
    /// The identifiers that its accounts may order; all when there is no rule.
    #[serde(default)]
    pub scope: Vec<IdentifierRule>,
    /// The maximum number of accounts that it binds; unlimited when `null`.
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
    /// Checks the terms of the key.
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

/// Lists the keys, oldest first, without their secrets.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListExternalAccountKeys {
    /// The last key of the previous page.
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

/// Creates a key with the terms of another one. The other one ends now, or after an overlap.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RotateExternalAccountKey {
    /// The key to be replaced.
    pub id: ExternalAccountKeyId,
    /// The number of days for which the old key can still bind accounts.
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

/// Revokes a key: it binds no more accounts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeExternalAccountKey {
    /// The id of the key.
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

/// A new key, as its holder gets it (`--eab-kid` and `--eab-hmac-key` in many clients). It cannot
/// be shown again.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownKey {
    /// The key identifier, which clients send as `kid`.
    pub key_identifier: ExternalAccountKeyId,
    /// The MAC key in base64url.
    pub key: String,
    /// The time until which the key can bind accounts.
    pub expires_at: Timestamp,
    /// The ACME Profile in which it binds accounts; all when absent.
    #[serde(default)]
    pub profile: Option<ProfileName>,
}

/// A key in a list, without its secret.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedKey {
    /// The key identifier, which clients send as `kid`.
    pub id: ExternalAccountKeyId,
    /// Whether it can still bind accounts.
    pub state: ExternalAccountKeyState,
    /// A label for operators; clients never see it.
    pub label: String,
    /// The ACME Profile in which it binds accounts; all when absent.
    pub profile: Option<ProfileName>,
    /// The identifiers that its accounts may order; all when there is no rule.
    pub scope: Vec<IdentifierRule>,
    /// The number of accounts that it has bound.
    pub accounts: u32,
    /// The maximum number of accounts that it binds; unlimited when absent.
    pub max_accounts: Option<u32>,
    /// The time at which the key was created.
    pub created_at: Timestamp,
    /// The time until which the key can bind accounts.
    pub expires_at: Timestamp,
    /// The operator who created the key.
    pub minted_by: String,
}

/// Whether a key can still bind accounts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExternalAccountKeyState {
    /// The key can bind more accounts.
    Usable,
    /// The key has bound as many accounts as it may.
    Used,
    /// The time of the key has passed.
    Expired,
    /// An operator has revoked the key.
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

// The member has its own type: absent means one account, `null` means any number.
fn one() -> Option<u32> {
    Some(1)
}

/// The maximum lifetime of a key in days: ten years.
pub(crate) const MAX_DAYS: u32 = 3_650;
const MAX_LABEL: usize = 200;
