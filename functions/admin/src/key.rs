//! Blocked keys, which no account and no certificate can use.

use acme::{AccountId, IncidentId};
use jose::Thumbprint;
use operator::{BlockedUse, Parts};
use serde::{Deserialize, Serialize};
use store::BlockedKey;

use crate::{Action, AdminError, Listed, page};

/// Blocks a key: no account and no certificate can use it again. Accounts that have it are
/// disabled, and an incident revokes its certificates.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockKey {
    /// The thumbprint of the key (RFC 7638).
    pub key: Thumbprint,
}

impl Action for BlockKey {
    type Answer = KeyUse;

    const NAME: &str = "block-key";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<KeyUse, AdminError> {
        let BlockedUse { disabled, incident } = parts.blocked_keys.block_key(actor, &self.key).await?;
        Ok(KeyUse { disabled, incident })
    }
}

/// What used a key that was blocked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyUse {
    /// The accounts that had the key and are disabled now.
    pub disabled: Vec<AccountId>,
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
