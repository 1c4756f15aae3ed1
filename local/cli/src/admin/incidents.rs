//! `incidents`: certificates that clients should replace early, and that are revoked afterwards.

use std::time::Duration;

use acme::IncidentId;
use admin::{
    incident::{
        ContinueRevocations, DeclareIncident, EndIncident, IncidentDocument, ListIncidents, RevocationDocument,
    },
    selection::CertificateSelection,
};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use store::{Incident, StagedRevocation};
use tokio::time;

use super::{
    AdminFailure,
    certificates::{Reason, about, certificates},
    connection::Connection,
    output::Output,
    progress::Progress,
    selection::{self, SelectionArguments},
    table::{printable, table},
};

#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "a command line is parsed once")]
pub(super) enum IncidentsCommand {
    /// Declare an incident: ask clients to replace the affected certificates early
    ///
    /// The affected certificates are those that match the selection and were ordered before the
    /// declaration; without a selection, all certificates are. Their renewal information (RFC 9773)
    /// suggests a time between now and --renew-within, with a link to --url. Replacements are not
    /// affected. With --revoke, the affected certificates are revoked afterwards, automatically and
    /// in batches.
    #[command(
        after_help = "Examples:\n  serverless-acme admin incidents declare --profile web \\\n      --issued-from 2026-01-31T00:00:00Z --description 'wrong policy' --dry-run\n  serverless-acme admin incidents declare --issuer issuing \\\n      --description 'keys of a weak generator' --url https://ca.example.com/incidents/1 \\\n      --renew-within 24h --revoke superseded --revoke-after 5d"
    )]
    Declare(DeclareArguments),
    /// List the open incidents, and those that ended within a year
    #[command(after_help = "Example:\n  serverless-acme admin incidents list")]
    List,
    /// Show an incident and the progress of its revocation
    #[command(
        after_help = "Examples:\n  serverless-acme admin incidents show 06cv5pbo4s3u8t1hk8q2m0r9dg\n  serverless-acme admin incidents show 06cv5pbo4s3u8t1hk8q2m0r9dg --watch"
    )]
    Show {
        /// The id of the incident
        id: IncidentId,
        /// Show the progress until all certificates are revoked
        #[arg(long)]
        watch: bool,
    },
    /// End an incident: renewal information returns to normal, and its revocation stops
    #[command(after_help = "Example:\n  serverless-acme admin incidents end 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    End {
        /// The id of the incident
        id: IncidentId,
        /// Do not ask for confirmation, even if the revocation is unfinished
        #[arg(long, short)]
        yes: bool,
    },
    /// Continue the revocations in progress now, instead of at the next scheduled run
    #[command(after_help = "Example:\n  serverless-acme admin incidents continue")]
    Continue,
}

/// An incident to be declared.
#[derive(Args)]
pub(super) struct DeclareArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    /// A description of the incident in one line, for operators
    #[arg(long, value_name = "TEXT")]
    description: String,
    /// A web page that explains the incident; renewal information links to it
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The time over which renewals are spread, such as 36h or 5d. Most clients check their renewal
    /// information four times a day
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = hours)]
    renew_within: u16,
    /// Revoke the certificates afterwards, for this reason
    #[arg(long, value_enum, value_name = "REASON")]
    revoke: Option<Reason>,
    /// The time from now until the revocation starts, such as 36h or 5d [default: that of
    /// --renew-within]
    #[arg(long, value_name = "DURATION", value_parser = hours, requires = "revoke")]
    revoke_after: Option<u16>,
    /// Count and list the affected certificates without declaring an incident
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
}

/// `36h` or `5d`.
pub(super) fn hours(text: &str) -> Result<u16, String> {
    let number = |text: &str| text.parse::<u16>().ok();
    let hours = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(hours), _) => number(hours),
        (_, Some(days)) => number(days).and_then(|days| days.checked_mul(24)),
        _ => None,
    };
    hours.ok_or_else(|| "expected hours or days, such as 36h or 5d".to_owned())
}

pub(super) async fn run(
    connection: &Connection,
    output: &Output,
    command: IncidentsCommand,
) -> Result<(), AdminFailure> {
    match command {
        IncidentsCommand::Declare(arguments) => declare(connection, output, arguments).await,
        IncidentsCommand::List => {
            let incidents = all(connection).await?;
            output.print(&incidents, || rows(&incidents))
        }
        IncidentsCommand::Show { id, watch } => {
            let incident = if watch { watched(connection, id).await? } else { one(connection, id).await? };
            output.print(&incident, || facts(&incident))
        }
        IncidentsCommand::End { id, yes } => end(connection, output, id, yes).await,
        IncidentsCommand::Continue => go_on(connection, output).await,
    }
}

async fn declare(connection: &Connection, output: &Output, arguments: DeclareArguments) -> Result<(), AdminFailure> {
    let DeclareArguments { selection, description, url, renew_within, revoke, revoke_after, dry_run, yes } = arguments;
    let selection = CertificateSelection::from(selection);
    let counted = selection::count(connection, &selection, SHOWN).await?;
    if dry_run {
        let json = json!({ "certificates": counted.good, "alreadyRevoked": counted.revoked, "items": counted.items });
        return output.print(&json, || about(&counted));
    }
    if !yes {
        let revoked = match revoke {
            Some(_) => format!(" and revoke them after {} hours", revoke_after.unwrap_or(renew_within)),
            None => String::new(),
        };
        let question = format!("Ask clients to replace {}{revoked}?", certificates(counted.good));
        output.agree(&about(&counted), &question)?;
    }
    let incident = IncidentDocument {
        description,
        explanation_url: url,
        selection,
        counted: Some(counted.good),
        renew_within_hours: renew_within,
        revocation: revoke.map(|reason| RevocationDocument { reason: reason.into(), after_hours: revoke_after }),
    };
    let incident = connection.ask(&DeclareIncident { incident }).await?;
    output.print(&incident, || facts(&incident))
}

