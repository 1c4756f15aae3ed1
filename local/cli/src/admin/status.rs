//! `status`.

use admin::status::ShowStatus;

use super::{AdminFailure, connection::Connection, output::Output, table::table};

pub(super) async fn status(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let report = connection.ask(&ShowStatus {}).await?;
    let status = &report.status;
    output.print(&report, || {
        let crls = status.issuers.iter().flat_map(|issuer| {
            issuer.crls.iter().map(|crl| {
                [
                    issuer.id.to_string(),
                    crl.shard.to_string(),
                    or_dash(crl.number),
                    or_dash(crl.this_update),
                    or_dash(crl.next_update),
                ]
            })
        });
        let crls = table(["ISSUER", "SHARD", "NUMBER", "THIS UPDATE", "NEXT UPDATE"], crls);
        let issuers = status.issuers.iter().map(|issuer| {
            [
                issuer.id.to_string(),
                format!("{:?}", issuer.role).to_lowercase(),
                issuer.state.to_string(),
                or_dash(issuer.subject.as_ref()),
                or_dash(issuer.not_after),
                issuer.key.clone(),
            ]
        });
        let issuers = table(["ISSUER", "ROLE", "STATE", "SUBJECT", "NOT AFTER", "KEY"], issuers);
        let facts = [
            ("version", report.version.clone()),
            ("time", status.time.to_string()),
            ("ACME Profiles", status.acme_profiles.to_string()),
            ("RA Profiles", status.ra_profiles.to_string()),
            ("nonce secret made", or_dash(status.nonce_secret_made_at.map(acme::whole_seconds))),
            ("external accounts", if status.external_accounts { "enabled" } else { "no secret yet" }.to_owned()),
        ];
        let facts: String = facts.iter().map(|(name, fact)| format!("{name:<18}{fact}\n")).collect();
        format!("{facts}\n{issuers}\n{crls}")
    })
}

/// The value as a cell of a table; a dash for an absent one.
fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
