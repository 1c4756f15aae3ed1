//! `audit`: listing and following the audit log.

use std::{collections::BTreeSet, time::Duration};

use acme::AuditId;
use admin::audit::{AuditFilter, ListAuditRecords};
use authority::{Clock, SystemClock};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use store::AuditRecord;
use tokio::{signal, time};

use super::{
    AdminFailure, Target,
    connection::Connection,
    incidents::hours,
    output::Output,
    table::{printable, table},
};

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// List the actions of operators, newest first
    #[command(
        after_help = "Examples:\n  serverless-acme admin audit list --limit 20\n  serverless-acme admin audit list --action eab --actor alice --since 7d"
    )]
    List {
        #[command(flatten)]
        filter: FilterArguments,
        /// Only records before this time, or older than this age, such as 2026-01-31T00:00:00Z,
        /// 36h or 5d
        #[arg(long, value_name = "TIME", value_parser = time_or_age)]
        until: Option<Timestamp>,
        /// The maximum number of records
        #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Print the actions of operators as they happen, until Ctrl-C
    #[command(
        after_help = "Examples:\n  serverless-acme admin audit follow\n  serverless-acme admin audit follow --since 1h --json | jq .action"
    )]
    Follow {
        #[command(flatten)]
        filter: FilterArguments,
    },
}

/// The filters of audit records.
#[derive(Args)]
pub(super) struct FilterArguments {
    /// Only records whose actor contains this text
    #[arg(long, value_name = "TEXT")]
    actor: Option<String>,
    /// Only records whose action contains this text, such as `eab` or `account disable`
    #[arg(long, value_name = "TEXT")]
    action: Option<String>,
    /// Only records whose subject (an id or a name) contains this text
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// Only records since this time, or not older than this age, such as 2026-01-31T00:00:00Z, 36h
    /// or 5d
    #[arg(long, value_name = "TIME", value_parser = time_or_age)]
    since: Option<Timestamp>,
}

impl FilterArguments {
    fn until(self, until: Option<Timestamp>) -> AuditFilter {
        let Self { actor, action, subject, since } = self;
        AuditFilter { actor, action, subject, since, until }
    }
}

fn time_or_age(text: &str) -> Result<Timestamp, String> {
    let ago = |hours: u16| SystemClock.now().checked_sub(SignedDuration::from_hours(hours.into())).ok();
    let time = hours(text).ok().and_then(ago).or_else(|| text.parse().ok());
    time.ok_or_else(|| {
        "expected a time, such as 2026-01-31T00:00:00Z, or an age in hours or days, such as 36h or 5d".to_owned()
    })
}

pub(super) async fn list(
    connection: &Connection,
    output: &Output,
    filter: FilterArguments,
    until: Option<Timestamp>,
    limit: u16,
) -> Result<(), AdminFailure> {
    let found = records(connection, filter.until(until), limit).await?;
    output.print(&found, || table(["TIME", "ACTOR", "ACTION", "SUBJECT", "DETAIL"], found.iter().map(cells)))
}

/// Runs until Ctrl-C. It uses a new connection for each request, so it continues when a host starts
/// or stops, and does not hold the data folder.
pub(super) async fn follow(target: &Target, output: &Output, filter: FilterArguments) -> Result<(), AdminFailure> {
    let mut filter = filter.until(None);
    let mut since = filter.since.unwrap_or_else(|| SystemClock.now());
    let mut shown: BTreeSet<AuditId> = BTreeSet::new();
    loop {
        // The clocks of functions differ a little, so a record may arrive after a newer one.
        filter.since = Some(since.checked_sub(OVERLAP).unwrap_or(since).max(filter.since.unwrap_or(since)));
        let connection = Connection::open(target).await?;
        let found = records(&connection, filter.clone(), u16::MAX).await;
        let pause = if connection.is_host() { PAUSE } else { LONG_PAUSE };
        connection.close().await?;
        for record in found?.iter().rev().filter(|record| shown.insert(record.id)) {
            since = since.max(record.id.made_at());
            output.line(record, || cells(record).map(|cell| printable(&cell)).join("  "))?;
        }
        shown.retain(|id| id.made_at() >= since.checked_sub(OVERLAP * 2).unwrap_or(since));
        tokio::select! {
            () = time::sleep(pause) => {}
            _ = signal::ctrl_c() => return Ok(()),
        }
    }
}

async fn records(connection: &Connection, filter: AuditFilter, limit: u16) -> Result<Vec<AuditRecord>, AdminFailure> {
    let mut found: Vec<AuditRecord> = Vec::new();
    let mut before = None;
    loop {
        let rest = usize::from(limit).saturating_sub(found.len()).min(A_PAGE.into());
        let rest = u16::try_from(rest).unwrap_or(A_PAGE);
        let request = ListAuditRecords { filter: filter.clone(), before, limit: Some(rest) };
        let page = connection.ask(&request).await?;
        found.extend(page.items);
        before = page.next;
        if before.is_none() || found.len() >= limit.into() {
            return Ok(found);
        }
    }
}

fn cells(record: &AuditRecord) -> [String; 5] {
    let detail: Vec<String> = record.detail.iter().map(|(name, value)| format!("{name}={value}")).collect();
    [record.at.to_string(), record.actor.clone(), record.action.clone(), record.subject.clone(), detail.join(" ")]
}

const A_PAGE: u16 = 1_000;
const PAUSE: Duration = Duration::from_secs(1);
/// Each request is an invocation of a function, or locks the data folder for a moment.
const LONG_PAUSE: Duration = Duration::from_secs(5);
const OVERLAP: SignedDuration = SignedDuration::from_secs(30);