async fn end(connection: &Connection, output: &Output, id: IncidentId, yes: bool) -> Result<(), AdminFailure> {
    let incident = one(connection, id).await?;
    let is_unfinished = incident.revocation.as_ref().is_some_and(|revocation| revocation.finished_at.is_none());
    if is_unfinished && incident.is_open() && !yes {
        output.agree(&facts(&incident), "The revocation is unfinished. End the incident and stop the revocation?")?;
    }
    let incident = connection.ask(&EndIncident { id }).await?;
    output.print(&incident, || facts(&incident))
}

async fn go_on(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let mut progress: Option<Progress> = None;
    loop {
        let answer = connection.ask(&ContinueRevocations { seconds: A_WHILE }).await?;
        let incidents = all(connection).await?;
        if !answer.more {
            drop(progress);
            return output.print(&incidents, || rows(&incidents));
        }
        let under_way = || incidents.iter().filter(|incident| incident.is_open() && incident.revocation.is_some());
        let total = under_way().map(|incident| incident.counted).sum::<Option<u64>>();
        let done = under_way().filter_map(|incident| incident.revocation.as_ref()).map(|one| one.revoked).sum();
        progress.get_or_insert_with(|| Progress::new("revoked", total)).show(done);
    }
}

/// Waits until the revocation of the incident is finished or has stopped.
async fn watched(connection: &Connection, id: IncidentId) -> Result<Incident, AdminFailure> {
    let mut progress: Option<Progress> = None;
    loop {
        let incident = one(connection, id).await?;
        match &incident.revocation {
            Some(StagedRevocation { finished_at: None, revoked, .. })
                if incident.is_open() && connection.is_working() =>
            {
                progress.get_or_insert_with(|| Progress::new("revoked", incident.counted)).show(*revoked);
            }
            _ => return Ok(incident),
        }
        time::sleep(PAUSE).await;
    }
}

async fn all(connection: &Connection) -> Result<Vec<Incident>, AdminFailure> {
    connection.ask(&ListIncidents {}).await
}

async fn one(connection: &Connection, id: IncidentId) -> Result<Incident, AdminFailure> {
    all(connection).await?.into_iter().find(|incident| incident.id == id).ok_or(AdminFailure::NoIncident(id))
}

fn rows(incidents: &[Incident]) -> String {
    let rows = incidents.iter().map(|incident| {
        [
            incident.id.to_string(),
            if incident.is_open() { "open".to_owned() } else { "ended".to_owned() },
            incident.declared_at.to_string(),
            incident.renew_by.to_string(),
            incident.counted.map_or("-".to_owned(), |counted| counted.to_string()),
            progress(incident),
            incident.description.clone(),
        ]
    });
    table(["INCIDENT", "STATE", "DECLARED", "RENEW BY", "CERTIFICATES", "REVOCATION", "DESCRIPTION"], rows)
}

fn progress(incident: &Incident) -> String {
    match &incident.revocation {
        None => "-".to_owned(),
        Some(StagedRevocation { finished_at: Some(_), revoked, .. }) => format!("{revoked} revoked, finished"),
        Some(StagedRevocation { revoked, .. }) if !incident.is_open() => format!("{revoked} revoked, stopped"),
        Some(StagedRevocation { position: None, begins_at, .. }) => format!("starts at {begins_at}"),
        Some(StagedRevocation { revoked, .. }) => format!("{revoked} revoked, in progress"),
    }
}

fn facts(incident: &Incident) -> String {
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let time = |time: Option<Timestamp>| or_none(time.map(|time| time.to_string()));
    let affected = serde_json::to_string(&incident.affected).unwrap_or_default();
    let facts = [
        ("incident", incident.id.to_string()),
        ("description", incident.description.clone()),
        ("explanation", or_none(incident.explanation_url.clone())),
        ("affected", affected),
        ("certificates", or_none(incident.counted.map(|counted| counted.to_string()))),
        ("declared at", incident.declared_at.to_string()),
        ("declared by", incident.declared_by.clone()),
        ("renew by", incident.renew_by.to_string()),
        ("revocation", progress(incident)),
        ("ended at", time(incident.ended_at)),
    ];
    facts.iter().map(|(name, value)| format!("{name:<14}{}\n", printable(value))).collect()
}

/// The number of certificates that are listed before an incident is declared.
const SHOWN: usize = 50;
const PAUSE: Duration = Duration::from_secs(2);
/// The pause between two looks at a running revocation, in seconds.
const A_WHILE: u16 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_hours_or_days() {
        assert_eq!((hours("36h"), hours("5d")), (Ok(36), Ok(120)));
        for text in ["", "5", "h", "5m", "-1h", "9999999d", "3000d"] {
            assert!(hours(text).is_err(), "{text}");
        }
    }
}
