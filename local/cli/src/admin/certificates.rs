//! `certificates`: finding, showing, exporting and revoking certificates.

use std::{fs, path::PathBuf, str::FromStr};

use acme::{AccountId, CertificateId, CertificateIdError, DirectoryId, RevocationReason, Serial};
use admin::{
    account::{AccountFilter, FindAccounts, ShownAccount},
    certificate::{CertificateFilter, ExportCertificate, FindCertificates, RevokeCertificate, ShownCertificate},
    evidence::ShowEvidence,
    examination::ChainDocument,
    seal::ListSeals,
    selection::{CertificateSelection, IndexKeys, RevokeCertificates},
};
use authority::{Clock, SystemClock};
use clap::{Args, Subcommand, ValueEnum};
use jose::Thumbprint;
use serde_json::json;
use store::IssuerId;

use super::{
    AdminFailure,
    connection::Connection,
    output::{Output, PAGE, and_more},
    progress::Progress,
    selection::{self, Counted, SelectionArguments},
    table::{printable, table},
};
use crate::evidence::listed;

#[derive(Subcommand)]
pub(super) enum CertificatesCommand {
    /// Find certificates by one criterion, such as name, serial number, account or expiry
    #[command(
        after_help = "Examples:\n  serverless-acme admin certificates find --name www.example.com\n  serverless-acme admin certificates find --serial 4A:1F:00:9C:33:D0:52:7E\n  serverless-acme admin certificates find \\\n      --key NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs\n  serverless-acme admin certificates find --ending-within 14 --json"
    )]
    Find(FindArguments),
    /// Show a certificate with its account, order, status and PEM
    #[command(
        after_help = "Examples:\n  serverless-acme admin certificates show aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE\n  serverless-acme admin certificates show 4A:1F:00:9C:33:D0:52:7E"
    )]
    Show {
        /// The certificate: its id (RFC 9773 §4.1) or its hexadecimal serial number
        #[arg(allow_hyphen_values = true)]
        certificate: CertificateReference,
    },
    /// Write a certificate to a file or to standard output
    #[command(
        after_help = "Examples:\n  serverless-acme admin certificates export aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE \\\n      > chain.pem\n  serverless-acme admin certificates export 4A:1F:00:9C:33:D0:52:7E \\\n      --format der --out leaf.der"
    )]
    Export {
        /// The certificate: its id (RFC 9773 §4.1) or its hexadecimal serial number
        #[arg(allow_hyphen_values = true)]
        certificate: CertificateReference,
        /// The output format
        #[arg(long, value_enum, default_value = "chain")]
        format: Format,
        /// The file to write [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show why a certificate was signed: what was seen, by whom and from where, under which rules
    ///
    /// With --json, it is a document that `serverless-acme verify-evidence` examines without the
    /// CA.
    #[command(
        after_help = "Examples:\n  serverless-acme admin certificates evidence aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE\n  serverless-acme admin certificates evidence 4A:1F:00:9C:33:D0:52:7E --json > evidence.json"
    )]
    Evidence {
        /// The certificate: its id (RFC 9773 §4.1) or its hexadecimal serial number
        #[arg(allow_hyphen_values = true)]
        certificate: CertificateReference,
    },
    /// List the seals: what the CA signed, day by day, about the receipts of its certificates
    ///
    /// Each seal names the one before it, so a chain that was kept elsewhere shows whether a
    /// receipt was changed, added or left out since. With --json, it is a document that
    /// `serverless-acme verify-evidence` examines without the CA.
    #[command(
        after_help = "Examples:\n  serverless-acme admin certificates seals\n  serverless-acme admin certificates seals --json > seals.json"
    )]
    Seals,
    /// Revoke one certificate, or all that match a selection
    ///
    /// With an ID, that certificate is revoked at once. Without one, the other arguments select
    /// certificates: those that match all of them are counted, and revoked after confirmation; with
    /// --dry-run they are only counted and listed. An interrupted revocation can be repeated:
    /// certificates that are already revoked are skipped.
    #[command(
        after_help = "Examples:\n  serverless-acme admin certificates revoke aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE \\\n      --reason key-compromise\n  serverless-acme admin certificates revoke --name www.example.com --dry-run\n  serverless-acme admin certificates revoke --profile web --issued-from 2026-01-31T00:00:00Z \\\n      --issued-until 2026-02-01T00:00:00Z --reason superseded --yes"
    )]
    Revoke(RevokeArguments),
    /// Make all valid certificates findable by their keys
    ///
    /// Versions up to e70810c did not do so on AWS. One run after the upgrade is enough, and an
    /// interrupted one can be repeated.
    #[command(after_help = "Example:\n  serverless-acme admin certificates index-keys")]
    IndexKeys,
}

