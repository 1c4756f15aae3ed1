//! Selections of certificates: their arguments, and counting and listing what matches.

use acme::{AccountId, DirectoryId};
use admin::{
    Listed,
    certificate::ShownCertificate,
    selection::{CertificateSelection, SelectCertificates},
};
use clap::Args;
use jiff::Timestamp;
use jose::Thumbprint;
use store::IssuerId;

use super::{AdminFailure, connection::Connection, progress::Progress};

/// A selection of certificates: those that match every argument given.
#[derive(Args, Clone)]
#[group(multiple = true)]
pub(super) struct SelectionArguments {
    /// Certificates that contain this DNS name or IP address
    #[arg(long)]
    name: Option<String>,
    /// Certificates that this account ordered
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// Certificates that this issuer signed
    #[arg(long, value_name = "ID")]
    issuer: Option<IssuerId>,
    /// Certificates ordered in the directory of this ACME Profile (web) or RA Profile
    /// (raProfile/web)
    #[arg(long, value_name = "NAME")]
    profile: Option<DirectoryId>,
    /// Certificates whose public key has this thumbprint (RFC 7638)
    #[arg(long, value_name = "THUMBPRINT", allow_hyphen_values = true)]
    key: Option<Thumbprint>,
    /// Certificates whose notBefore is this time or later, such as 2026-01-31T00:00:00Z. Unless
    /// the order says otherwise, notBefore is five minutes before issuance
    #[arg(long, value_name = "TIME")]
    issued_from: Option<Timestamp>,
    /// Certificates whose notBefore is before this time
    #[arg(long, value_name = "TIME")]
    issued_until: Option<Timestamp>,
}

impl From<SelectionArguments> for CertificateSelection {
    fn from(arguments: SelectionArguments) -> Self {
        let SelectionArguments { name, account, issuer, profile, key, issued_from, issued_until } = arguments;
        Self { name, account, issuer, profile, key, issued_from, issued_until }
    }
}

/// How many certificates match a selection, and the first of them.
pub(super) struct Counted {
    /// How many are valid.
    pub(super) good: u64,
    /// How many are already revoked.
    pub(super) revoked: u64,
    /// The first valid ones.
    pub(super) items: Vec<ShownCertificate>,
}

/// The first hundred valid certificates.
pub(super) async fn first(
    connection: &Connection,
    selection: CertificateSelection,
) -> Result<Listed<ShownCertificate>, AdminFailure> {
    let mut found = Listed { items: Vec::new(), more: false };
    let mut position = None;
    loop {
        let show = A_HUNDRED.saturating_sub(u16::try_from(found.items.len()).unwrap_or(A_HUNDRED));
        let request = SelectCertificates { selection: selection.clone(), position, show };
        let piece = connection.ask(&request).await?;
        found.more = piece.good > piece.items.len();
        found.items.extend(piece.items);
        position = piece.next;
        if found.more || position.is_none() {
            return Ok(found);
        }
    }
}

/// Counts the certificates, and lists the first `show` valid ones.
pub(super) async fn count(
    connection: &Connection,
    selection: &CertificateSelection,
    show: usize,
) -> Result<Counted, AdminFailure> {
    let mut counted = Counted { good: 0, revoked: 0, items: Vec::new() };
    let mut progress = Progress::new("certificates found", None);
    let mut position = None;
    loop {
        let wanted = show.saturating_sub(counted.items.len());
        let request = SelectCertificates {
            selection: selection.clone(),
            position,
            show: u16::try_from(wanted).unwrap_or(u16::MAX),
        };
        let piece = connection.ask(&request).await?;
        counted.good += piece.good as u64;
        counted.revoked += piece.revoked as u64;
        counted.items.extend(piece.items);
        position = piece.next;
        if position.is_none() {
            return Ok(counted);
        }
        progress.show(counted.good);
    }
}

const A_HUNDRED: u16 = 100;
