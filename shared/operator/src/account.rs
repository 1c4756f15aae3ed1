//! Accounts: how operators find, disable, enable and deactivate them (interface row P6).

use std::{collections::BTreeMap, sync::Arc};

use acme::{Account, AccountId, AccountStatus, Contact, DirectoryId, EventKind};
use authority::{AuditTrail, Events, Rounds, account_facts, applied, versioned};
use jose::Thumbprint;
use store::{AccountStore, LookupStore, Page, UnboundAccounts};

use crate::{Error, Refusal};

/// Accounts, as operators find and end them.
pub struct Accounts {
    accounts: Arc<dyn AccountStore>,
    lookup: Arc<dyn LookupStore>,
    audit: Arc<AuditTrail>,
    events: Events,
}

impl Accounts {
    /// Revokes certificates of this store.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        lookup: Arc<dyn LookupStore>,
        audit: Arc<AuditTrail>,
        events: Events,
    ) -> Self {
        Self { accounts, lookup, audit, events }
    }

    /// The account, in any directory and with any status.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn find(&self, id: AccountId) -> Result<Account, Error> {
        Ok(self.accounts.account(id).await?.ok_or(Refusal::NotFound)?.value)
    }

    /// The accounts with this contact, oldest first: those after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn by_contact(
        &self,
        contact: &Contact,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Account>, Error> {
        self.lookup.accounts_by_contact(contact, after, limit).await?.try_map(|account| Ok(account.value))
    }

    /// The accounts with this key, by directory: those after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn by_key(
        &self,
        key: &Thumbprint,
        after: Option<&DirectoryId>,
        limit: usize,
    ) -> Result<Page<Account>, Error> {
        self.lookup.accounts_by_key(key, after, limit).await?.try_map(|account| Ok(account.value))
    }

    /// The accounts that had this key and have another one now, oldest first: those after `after`,
    /// at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn by_former_key(
        &self,
        key: &Thumbprint,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Page<Account>, Error> {
        self.lookup.accounts_by_former_key(key, after, limit).await?.try_map(|account| Ok(account.value))
    }

    /// The accounts of a directory that no external account binds, oldest first: those among the
    /// next `limit` accounts after `after`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn unbound(
        &self,
        directory: &DirectoryId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<UnboundAccounts, Error> {
        Ok(self.lookup.unbound_accounts(directory, after, limit).await?)
    }

    /// Disables an account: its next request is refused. Repeating it is harmless.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::AccountEnded`] if its client has deactivated it.
    pub async fn disable(&self, actor: &str, id: AccountId) -> Result<Account, Error> {
        self.change_status(actor, "account disable", id, AccountStatus::Revoked).await
    }

    /// Enables a disabled account. Repeating it is harmless.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::AccountEnded`] if its client has deactivated it.
    pub async fn enable(&self, actor: &str, id: AccountId) -> Result<Account, Error> {
        self.change_status(actor, "account enable", id, AccountStatus::Valid).await
    }

    /// Deactivates an account permanently, as its client could.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn end(&self, actor: &str, id: AccountId) -> Result<Account, Error> {
        self.change_status(actor, "account deactivate", id, AccountStatus::Deactivated).await
    }

    async fn change_status(
        &self,
        actor: &str,
        action: &str,
        id: AccountId,
        status: AccountStatus,
    ) -> Result<Account, Error> {
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.accounts.account(id).await?.ok_or(Refusal::NotFound)?;
            if before.status == status {
                return Ok(before.value);
            }
            if before.status == AccountStatus::Deactivated {
                return Err(Refusal::AccountEnded(before.status).into());
            }
            self.audit.record(actor, action, id, BTreeMap::new()).await?;
            let after = versioned(Account { status, ..before.value.clone() })?;
            if applied(self.accounts.update_account(&before, &after).await)? {
                let facts = account_facts(&after, Some(actor));
                self.events.emit(match status {
                    AccountStatus::Valid => EventKind::AccountEnabled(facts),
                    AccountStatus::Revoked => EventKind::AccountDisabled(facts),
                    AccountStatus::Deactivated => EventKind::AccountDeactivated(facts),
                });
                return Ok(after.value);
            }
        }
    }
}
