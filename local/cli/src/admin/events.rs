//! `events`: an event on purpose, and how the webhook is.

use admin::{Finding, Request, WebhookStatus};
use clap::Subcommand;
use serde_json::{Value, json};

use super::{AdminFailure, connection::Connection, output::Output};

/// What is done with events.
#[derive(Subcommand)]
pub(super) enum EventsCommand {
    /// Has an event of the type `test` told, to see whether it arrives
    ///
    /// It takes the way of all events: the log, and the webhook or the event bus that is set.
    #[command(after_help = "Example:\n  serverless-acme admin events test")]
    Test,
}

pub(super) async fn perform(
    connection: &Connection,
    output: &Output,
    command: EventsCommand,
) -> Result<(), AdminFailure> {
    match command {
        EventsCommand::Test => test(connection, output).await,
    }
}

async fn test(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let answer = connection.ask::<Value>(&Request::TestEvents {}).await?;
    let webhook = answer.host.and_then(|host| host.webhook);
    output.print(&json!({ "told": true, "webhook": webhook }), || match &webhook {
        Some(webhook) => format!("told; it is in the log, and on its way to {}\n", webhook.receiver),
        None if connection.is_local() => "told; it is in the log\n".to_owned(),
        None => "told; it is in the log, and on its way to the event bus when EventBusName is set\n".to_owned(),
    })
}

/// What there is to say of a webhook in `doctor`.
pub(super) fn examine(webhook: &WebhookStatus) -> Finding {
    let WebhookStatus { receiver, waiting, failing_since, reason, given_up, lost } = webhook;
    let check = format!("webhook {receiver}");
    if let Some(since) = failing_since {
        let reason = reason.as_deref().unwrap_or("unknown");
        return Finding::bad(
            check,
            format!("deliveries fail since {since}, {waiting} events wait: {reason}"),
            "mend the receiver; deliveries go on by themselves, and an event is given up three days after it happened",
        );
    }
    if given_up + lost > 0 {
        return Finding::warning(
            check,
            format!("it works, but since the host started {given_up} events were given up and {lost} found no room"),
            "find them in the log, where every event is",
        );
    }
    Finding::good(check, format!("deliveries work, {waiting} events wait"))
}
