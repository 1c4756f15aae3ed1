//! The seals of receipts: what the CA signed, day by day, about the certificates that it issued.

use operator::Parts;
use serde::{Deserialize, Serialize};
use store::{Seal, SealPlace};

use crate::{Action, AdminError, page};

/// Lists the seals in the order of their chain.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListSeals {
    /// The `next` of the previous page.
    #[serde(default)]
    pub after: Option<SealPlace>,
    /// The maximum number of seals, 1 to 1,000; 50 when absent, and never more.
    #[serde(default)]
    pub limit: Option<u16>,
}

impl Action for ListSeals {
    type Answer = SealPage;

    const NAME: &str = "seals";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<SealPage, AdminError> {
        let page = parts.certificates.seals(self.after, page::size(self.limit)?.min(MOST)).await?;
        let last = page.items.last().map(|seal| seal.place);
        Ok(SealPage { next: last.filter(|_| page.more), seals: page.items })
    }
}

/// A page of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SealPage {
    /// The seals, in the order of the chain.
    pub seals: Vec<Seal>,
    /// Where the next page begins; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<SealPlace>,
}

/// Half of what an answer of Lambda may have, if all of them are as long as they can be.
const MOST: usize = 50;
