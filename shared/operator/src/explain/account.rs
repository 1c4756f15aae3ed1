//! The facts about an account.

use acme::{Account, AccountId};
use ra::LimitState;
use store::{AuditRecord, ExternalAccountKey};

use super::OrderSummary;
use crate::{Error, Explanations};

/// An account, with its newest orders.
#[derive(Debug)]
pub struct ExplainedAccount {
    /// The account that was asked about.
    pub account: Account,
    /// The external account key that bound it, as long as it is stored.
    pub external_account_key: Option<ExternalAccountKey>,
    /// What operators did to it recently, newest first.
    pub acts: Vec<AuditRecord>,
    /// The limits that count for it, the narrowest first.
    pub limits: Vec<LimitState>,
    /// Its orders, newest first.
    pub orders: Vec<OrderSummary>,
}

impl Explanations {
    /// The facts about an account.
    ///
    /// # Errors
    /// [`crate::Refusal::NotFound`].
    pub async fn account(&self, id: AccountId) -> Result<ExplainedAccount, Error> {
        let account = self.find_account(id).await?;
        let page = self.orders.orders(id, None, ORDERS).await?;
        Ok(ExplainedAccount {
            orders: self.summaries(page.orders.iter().map(|order| (id, *order)).collect()).await?,
            limits: self.limits_of(&account).await?,
            external_account_key: self.binding_of(&account).await?,
            acts: self.acts_on(id).await?,
            account,
        })
    }

    /// The external account key that bound the account, as long as it is stored.
    pub(super) async fn binding_of(&self, account: &Account) -> Result<Option<ExternalAccountKey>, Error> {
        let Some(id) = account.external_account else { return Ok(None) };
        Ok(self.external_accounts.external_account_key(id).await?.map(|key| key.value))
    }

    async fn limits_of(&self, account: &Account) -> Result<Vec<LimitState>, Error> {
        let Some(serving) = self.directories.find(&account.directory).await? else { return Ok(Vec::new()) };
        Ok(self.limits.states_for_account(&serving, account).await?)
    }

    /// The recent acts of operators on the account.
    async fn acts_on(&self, id: AccountId) -> Result<Vec<AuditRecord>, Error> {
        let subject = id.to_string();
        let acts = self.audit.page(None, ACTS).await?.items;
        Ok(acts.into_iter().filter(|act| act.subject == subject).collect())
    }
}

/// The maximum number of orders that are listed, newest first.
const ORDERS: usize = 10;
/// The maximum number of audit records that are searched, newest first.
const ACTS: usize = 500;
