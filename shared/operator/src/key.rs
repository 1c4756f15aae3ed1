//! Keys, as operators block them.

use std::{collections::BTreeMap, sync::Arc};

use acme::{Account, AccountId, AccountStatus, IncidentId, RevocationReason};
use authority::{AuditTrail, Clock};
use jiff::SignedDuration;
use jose::Thumbprint;
use store::{BlockedKey, CertificateRecord, LookupStore, Page, Selection};

use crate::{Accounts, Error, IncidentPlan, Incidents, RevocationPlan, Selections, StagedRevocations};

/// Keys that no account and no certificate may use.
pub struct BlockedKeys {
    lookup: Arc<dyn LookupStore>,
    accounts: Arc<Accounts>,
    selections: Arc<Selections>,
    incidents: Arc<Incidents>,
    staged_revocations: Arc<StagedRevocations>,
    audit: Arc<AuditTrail>,
    clock: Arc<dyn Clock>,
}

/// What used a key that was blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedUse {
    /// The accounts that this call disabled.
    pub disabled: Vec<AccountId>,
    /// The accounts that had the key formerly and have another one now, as this call left them: the
    /// first thousand, oldest first.
    pub formerly: Page<Account>,
    /// The incident that revokes its certificates; `None` if there is nothing left to revoke.
    pub incident: Option<IncidentId>,
}

/// What becomes of valid accounts that had a key formerly, when it is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormerHolders {
    /// They are disabled, like the accounts that have the key.
    Disabled,
    /// They stay as they are: the owner may have changed the key because it was compromised.
    Kept,
}

impl BlockedKeys {
    /// Those of this store. What used a key is ended by these verbs.
    pub fn new(
        lookup: Arc<dyn LookupStore>,
        accounts: Arc<Accounts>,
        selections: Arc<Selections>,
        incidents: Arc<Incidents>,
        staged_revocations: Arc<StagedRevocations>,
        audit: Arc<AuditTrail>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { lookup, accounts, selections, incidents, staged_revocations, audit, clock }
    }

    /// Blocks a key: no account and no certificate can use it again. The accounts that have it are
    /// disabled, those that had it are found, and an incident revokes its certificates. Repeating
    /// the call completes one that was interrupted.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn block_key(&self, actor: &str, key: &Thumbprint, former: FormerHolders) -> Result<BlockedUse, Error> {
        let detail = match former {
            FormerHolders::Disabled => BTreeMap::from([("formerHolders".to_owned(), "disabled".to_owned())]),
            FormerHolders::Kept => BTreeMap::new(),
        };
        self.audit.record(actor, "key block", key, detail).await?;
        // First, so that nothing is issued for it while its uses are searched for.
        self.lookup.block_key(key, self.clock.now()).await?;
        let mut disabled = self.disable_accounts(actor, key).await?;
        // Afterwards: an account that changes its key meanwhile is found in one of the two ways.
        let (formerly, ended) = self.former_holders(actor, key, former).await?;
        disabled.extend(ended);
        let affected = Selection { key: Some(*key), ..Selection::default() };
        let open = self.incidents.all().await?.into_iter().find(|incident| {
            let is_revoking = incident.revocation.as_ref().is_some_and(|staged| staged.finished_at.is_none());
            incident.is_open() && is_revoking && incident.affected == affected
        });
        let incident = match open {
            Some(incident) => Some(incident.value.id),
            None if self.is_certified(&affected).await? => Some(self.declare(actor, key, affected).await?),
            None => None,
        };
        if incident.is_some() {
            self.staged_revocations.proceed().await?;
        }
        Ok(BlockedUse { disabled, formerly, incident })
    }

    async fn disable_accounts(&self, actor: &str, key: &Thumbprint) -> Result<Vec<AccountId>, Error> {
        let (mut disabled, mut after) = (Vec::new(), None);
        loop {
            let page = self.accounts.by_key(key, after.as_ref(), PAGE).await?;
            for account in page.items.iter().filter(|account| account.status == AccountStatus::Valid) {
                disabled.push(self.accounts.disable(actor, account.id).await?.id);
            }
            after = page.items.last().map(|account| account.directory.clone()).filter(|_| page.more);
            if after.is_none() {
                return Ok(disabled);
            }
        }
    }

    /// The accounts that had the key formerly, and which of them were disabled.
    async fn former_holders(
        &self,
        actor: &str,
        key: &Thumbprint,
        former: FormerHolders,
    ) -> Result<(Page<Account>, Vec<AccountId>), Error> {
        let (mut shown, mut disabled, mut after) = (Page::default(), Vec::new(), None);
        loop {
            let page = self.accounts.by_former_key(key, after, PAGE).await?;
            after = page.items.last().map(|account| account.id).filter(|_| page.more);
            for mut account in page.items {
                if former == FormerHolders::Disabled && account.status == AccountStatus::Valid {
                    account = self.accounts.disable(actor, account.id).await?;
                    disabled.push(account.id);
                }
                if shown.items.len() < MAX_SHOWN {
                    shown.items.push(account);
                } else {
                    shown.more = true;
                }
            }
            // Those that are only shown need not be read beyond the first thousand.
            if after.is_none() || former == FormerHolders::Kept && shown.more {
                return Ok((shown, disabled));
            }
        }
    }

    /// Whether a certificate with the key is not revoked for its compromise.
    async fn is_certified(&self, affected: &Selection) -> Result<bool, Error> {
        let mut position = None;
        loop {
            let slice = self.selections.slice(affected, position.as_ref()).await?;
            let is_good = |certificate: &CertificateRecord| {
                let revocation = certificate.revocation.as_ref();
                revocation.is_none_or(|revocation| revocation.reason != RevocationReason::KeyCompromise)
            };
            if slice.certificates.iter().any(|certificate| is_good(certificate)) {
                return Ok(true);
            }
            position = slice.next;
            if position.is_none() {
                return Ok(false);
            }
        }
    }

    async fn declare(&self, actor: &str, key: &Thumbprint, affected: Selection) -> Result<IncidentId, Error> {
        let plan = IncidentPlan {
            description: format!("the key {key} is compromised"),
            explanation_url: None,
            affected,
            counted: None,
            renew_within: SignedDuration::from_hours(1),
            revocation: Some(RevocationPlan { reason: RevocationReason::KeyCompromise, after: SignedDuration::ZERO }),
            settling: SignedDuration::ZERO,
        };
        Ok(self.incidents.declare(actor, plan).await?.id)
    }

    /// The blocked keys by thumbprint: those after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn page(&self, after: Option<&Thumbprint>, limit: usize) -> Result<Page<BlockedKey>, Error> {
        Ok(self.lookup.blocked_keys(after, limit).await?)
    }
}

/// The number of accounts that are looked up at once.
const PAGE: usize = 100;
/// The number of former holders of a key that an answer shows: anyone who has the key can give it
/// to any number of accounts, one after the other.
const MAX_SHOWN: usize = 1_000;
