//! Accounts: found, disabled, enabled, ended.

use acme::{Account, AccountId, AccountStatus, Contact, ExternalAccountKeyId, Family};
use jiff::Timestamp;
use jose::Thumbprint;
use operator::Parts;
use serde::{Deserialize, Serialize};

use crate::{Action, AdminError, Listed, page};

/// Accounts of all directories.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindAccounts {
    /// The contact or key that the accounts must have.
    pub filter: AccountFilter,
    /// The maximum number of entries, 1 to 1,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u16>,
}

impl Action for FindAccounts {
    type Answer = Listed<ShownAccount>;

    const NAME: &str = "find-accounts";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Listed<ShownAccount>, AdminError> {
        let limit = page::size(self.limit)?;
        let found = match self.filter {
            AccountFilter::Id(id) => Listed { items: vec![parts.accounts.find(id).await?], more: false },
            AccountFilter::Contact(contact) => parts.accounts.by_contact(&contact, None, limit).await?.into(),
            AccountFilter::Key(key) => parts.accounts.by_key(&key, None, limit).await?.into(),
        };
        Ok(found.map(ShownAccount::from))
    }
}

/// Enables, disables or deactivates an account.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetAccountStatus {
    /// The account to read or to change.
    pub id: AccountId,
    /// `valid`, `revoked` (which is disabled) or `deactivated`.
    pub status: AccountStatus,
}

impl Action for SetAccountStatus {
    type Answer = ShownAccount;

    const NAME: &str = "set-account-status";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<ShownAccount, AdminError> {
        let account = match self.status {
            AccountStatus::Valid => parts.accounts.enable(actor, self.id).await?,
            AccountStatus::Revoked => parts.accounts.disable(actor, self.id).await?,
            AccountStatus::Deactivated => parts.accounts.end(actor, self.id).await?,
        };
        Ok(account.into())
    }
}

/// Which accounts are meant.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AccountFilter {
    /// The one of that id.
    Id(AccountId),
    /// Those with that contact, in all directories.
    Contact(Contact),
    /// Those with that key, in all directories.
    Key(Thumbprint),
}

/// An account as it is shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownAccount {
    /// Its id, the last part of its URL.
    pub id: AccountId,
    /// Its directory, as in URLs: `web`, or `raProfile/web`.
    pub directory: String,
    /// Its status; `revoked` is disabled.
    pub status: AccountStatus,
    /// Whom to write to.
    pub contact: Vec<Contact>,
    /// The thumbprint of its key.
    pub key_thumbprint: Thumbprint,
    /// When it was made.
    pub created_at: Timestamp,
    /// The key that bound it to an account elsewhere.
    pub external_account: Option<ExternalAccountKeyId>,
}

impl From<Account> for ShownAccount {
    fn from(account: Account) -> Self {
        let name = &account.directory.name;
        let directory = match account.directory.family {
            Family::AcmeProfile => name.to_string(),
            Family::RaProfile => format!("raProfile/{name}"),
        };
        let key_thumbprint = account.key.thumbprint();
        let Account { id, status, contact, created_at, external_account, .. } = account;
        Self { id, directory, status, contact, key_thumbprint, created_at, external_account }
    }
}