/// The criterion by which certificates are searched.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct FindArguments {
    /// Certificates that contain exactly this DNS name or IP address
    #[arg(long)]
    name: Option<String>,
    /// Certificates of this account's newest orders
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// Certificates that expire within this number of days
    #[arg(long, value_name = "DAYS")]
    ending_within: Option<u16>,
    /// Certificates with this serial number, in hexadecimal, with or without colons
    #[arg(long, value_name = "HEX")]
    serial: Option<String>,
    /// Certificates whose public key has this thumbprint (RFC 7638)
    #[arg(long, value_name = "THUMBPRINT", allow_hyphen_values = true)]
    key: Option<Thumbprint>,
    /// Valid certificates of this issuer: the first hundred to expire
    #[arg(long, value_name = "ID")]
    issuer: Option<IssuerId>,
    /// Valid certificates ordered in the directory of this ACME Profile (web) or RA Profile
    /// (raProfile/web): the first hundred to expire
    #[arg(long, value_name = "NAME")]
    profile: Option<DirectoryId>,
}

/// A certificate, given by its id (RFC 9773 §4.1) or its serial number.
#[derive(Clone)]
pub(super) enum CertificateReference {
    Id(CertificateId),
    Serial(String),
}

impl FromStr for CertificateReference {
    type Err = CertificateIdError;

    fn from_str(text: &str) -> Result<Self, CertificateIdError> {
        match Serial::from_hex(text) {
            Some(_) => Ok(Self::Serial(text.to_owned())),
            None => text.parse().map(Self::Id),
        }
    }
}

/// The format of an exported certificate.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// The certificate and its chain, without the root, in PEM
    Chain,
    /// The certificate alone, in PEM
    Pem,
    /// The certificate alone, in DER
    Der,
}

/// The certificates to revoke, and the reason.
#[derive(Args)]
pub(super) struct RevokeArguments {
    /// One certificate: its id (RFC 9773 §4.1)
    // Ids are base64url and may begin with a hyphen; therefore there is no short flag here.
    #[arg(
        required_unless_present = "SelectionArguments",
        conflicts_with = "SelectionArguments",
        allow_hyphen_values = true
    )]
    id: Option<CertificateId>,
    #[command(flatten)]
    selection: SelectionArguments,
    /// The reason for the revocation
    #[arg(long, value_enum, default_value = "unspecified")]
    reason: Reason,
    /// Count and list the certificates without revoking them
    #[arg(long, conflicts_with = "id")]
    dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

