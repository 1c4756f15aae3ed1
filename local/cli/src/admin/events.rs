//! `events`: a test event, and the state of the webhook.

use admin::{WebhookStatus, doctor::Finding, event::EmitTestEvent};
use clap::Subcommand;
use serde_json::json;

use super::{AdminFailure, connection::Connection, output::Output};

/// The commands for events.
#[derive(Subcommand)]
pub(super) enum EventsCommand {
    /// Emit an event of type `test`, to see whether it arrives
    ///
    /// It is delivered like any other event: to the log, and to the configured webhook or event
    /// bus.
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
    let answer = connection.ask_host(&EmitTestEvent {}).await?;
    let webhook = answer.host.and_then(|host| host.webhook);
    output.print(&json!({ "emitted": true, "webhook": webhook }), || match &webhook {
        Some(webhook) => format!("emitted: it is in the log, and on its way to {}\n", webhook.receiver),
        None if connection.is_local() => "emitted: it is in the log\n".to_owned(),
        None => "emitted: it is in the log, and on its way to the event bus if EventBusName is set\n".to_owned(),
    })
}

/// The finding of `doctor` about a webhook.
pub(super) fn examine(webhook: &WebhookStatus) -> Finding {
    let WebhookStatus { receiver, waiting, failing_since, reason, given_up, lost } = webhook;
    let check = format!("webhook {receiver}");
    if let Some(since) = failing_since {
        let reason = reason.as_deref().unwrap_or("unknown");
        return Finding::bad(
            check,
            format!("deliveries have failed since {since}, {waiting} events are waiting: {reason}"),
            "repair the receiver; deliveries resume automatically, and an event is dropped three days after it occurred",
        );
    }
    if given_up + lost > 0 {
        return Finding::warning(
            check,
            format!(
                "deliveries succeed, but since the host started {given_up} events were dropped after three days and {lost} because the spool was full"
            ),
            "find them in the log, which has every event",
        );
    }
    Finding::good(check, format!("deliveries succeed, {waiting} events are waiting"))
}
