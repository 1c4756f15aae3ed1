//! Blocked keys, which no account and no certificate can use.

use jose::Thumbprint;
use operator::Parts;
use serde::{Deserialize, Serialize};
use store::BlockedKey;

use crate::{Action, AdminError, Listed, page};

/// Blocks a key: no account and no certificate can use it again.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockKey {
    /// The thumbprint of the key (RFC 7638).
    pub key: Thumbprint,
}

impl Action for BlockKey {
    type Answer = ();

    const NAME: &str = "block-key";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<(), AdminError> {
        Ok(parts.blocked_keys.block_key(actor, &self.key).await?)
    }
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
