//! Keys that may not be used any more: those that were reported as compromised here, and those on a
//! list of the operator.

use std::sync::Arc;

use authority::Failure;
use jose::PublicKey;
use store::CertificateStore;

use crate::{Error, KeyBlockList, Refusal};

/// Answers whether a new key of an account or of a certificate may be used.
pub struct BlockedKeys {
    certificates: Arc<dyn CertificateStore>,
    list: Option<KeyBlockList>,
}

/// Why a key may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// It was reported as compromised here.
    Reported,
    /// It is on the list.
    Listed,
}

impl From<Block> for Refusal {
    fn from(block: Block) -> Self {
        match block {
            Block::Reported => Self::KeyBlocked,
            Block::Listed => Self::KeyListed,
        }
    }
}

impl BlockedKeys {
    /// The keys that are blocked in this store, and those on the list, if there is one.
    pub fn new(certificates: Arc<dyn CertificateStore>, list: Option<KeyBlockList>) -> Self {
        Self { certificates, list }
    }

    /// Why the key may not be used; `None` if it may.
    pub(crate) async fn block(&self, key: &PublicKey) -> Result<Option<Block>, Error> {
        if self.certificates.is_key_blocked(&key.thumbprint()).await? {
            return Ok(Some(Block::Reported));
        }
        let Some(list) = &self.list else { return Ok(None) };
        let source = list.source_of(key).await.map_err(|error| Failure::KeyBlockList(error.into()))?;
        if let Some(source) = source {
            tracing::info!(source, key = %key.thumbprint(), "a key is on the list of blocked keys");
        }
        Ok(source.map(|_| Block::Listed))
    }
}
