//! Accounts, certificates and keys: what clients made.

use acme::{AccountId, AccountStatus, CertificateId, Contact, RevocationReason};
use admin::{AccountFilter, CertificateFilter, Listed, Request, ShownAccount, ShownCertificate};
use clap::{Args, ValueEnum};
use jose::Thumbprint;
use store::BlockedKey;

use super::{AdminFailure, connection::Connection, output::Output, table::table};

/// Which accounts.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct FindAccounts {
    /// With this contact: an address of electronic mail
    #[arg(long, value_name = "ADDRESS", value_parser = contact)]
    contact: Option<Contact>,
    /// With the key of this thumbprint (RFC 7638)
    #[arg(long, value_name = "THUMBPRINT")]
    key: Option<Thumbprint>,
    /// With this id, the last part of an account's URL
    #[arg(long, value_name = "ID")]
    id: Option<AccountId>,
}

/// Which certificates.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct FindCertificates {
    /// For exactly this name or address
    #[arg(long)]
    name: Option<String>,
    /// Of this account's newest orders
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// Those that end within so many days
    #[arg(long, value_name = "DAYS")]
    ending_within: Option<u16>,
}

/// Why a certificate is revoked (RFC 5280 §5.3.1).
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Reason {
    /// No reason given
    Unspecified,
    /// The private key is in other hands; it is blocked
    KeyCompromise,
    /// The subject's name or other data changed
    AffiliationChanged,
    /// Replaced by another certificate
    Superseded,
    /// No longer needed
    CessationOfOperation,
    /// A right that the certificate states was taken back
    PrivilegeWithdrawn,
}

impl From<Reason> for RevocationReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Unspecified => Self::Unspecified,
            Reason::KeyCompromise => Self::KeyCompromise,
            Reason::AffiliationChanged => Self::AffiliationChanged,
            Reason::Superseded => Self::Superseded,
            Reason::CessationOfOperation => Self::CessationOfOperation,
            Reason::PrivilegeWithdrawn => Self::PrivilegeWithdrawn,
        }
    }
}

fn contact(text: &str) -> Result<Contact, String> {
    let url = if text.contains(':') { text.to_owned() } else { format!("mailto:{text}") };
    url.parse().map_err(|error: acme::ContactError| error.to_string())
}

pub(super) async fn find_accounts(
    connection: &Connection,
    output: &Output,
    FindAccounts { contact, key, id }: FindAccounts,
) -> Result<(), AdminFailure> {
    let by_key = key.map(AccountFilter::Key);
    let filter = contact.map(AccountFilter::Contact).or(by_key).or(id.map(AccountFilter::Id));
    let Some(filter) = filter else { return Ok(()) };
    let found: Listed<ShownAccount> = connection.ask(&Request::FindAccounts { filter, limit: Some(MOST) }).await?.value;
    output.print(&found, || accounts(&found.items) + and_more(found.more))
}

pub(super) async fn set_account_status(
    connection: &Connection,
    output: &Output,
    id: AccountId,
    status: AccountStatus,
) -> Result<(), AdminFailure> {
    let account: ShownAccount = connection.ask(&Request::SetAccountStatus { id, status }).await?.value;
    output.print(&account, || accounts(std::slice::from_ref(&account)))
}

pub(super) async fn find_certificates(
    connection: &Connection,
    output: &Output,
    FindCertificates { name, account, ending_within }: FindCertificates,
) -> Result<(), AdminFailure> {
    let by_end = ending_within.map(CertificateFilter::EndingWithinDays);
    let filter = name.map(CertificateFilter::Name).or(account.map(CertificateFilter::Account)).or(by_end);
    let Some(filter) = filter else { return Ok(()) };
    let request = Request::FindCertificates { filter, limit: Some(MOST) };
    let found: Listed<ShownCertificate> = connection.ask(&request).await?.value;
    output.print(&found, || certificates(&found.items) + and_more(found.more))
}

pub(super) async fn show_certificate(
    connection: &Connection,
    output: &Output,
    id: CertificateId,
) -> Result<(), AdminFailure> {
    let request = Request::FindCertificates { filter: CertificateFilter::Id(id), limit: None };
    let found: Listed<ShownCertificate> = connection.ask(&request).await?.value;
    output.print(&found.items, || {
        let pem: String = found.items.iter().filter_map(|certificate| certificate.pem.clone()).collect();
        certificates(&found.items) + "\n" + &pem
    })
}

pub(super) async fn revoke_certificate(
    connection: &Connection,
    output: &Output,
    id: CertificateId,
    reason: Reason,
) -> Result<(), AdminFailure> {
    let request = Request::RevokeCertificate { id, reason: reason.into() };
    let revoked: ShownCertificate = connection.ask(&request).await?.value;
    output.print(&revoked, || certificates(std::slice::from_ref(&revoked)))
}

pub(super) async fn block_key(connection: &Connection, output: &Output, key: Thumbprint) -> Result<(), AdminFailure> {
    let blocked = connection.ask_value(&Request::BlockKey { key }).await?;
    output.print(&blocked, || format!("{key} is blocked: no account and no certificate may use it"))
}

pub(super) async fn blocked_keys(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let mut keys: Vec<BlockedKey> = Vec::new();
    loop {
        let request = Request::BlockedKeys { after: keys.last().map(|blocked| blocked.key), limit: Some(MOST) };
        let page: Listed<BlockedKey> = connection.ask(&request).await?.value;
        let ends = !page.more || page.items.is_empty();
        keys.extend(page.items);
        if ends {
            break;
        }
    }
    let rows = || keys.iter().map(|blocked| [blocked.key.to_string(), blocked.at.to_string()]);
    output.print(&keys, || table(["KEY THUMBPRINT", "SINCE"], rows()))
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
    table(["ACCOUNT", "DIRECTORY", "STATUS", "CONTACT", "MADE", "KEY THUMBPRINT"], rows)
}

fn certificates(certificates: &[ShownCertificate]) -> String {
    let rows = certificates.iter().map(|certificate| {
        let revoked = certificate.revoked_at.map_or("-".to_owned(), |at| at.to_string());
        let account = certificate.account.map_or("-".to_owned(), |account| account.to_string());
        let order = certificate.order.map_or("-".to_owned(), |order| order.to_string());
        let id = certificate.id.to_string();
        [id, certificate.names.join(","), certificate.not_after.to_string(), revoked, account, order]
    });
    table(["CERTIFICATE", "NAMES", "ENDS", "REVOKED", "ACCOUNT", "ORDER"], rows)
}

fn and_more(more: bool) -> &'static str {
    if more { "and others\n" } else { "" }
}

const MOST: u16 = 1_000;
