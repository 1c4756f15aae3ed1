//! `status`.

use admin::Request;
use serde_json::Value;

use super::{AdminFailure, connection::Connection, output::Output, table::table};

pub(super) async fn status(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let status = connection.ask_value(&Request::Status {}).await?;
    output.print(&status, || {
        let issuers = list(&status, "issuers");
        let crls = issuers.iter().flat_map(|issuer| {
            list(issuer, "crls").into_iter().map(|crl| {
                [
                    text(issuer, "id"),
                    text(crl, "shard"),
                    text(crl, "number"),
                    text(crl, "thisUpdate"),
                    text(crl, "nextUpdate"),
                ]
            })
        });
        let crls = table(["ISSUER", "SHARD", "NUMBER", "MADE", "GOOD UNTIL"], crls);
        let issuers =
            issuers.iter().map(|issuer| ["id", "role", "state", "subject", "notAfter", "key"].map(|n| text(issuer, n)));
        let issuers = table(["ISSUER", "ROLE", "STATE", "SUBJECT", "ENDS", "KEY"], issuers);
        let facts = [
            ("version", "version"),
            ("time", "time"),
            ("ACME Profiles", "acmeProfiles"),
            ("RA Profiles", "raProfiles"),
            ("nonce secret made", "nonceSecretMadeAt"),
            ("external accounts", "externalAccounts"),
        ];
        let facts: String = facts.iter().map(|(name, field)| format!("{name:<18}{}\n", text(&status, field))).collect();
        format!("{facts}\n{issuers}\n{crls}")
    })
}

fn list<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    value.get(name).and_then(Value::as_array).map(|items| items.iter().collect()).unwrap_or_default()
}

/// A member as a cell.
fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
