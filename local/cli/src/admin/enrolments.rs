//! `enrolments`: who may mint keys for external account binding for itself.

use acme::ProfileName;
use admin::enrolment::{GrantEnrolment, ListEnrolments, ListedGrant, RevokeEnrolment};
use clap::{Args, Subcommand};
use store::{IamPrincipal, IdentifierRule};

use super::{AdminFailure, connection::Connection, output::Output, table::table};

#[derive(Subcommand)]
pub(super) enum EnrolmentsCommand {
    /// Let a role or a user mint keys; replaces an earlier grant to it for the same profile
    #[command(
        after_help = "Example:\n  serverless-acme admin --function acme-AdminFunction-1A2B enrolments add arn:aws:iam::123456789012:role/web --profile default --scope .web.example.com"
    )]
    Add(AddArguments),
    /// List the grants, also those that were revoked
    #[command(after_help = "Example:\n  serverless-acme admin --function acme-AdminFunction-1A2B enrolments list")]
    List,
    /// Revoke a grant: no more keys are minted for it
    ///
    /// A key that was minted before can bind its account until it expires, and accounts stay as
    /// they are: see `eab revoke` and `accounts disable`.
    #[command(
        after_help = "Example:\n  serverless-acme admin --function acme-AdminFunction-1A2B enrolments revoke arn:aws:iam::123456789012:role/web --profile default"
    )]
    Revoke {
        /// The ARN of the role or the user
        principal: IamPrincipal,
        /// The ACME Profile of the grant
        #[arg(long, value_name = "NAME", default_value = "default")]
        profile: ProfileName,
    },
}

/// The terms of a grant.
#[derive(Args)]
pub(super) struct AddArguments {
    /// The ARN of the role or the user; the path of a role does not matter
    principal: IamPrincipal,
    /// The ACME Profile in which the keys bind accounts
    #[arg(long, value_name = "NAME", default_value = "default")]
    profile: ProfileName,
    /// Identifiers that the accounts may order: www.example.com, .example.com (all subdomains) or
    /// 10.0.0.0/8; can be repeated
    #[arg(long, value_name = "RULE", required = true)]
    scope: Vec<IdentifierRule>,
    /// The number of minutes for which a key can bind its account
    #[arg(long, value_name = "MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
}

pub(super) async fn run(
    connection: &Connection,
    output: &Output,
    command: EnrolmentsCommand,
) -> Result<(), AdminFailure> {
    let grants = match command {
        EnrolmentsCommand::Add(AddArguments { principal, profile, scope, minutes }) => {
            vec![connection.ask(&GrantEnrolment { principal, profile, scope, minutes }).await?]
        }
        EnrolmentsCommand::List => connection.ask(&ListEnrolments {}).await?,
        EnrolmentsCommand::Revoke { principal, profile } => {
            vec![connection.ask(&RevokeEnrolment { principal, profile }).await?]
        }
    };
    output.print(&grants, || rows(&grants))
}

fn rows(grants: &[ListedGrant]) -> String {
    let rows = grants.iter().map(|grant| {
        let scope: Vec<String> = grant.scope.iter().map(ToString::to_string).collect();
        let state = grant.revoked_at.map_or_else(|| "in force".to_owned(), |at| format!("revoked {at}"));
        [
            grant.principal.to_string(),
            grant.profile.to_string(),
            scope.join(","),
            format!("{} min", grant.minutes),
            state,
        ]
    });
    table(["PRINCIPAL", "PROFILE", "SCOPE", "KEYS", "STATE"], rows)
}
