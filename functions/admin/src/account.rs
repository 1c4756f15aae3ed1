//! Accounts: finding, disabling, enabling and deactivating them.

use acme::{Account, AccountId, AccountStatus, Contact, DirectoryId, ExternalAccountKeyId, Family};
use jiff::Timestamp;
use jose::Thumbprint;
use operator::Parts;
use serde::{Deserialize, Serialize};

use crate::{Action, AdminError, Listed, page};

/// Finds accounts in all directories.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindAccounts {
    /// The id, contact or key that the accounts must have.
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
            AccountFilter::FormerKey(key) => parts.accounts.by_former_key(&key, None, limit).await?.into(),
        };
        Ok(found.map(ShownAccount::from))
    }
}

/// Lists a page of the accounts of a directory that no external account binds: those that were made
/// before it required one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListUnboundAccounts {
    /// The directory: `web`, or `raProfile/web`.
    pub profile: DirectoryId,
    /// The start of the page: the `next` of the previous one.
    #[serde(default)]
    pub after: Option<AccountId>,
    /// The maximum number of accounts to look at, 1 to 1,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u16>,
}

impl Action for ListUnboundAccounts {
    type Answer = ListedUnboundAccounts;

    const NAME: &str = "list-unbound-accounts";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<ListedUnboundAccounts, AdminError> {
        let page = parts.accounts.unbound(&self.profile, self.after, page::size(self.limit)?).await?;
        let items = page.accounts.into_iter().map(|account| account.value.into()).collect();
        Ok(ListedUnboundAccounts { items, next: page.next })
    }
}

/// A page of accounts that no external account binds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedUnboundAccounts {
    /// The accounts of the page, oldest first. There may be more although there are none here.
    pub items: Vec<ShownAccount>,
    /// Where the next page starts; null if this was the last one.
    pub next: Option<AccountId>,
}

/// Enables, disables or deactivates an account.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetAccountStatus {
    /// The account to change.
    pub id: AccountId,
    /// `valid`, `revoked` (disabled) or `deactivated`.
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

/// The criterion by which accounts are found.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AccountFilter {
    /// The account with this id.
    Id(AccountId),
    /// The accounts with this contact, in all directories.
    Contact(Contact),
    /// The accounts with this key, in all directories.
    Key(Thumbprint),
    /// The accounts that had this key and have another one now, in all directories.
    FormerKey(Thumbprint),
}

/// An account, as operators see it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownAccount {
    /// Its id, the last part of its URL.
    pub id: AccountId,
    /// Its directory, as in URLs: `web`, or `raProfile/web`.
    pub directory: String,
    /// Its status; `revoked` means disabled.
    pub status: AccountStatus,
    /// The contacts of the account.
    pub contact: Vec<Contact>,
    /// The thumbprint of its key.
    pub key_thumbprint: Thumbprint,
    /// The time at which the key was created.
    pub created_at: Timestamp,
    /// The external account key that bound the account.
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