/// Why a certificate is revoked (RFC 5280 §5.3.1).
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Reason {
    /// No reason is given
    Unspecified,
    /// The private key is compromised; the key is blocked, too
    KeyCompromise,
    /// The subject's name or other data has changed
    AffiliationChanged,
    /// The certificate has been replaced
    Superseded,
    /// The certificate is no longer needed
    CessationOfOperation,
    /// A privilege that the certificate states was withdrawn
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

pub(super) async fn run(
    connection: &Connection,
    output: &Output,
    command: CertificatesCommand,
) -> Result<(), AdminFailure> {
    match command {
        CertificatesCommand::Find(filter) => find(connection, output, filter).await,
        CertificatesCommand::Show { certificate } => show(connection, output, certificate).await,
        CertificatesCommand::Evidence { certificate } => evidence(connection, output, certificate).await,
        CertificatesCommand::Seals => seals(connection, output).await,
        CertificatesCommand::Export { certificate, format, out } => {
            export(connection, output, certificate, format, out).await
        }
        CertificatesCommand::Revoke(arguments) => match arguments.id.clone() {
            Some(id) => revoke(connection, output, id, arguments.reason).await,
            None => revoke_many(connection, output, arguments).await,
        },
        CertificatesCommand::IndexKeys => index_keys(connection, output).await,
    }
}

async fn index_keys(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let mut progress = Progress::new("certificates indexed", None);
    let (mut indexed, mut position) = (0, None);
    loop {
        let piece = connection.ask(&IndexKeys { position }).await?;
        indexed += piece.looked_at as u64;
        position = piece.next;
        if position.is_none() {
            break;
        }
        progress.show(indexed);
    }
    output.print(&json!({"indexed": indexed}), || format!("{indexed} certificates can be found by their keys"))
}

async fn find(
    connection: &Connection,
    output: &Output,
    FindArguments { name, account, ending_within, serial, key, issuer, profile }: FindArguments,
) -> Result<(), AdminFailure> {
    if issuer.is_some() || profile.is_some() {
        let selection = CertificateSelection { issuer, profile, ..CertificateSelection::default() };
        let found = selection::first(connection, selection).await?;
        return output.print(&found, || rows(&found.items) + and_more(found.more));
    }
    let by_end = ending_within.map(CertificateFilter::EndingWithinDays);
    let filter = name.map(CertificateFilter::Name).or(account.map(CertificateFilter::Account)).or(by_end);
    let filter = filter.or(serial.map(CertificateFilter::Serial)).or(key.map(CertificateFilter::Key));
    let Some(filter) = filter else { return Ok(()) };
    let request = FindCertificates { filter, limit: Some(PAGE) };
    let found = connection.ask(&request).await?;
    output.print(&found, || rows(&found.items) + and_more(found.more))
}

async fn show(connection: &Connection, output: &Output, certificate: CertificateReference) -> Result<(), AdminFailure> {
    let found = found(connection, certificate).await?;
    let mut shown = String::new();
    for certificate in &found {
        let account = match certificate.account {
            Some(id) => {
                let request = FindAccounts { filter: AccountFilter::Id(id), limit: None };
                connection.ask(&request).await?.items.into_iter().next()
            }
            None => None,
        };
        shown += &facts(certificate, account.as_ref());
    }
    output.print(&found, || shown)
}

async fn export(
    connection: &Connection,
    output: &Output,
    certificate: CertificateReference,
    format: Format,
    out: Option<PathBuf>,
) -> Result<(), AdminFailure> {
    let found = found(connection, certificate).await?;
    let [ShownCertificate { id, .. }] = found.as_slice() else { return Err(AdminFailure::Several(found.len())) };
    let exported = connection.ask(&ExportCertificate { id: id.clone() }).await?;
    let bytes = match format {
        Format::Chain => exported.chain.into_bytes(),
        Format::Pem => exported.pem.into_bytes(),
        Format::Der => exported.der,
    };
    match out {
        Some(path) => fs::write(&path, bytes).map_err(|error| AdminFailure::File { path, reason: error.to_string() }),
        None => output.bytes(&bytes),
    }
}

async fn evidence(
    connection: &Connection,
    output: &Output,
    certificate: CertificateReference,
) -> Result<(), AdminFailure> {
    let found = found(connection, certificate).await?;
    let [ShownCertificate { id, .. }] = found.as_slice() else { return Err(AdminFailure::Several(found.len())) };
    let document = connection.ask(&ShowEvidence { id: id.clone() }).await?;
    let findings = document.examined(SystemClock.now()).map_err(AdminFailure::Evidence)?;
    output.print(&document, || listed(&findings))
}

/// The whole chain, of which an answer has a part.
async fn seals(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let mut chain = ChainDocument { seals: Vec::new() };
    let mut after = None;
    loop {
        let page = connection.ask(&ListSeals { after, limit: None }).await?;
        chain.seals.extend(page.seals);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    output.print(&chain, || match chain.examined() {
        findings if findings.is_empty() => "There are no seals yet.\n".to_owned(),
        findings => listed(&findings),
    })
}

async fn found(
    connection: &Connection,
    certificate: CertificateReference,
) -> Result<Vec<ShownCertificate>, AdminFailure> {
    let filter = match certificate {
        CertificateReference::Id(id) => CertificateFilter::Id(id),
        CertificateReference::Serial(serial) => CertificateFilter::Serial(serial),
    };
    let request = FindCertificates { filter, limit: None };
    let found = connection.ask(&request).await?.items;
    if found.is_empty() { Err(AdminFailure::NoCertificate) } else { Ok(found) }
}

async fn revoke(
    connection: &Connection,
    output: &Output,
    id: CertificateId,
    reason: Reason,
) -> Result<(), AdminFailure> {
    let request = RevokeCertificate { id, reason: reason.into() };
    let revoked = connection.ask(&request).await?;
    output.print(&revoked, || rows(std::slice::from_ref(&revoked)))
}

async fn revoke_many(
    connection: &Connection,
    output: &Output,
    RevokeArguments { selection, reason, dry_run, yes, .. }: RevokeArguments,
) -> Result<(), AdminFailure> {
    let selection = CertificateSelection::from(selection);
    let counted = selection::count(connection, &selection, SHOWN).await?;
    let Counted { good, revoked: already, items } = &counted;
    if dry_run {
        let json = json!({ "certificates": good, "alreadyRevoked": already, "items": items });
        return output.print(&json, || about(&counted));
    }
    if !yes && *good > 0 {
        output.agree(&about(&counted), &format!("Revoke {}?", certificates(*good)))?;
    }
    let mut progress = Progress::new("revoked", Some(*good));
    let (mut revoked, mut already, mut position) = (0_u64, 0_u64, None);
    loop {
        let request = RevokeCertificates { selection: selection.clone(), reason: reason.into(), position };
        let piece = connection.ask(&request).await?;
        revoked += piece.revoked as u64;
        already += piece.already_revoked as u64;
        progress.show(revoked);
        position = piece.next;
        if position.is_none() {
            break;
        }
    }
    drop(progress);
    let json = json!({ "revoked": revoked, "alreadyRevoked": already });
    output.print(&json, || format!("{} revoked; already revoked: {already}", certificates(revoked)))
}

/// The number of certificates as text: `1 certificate`, `2 certificates`.
pub(super) fn certificates(number: u64) -> String {
    if number == 1 { "1 certificate".to_owned() } else { format!("{number} certificates") }
}

/// The certificates that would be revoked.
pub(super) fn about(Counted { good, revoked, items }: &Counted) -> String {
    let rest = good.saturating_sub(items.len() as u64);
    let rest = if rest > 0 { format!("and {rest} more\n") } else { String::new() };
    format!("{}{rest}\n{}; already revoked: {revoked}", rows(items), certificates(*good))
}

pub(super) fn rows(shown: &[ShownCertificate]) -> String {
    let rows = shown.iter().map(|certificate| {
        let revoked = certificate.revoked_at.map_or("-".to_owned(), |at| at.to_string());
        let account = certificate.account.map_or("-".to_owned(), |account| account.to_string());
        let order = certificate.order.map_or("-".to_owned(), |order| order.to_string());
        let id = certificate.id.to_string();
        [id, certificate.names.join(","), certificate.not_after.to_string(), revoked, account, order]
    });
    table(["CERTIFICATE", "IDENTIFIERS", "NOT AFTER", "REVOKED", "ACCOUNT", "ORDER"], rows)
}

/// Everything that is known about a certificate.
fn facts(certificate: &ShownCertificate, account: Option<&ShownAccount>) -> String {
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let state = match (certificate.revoked_at, certificate.reason, &certificate.pem) {
        (Some(at), reason, _) => format!("revoked at {at}, reason {}", reason.unwrap_or_default()),
        (None, _, Some(_)) => "issued, not revoked".to_owned(),
        (None, _, None) => "not signed".to_owned(),
    };
    let whose = account.map(|account| {
        let contact: Vec<String> = account.contact.iter().map(ToString::to_string).collect();
        format!("{} in {} {}", account.id, account.directory, contact.join(","))
    });
    let story = certificate.account.zip(certificate.order);
    let story = story.map(|(account, order)| format!("admin explain --account {account} --order {order}"));
    let facts = [
        ("certificate", certificate.id.to_string()),
        ("serial", certificate.serial.clone()),
        ("identifiers", certificate.names.join(", ")),
        ("issuer", certificate.issuer.to_string()),
        ("not before", certificate.not_before.to_string()),
        ("not after", certificate.not_after.to_string()),
        ("state", state),
        ("account", or_none(whose)),
        ("order", or_none(certificate.order.map(|order| order.to_string()))),
        ("explained by", or_none(story)),
        ("replaced by", or_none(certificate.replaced_by.map(|order| format!("order {order}")))),
    ];
    let facts: String = facts.iter().map(|(name, value)| format!("{name:<13}{}\n", printable(value))).collect();
    format!("{facts}\n{}\n", certificate.pem.as_deref().unwrap_or_default())
}

/// The number of certificates that are listed before many are revoked.
const SHOWN: usize = 50;
