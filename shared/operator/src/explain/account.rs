//! The explanation of an account.

use acme::{Account, AccountId};
use ra::LimitState;
use store::{AuditRecord, ExternalAccountKey};

use super::{Explanation, Records, advice, listed, timeline};
use crate::{Error, Explanations};

impl Explanations {
    /// Explains an account, with its newest orders.
    ///
    /// # Errors
    /// [`crate::Refusal::NotFound`].
    pub async fn account(&self, id: AccountId) -> Result<Explanation, Error> {
        let account = self.find_account(id).await?;
        let page = self.orders.orders(id, None, ORDERS).await?;
        let orders = self.in_lines(page.orders.iter().map(|order| (id, *order)).collect()).await?;
        let limits = self.limits_of(&account).await?;
        let key = self.binding_of(&account).await?;
        let mut advice = advice::for_account(&account);
        advice.extend(key.as_ref().filter(|key| key.revoked).map(|key| {
            format!("Its external account key {} was revoked: it no longer pre-approves anything.", key.id)
        }));
        advice.extend(advice::for_a_new_order(&[], &limits));
        if advice.is_empty() {
            advice.push(
                "The account can place orders. For one order or identifier, use explain --order or explain --name."
                    .into(),
            );
        }
        Ok(Explanation {
            summary: summary(&account, key.as_ref()),
            error: None,
            advice,
            timeline: timeline::of_account(&account, &self.acts_on(id).await?),
            names: Vec::new(),
            limits,
            orders,
            records: Records { account: Some(account), external_account_key: key, ..Records::default() },
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

/// The status of the account, its contacts, and its external account binding.
fn summary(account: &Account, key: Option<&ExternalAccountKey>) -> String {
    let Account { id, directory, status, contact, .. } = account;
    let mut summary =
        format!("The account {id} in the directory {directory} is {}.", format!("{status:?}").to_lowercase());
    if !contact.is_empty() {
        summary += &format!(" Its contact is {}.", listed(contact));
    }
    if let Some(key) = key {
        summary += &format!(" It was bound with the external account key {}", key.id);
        if !key.label.is_empty() {
            summary += &format!(", labelled {}", key.label);
        }
        let scope = if key.scope.is_empty() { "all identifiers".to_owned() } else { listed(&key.scope) };
        summary += &format!("; its scope is {scope}.");
    }
    summary
}

/// The maximum number of orders that are listed, newest first.
const ORDERS: usize = 10;
/// The maximum number of audit records that are searched, newest first.
const ACTS: usize = 500;
