//! Blocked keys, which no account and no certificate can use.

use acme::{AccountId, IncidentId};
use jose::Thumbprint;
use operator::{BlockedUse, FormerHolders, Parts};
use serde::{Deserialize, Serialize};
use store::BlockedKey;

use crate::{Action, AdminError, Listed, account::ShownAccount, page};

/// Blocks a key: no account and no certificate can use it again. Accounts that have it are
/// disabled, those that had it are listed, and an incident revokes its certificates.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockKey {
    /// The thumbprint of the key (RFC 7638).
    pub key: Thumbprint,
    /// Whether valid accounts that had the key formerly are disabled, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disable_former: bool,
}

impl Action for BlockKey {
    type Answer = KeyUse;

    const NAME: &str = "block-key";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<KeyUse, AdminError> {
        let former = if self.disable_former { FormerHolders::Disabled } else { FormerHolders::Kept };
        let used = parts.blocked_keys.block_key(actor, &self.key, former).await?;
        let BlockedUse { disabled, formerly, incident } = used;
        Ok(KeyUse { disabled, formerly: Listed::from(formerly).map(ShownAccount::from), incident })
    }
}

/// What used a key that was blocked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyUse {
    /// The accounts that are disabled because of it since this call.
    pub disabled: Vec<AccountId>,
    /// The accounts that had the key formerly and have another one now: the first thousand.
    pub formerly: Listed<ShownAccount>,
    /// The incident that revokes its certificates; absent if there is nothing left to revoke.
    pub incident: Option<IncidentId>,
}

/// Lists the blocked keys.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListBlockedKeys {
    /// The last key of the previous page.
    #[serde(default)]
    pub after: Option<Thumbprint>,
    /// The maximum number of entries, 1 to 1,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u16>,
}

impl Action for ListBlockedKeys {
    type Answer = Listed<BlockedKey>;

    const NAME: &str = "blocked-keys";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Listed<BlockedKey>, AdminError> {
        Ok(parts.blocked_keys.page(self.after.as_ref(), page::size(self.limit)?).await?.into())
    }
}
