//! Keys, as operators block them.

use std::{collections::BTreeMap, sync::Arc};

use authority::{AuditTrail, Clock};
use jose::Thumbprint;
use store::{BlockedKey, LookupStore, Page};

use crate::Error;

/// Keys that no account and no certificate may use.
pub struct BlockedKeys {
    lookup: Arc<dyn LookupStore>,
    audit: Arc<AuditTrail>,
    clock: Arc<dyn Clock>,
}

impl BlockedKeys {
    /// Those of this store.
    pub fn new(lookup: Arc<dyn LookupStore>, audit: Arc<AuditTrail>, clock: Arc<dyn Clock>) -> Self {
        Self { lookup, audit, clock }
    }

    /// Blocks a key: no account and no certificate can use it again.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn block_key(&self, actor: &str, key: &Thumbprint) -> Result<(), Error> {
        self.audit.record(actor, "key block", key, BTreeMap::new()).await?;
        Ok(self.lookup.block_key(key, self.clock.now()).await?)
    }

    /// The blocked keys by thumbprint: those after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn page(&self, after: Option<&Thumbprint>, limit: usize) -> Result<Page<BlockedKey>, Error> {
        Ok(self.lookup.blocked_keys(after, limit).await?)
    }
}
