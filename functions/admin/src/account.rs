//! Accounts: found, disabled, enabled, ended.

use acme::{Account, AccountId, AccountStatus, Contact, ExternalAccountKeyId, Family};
use jiff::Timestamp;
use jose::Thumbprint;
use ra::Authority;
use serde::{Deserialize, Serialize};

use crate::{AdminError, Listed};

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

pub(crate) async fn find(
    authority: &Authority,
    filter: AccountFilter,
    limit: usize,
) -> Result<Listed<ShownAccount>, AdminError> {
    let (items, more) = match filter {
        AccountFilter::Id(id) => (vec![authority.find_account(id).await?], false),
        AccountFilter::Contact(contact) => {
            let page = authority.accounts_by_contact(&contact, None, limit).await?;
            (page.items, page.more)
        }
        AccountFilter::Key(key) => {
            let page = authority.accounts_by_key(&key, None, limit).await?;
            (page.items, page.more)
        }
    };
    Ok(Listed { items: items.into_iter().map(ShownAccount::from).collect(), more })
}

pub(crate) async fn set_status(
    authority: &Authority,
    actor: &str,
    id: AccountId,
    status: AccountStatus,
) -> Result<ShownAccount, AdminError> {
    let account = match status {
        AccountStatus::Valid => authority.enable_account(actor, id).await?,
        AccountStatus::Revoked => authority.disable_account(actor, id).await?,
        AccountStatus::Deactivated => authority.end_account(actor, id).await?,
    };
    Ok(account.into())
}
