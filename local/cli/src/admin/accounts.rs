//! `accounts`: finding, showing, disabling, enabling and deactivating accounts.

use acme::{AccountId, AccountStatus, Contact, DirectoryId};
use admin::{
    account::{AccountFilter, FindAccounts, ListUnboundAccounts, SetAccountStatus, ShownAccount},
    certificate::{CertificateFilter, FindCertificates},
};
use clap::Args;
use jose::Thumbprint;
use serde_json::json;

use super::{
    AdminFailure, certificates,
    connection::Connection,
    output::{Output, PAGE, and_more},
    table::table,
};

/// What to search, and where if it is not everywhere.
#[derive(Args)]
pub(super) struct FindArguments {
    #[command(flatten)]
    criterion: Criterion,
    /// The directory of this ACME Profile (web) or RA Profile (raProfile/web), for --unbound
    #[arg(long, value_name = "NAME", requires = "unbound")]
    profile: Option<DirectoryId>,
}

/// The criterion by which accounts are searched.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Criterion {
    /// Accounts with this contact, an email address
    #[arg(long, value_name = "ADDRESS", value_parser = contact)]
    contact: Option<Contact>,
    /// Accounts whose key has this thumbprint (RFC 7638)
    #[arg(long, value_name = "THUMBPRINT", allow_hyphen_values = true)]
    key: Option<Thumbprint>,
    /// Accounts that had the key with this thumbprint and have another one now
    #[arg(long, value_name = "THUMBPRINT", allow_hyphen_values = true)]
    former_key: Option<Thumbprint>,
    /// The account with this id, the last part of its URL
    #[arg(long, value_name = "ID")]
    id: Option<AccountId>,
    /// Accounts without an external account, in the directory of --profile: those from before the
    /// profile required one
    #[arg(long, requires = "profile")]
    unbound: bool,
}

fn contact(text: &str) -> Result<Contact, String> {
    let url = if text.contains(':') { text.to_owned() } else { format!("mailto:{text}") };
    url.parse().map_err(|error: acme::ContactError| error.to_string())
}

pub(super) async fn find_accounts(
    connection: &Connection,
    output: &Output,
    FindArguments { criterion, profile }: FindArguments,
) -> Result<(), AdminFailure> {
    if let Some(profile) = profile {
        return list_unbound(connection, output, profile).await;
    }
    let Criterion { contact, key, former_key, id, unbound: _ } = criterion;
    let by_key = key.map(AccountFilter::Key).or(former_key.map(AccountFilter::FormerKey));
    let filter = contact.map(AccountFilter::Contact).or(by_key).or(id.map(AccountFilter::Id));
    let Some(filter) = filter else { return Ok(()) };
    let found = connection.ask(&FindAccounts { filter, limit: Some(PAGE) }).await?;
    output.print(&found, || accounts(&found.items) + and_more(found.more))
}

/// All pages, since each of them looks at a bounded number of accounts.
async fn list_unbound(connection: &Connection, output: &Output, profile: DirectoryId) -> Result<(), AdminFailure> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let request = ListUnboundAccounts { profile: profile.clone(), after, limit: Some(LOOKED_AT) };
        let page = connection.ask(&request).await?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    output.print(&found, || {
        let count = found.len();
        format!("{}{count} accounts without an external account in {profile}\n", accounts(&found))
    })
}

pub(super) async fn show_account(connection: &Connection, output: &Output, id: AccountId) -> Result<(), AdminFailure> {
    let request = FindAccounts { filter: AccountFilter::Id(id), limit: None };
    let found = connection.ask(&request).await?;
    let request = FindCertificates { filter: CertificateFilter::Account(id), limit: Some(NEWEST) };
    let newest = connection.ask(&request).await?;
    let json = json!({ "account": found.items.first(), "certificates": newest.items });
    output.print(&json, || {
        let bound = found.items.first().and_then(|account| account.external_account);
        let bound = bound.map(|key| format!("bound with external account key {key}\n")).unwrap_or_default();
        format!("{}{bound}\n{}{}", accounts(&found.items), certificates::rows(&newest.items), and_more(newest.more))
    })
}

pub(super) async fn set_account_status(
    connection: &Connection,
    output: &Output,
    id: AccountId,
    status: AccountStatus,
) -> Result<(), AdminFailure> {
    let account = connection.ask(&SetAccountStatus { id, status }).await?;
    output.print(&account, || accounts(std::slice::from_ref(&account)))
}

fn accounts(accounts: &[ShownAccount]) -> String {
    let rows = accounts.iter().map(|account| {
        let contact: Vec<String> = account.contact.iter().map(ToString::to_string).collect();
        [
            account.id.to_string(),
            account.directory.clone(),
            format!("{:?}", account.status).to_lowercase(),
            contact.join(","),
            account.created_at.to_string(),
            account.key_thumbprint.to_string(),
        ]
    });
    table(["ACCOUNT", "DIRECTORY", "STATUS", "CONTACT", "CREATED", "KEY THUMBPRINT"], rows)
}

const NEWEST: u16 = 20;
/// Accounts that one request looks at, the most that it may.
const LOOKED_AT: u16 = 1_000;
