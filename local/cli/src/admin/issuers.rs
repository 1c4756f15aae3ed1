//! `issuers`: the CAs that sign certificates.

use std::{fs, path::PathBuf};

use admin::{IssuerTerms, Request, RequestTerms, ShownIssuer, ShownRollOver};
use ca::{IssuerKeyType, KeyHandle};
use clap::{Args, Subcommand};
use store::{Difference, IdentifierRule, IssuerId};

use super::{
    AdminFailure,
    connection::Connection,
    output::Output,
    table::{printable, table},
};

#[derive(Subcommand)]
pub(super) enum IssuersCommand {
    /// Lists the issuers and the RA Profiles that name them
    #[command(after_help = "Example:\n  serverless-acme admin issuers list")]
    List,
    /// Shows an issuer with its certificates
    #[command(
        after_help = "Example:\n  serverless-acme admin issuers show internal --json | jq -r .certificates[0] > internal.pem"
    )]
    Show {
        /// Which one
        id: IssuerId,
    },
    /// Makes an issuing CA below the CA's own root
    ///
    /// The root signs its certificate. On this machine its key is made in the data folder; on AWS it is a key in
    /// KMS that you made before (see docs/operations/issuers.md). RA Profiles issue by it when they name it.
    #[command(
        after_help = "Examples:\n  serverless-acme admin issuers add internal --name 'Example Internal CA' --key-type P-384\n  serverless-acme admin --function acme-AdminFunction-1A2B issuers add internal --name 'Example Internal CA' --kms-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    )]
    Add(AddArguments),
    /// Makes a key and a request for a CA elsewhere to sign, and prints it
    ///
    /// The issuer waits until its certificate is installed. Asking again prints the same request.
    #[command(
        after_help = "Example:\n  serverless-acme admin issuers request corporate --name 'Example Issuing CA 7' > corporate.csr"
    )]
    Request(RequestArguments),
    /// Takes the certificate that a CA elsewhere signed for a request
    ///
    /// The files hold it and the certificates above it in PEM, in any order, with the root at the end of the path.
    /// Downloads serve the whole chain below that root.
    #[command(
        after_help = "Example:\n  serverless-acme admin issuers install corporate corporate.pem corporate-chain.pem"
    )]
    Install {
        /// Which one
        id: IssuerId,
        /// The certificate and its chain
        #[arg(required = true, value_name = "PEM")]
        files: Vec<PathBuf>,
    },
    /// Moves all RA Profiles from one issuer to another one, and makes that one when there is none
    ///
    /// A new one has the shape of the old one: kind of key, organization, life, number of CRLs. The RA Profiles move in one
    /// change. The old one goes on signing CRLs; retire it when you are content.
    #[command(after_help = "Example:\n  serverless-acme admin issuers roll-over issuing issuing-2")]
    RollOver {
        /// The issuer that RA Profiles name
        old: IssuerId,
        /// The one that they are to name
        new: IssuerId,
        /// The common name of a new one [default: that of the old one with a number behind it]
        #[arg(long)]
        name: Option<String>,
        /// The key of a new one in KMS [default: a key is made in the data folder]
        #[arg(long, value_name = "ARN")]
        kms_key: Option<String>,
    },
    /// Lets an issuer issue no more; its CRLs go on until it ends
    #[command(after_help = "Example:\n  serverless-acme admin issuers retire issuing")]
    Retire {
        /// Which one
        id: IssuerId,
        /// Also when RA Profiles still name it; they issue nothing from then on
        #[arg(long)]
        anyway: bool,
        /// Retires without asking
        #[arg(long, short)]
        yes: bool,
    },
}

/// An issuer to be made.
#[derive(Args)]
pub(super) struct AddArguments {
    /// Its name for profiles and URLs: a-z 0-9 -
    id: IssuerId,
    /// The common name in its certificate
    #[arg(long)]
    name: String,
    /// The organization in its certificate, empty for none [default: that of the root]
    #[arg(long)]
    organization: Option<String>,
    /// The kind of key that is made: P-256, P-384, RSA-2048, RSA-3072, RSA-4096 [default: P-256]
    #[arg(long, value_name = "KIND", conflicts_with = "kms_key")]
    key_type: Option<IssuerKeyType>,
    /// The life of its certificate, in days; it ends with the root at the latest
    #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// How many CRLs share its revocations, for ever; one for each ten thousand that may be revoked at a time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    shards: u16,
    /// Its key in KMS [default: a key is made in the data folder]
    #[arg(long, value_name = "ARN")]
    kms_key: Option<String>,
    /// A name that it may certify, with all below it, or a network: example.com, 10.0.0.0/8; may be repeated
    /// [default: all names]
    #[arg(long, value_name = "RULE")]
    permit: Vec<IdentifierRule>,
    /// A name that it may not certify, with all below it, or a network; may be repeated
    #[arg(long, value_name = "RULE")]
    exclude: Vec<IdentifierRule>,
}

/// An issuer whose certificate is to be requested.
#[derive(Args)]
pub(super) struct RequestArguments {
    /// Its name for profiles and URLs: a-z 0-9 -
    id: IssuerId,
    /// The common name that is asked for
    #[arg(long)]
    name: String,
    /// The organization that is asked for, empty for none [default: that of the root]
    #[arg(long)]
    organization: Option<String>,
    /// The kind of key that is made: P-256, P-384, RSA-2048, RSA-3072, RSA-4096 [default: P-256]
    #[arg(long, value_name = "KIND", conflicts_with = "kms_key")]
    key_type: Option<IssuerKeyType>,
    /// How many CRLs share its revocations, for ever
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    shards: u16,
    /// Its key in KMS [default: a key is made in the data folder]
    #[arg(long, value_name = "ARN")]
    kms_key: Option<String>,
}

pub(super) async fn run(connection: &Connection, output: &Output, command: IssuersCommand) -> Result<(), AdminFailure> {
    match command {
        IssuersCommand::List => list(connection, output).await,
        IssuersCommand::Show { id } => {
            let issuer: ShownIssuer = connection.ask(&Request::Issuer { id }).await?.value;
            let request = issuer.request.iter().filter(|_| issuer.certificates.is_empty());
            let pem: String = issuer.certificates.iter().chain(request).map(String::as_str).collect();
            output.print(&issuer, || facts(&issuer) + "\n" + &pem)
        }
        IssuersCommand::Add(arguments) => add(connection, output, arguments).await,
        IssuersCommand::Request(arguments) => request(connection, output, arguments).await,
        IssuersCommand::Install { id, files } => {
            let mut certificates = String::new();
            for file in files {
                let read = fs::read_to_string(&file);
                certificates +=
                    &read.map_err(|error| AdminFailure::File { path: file.clone(), reason: error.to_string() })?;
                certificates.push('\n');
            }
            let issuer: ShownIssuer = connection.ask(&Request::InstallIssuer { id, certificates }).await?.value;
            output.print(&issuer, || facts(&issuer) + "\n" + &how_to_issue(&issuer))
        }
        IssuersCommand::RollOver { old, new, name, kms_key } => {
            let request = Request::RollOverIssuer { old, new, name, key: kms_key.map(KeyHandle::new) };
            let rolled: ShownRollOver = connection.ask(&request).await?.value;
            output.print(&rolled, || rolled_over(&rolled))
        }
        IssuersCommand::Retire { id, anyway, yes } => {
            if !yes {
                output.agree(&format!("{id} will issue nothing any more, for ever."), "Retire?")?;
            }
            let issuer: ShownIssuer = connection.ask(&Request::RetireIssuer { id, named: anyway }).await?.value;
            output.print(&issuer, || facts(&issuer))
        }
    }
}

async fn list(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let issuers: Vec<ShownIssuer> = connection.ask(&Request::Issuers {}).await?.value;
    output.print(&issuers, || {
        let rows = issuers.iter().map(|issuer| {
            [
                issuer.id.to_string(),
                format!("{:?}", issuer.role).to_lowercase(),
                issuer.state.to_string(),
                issuer.subject.clone().unwrap_or_else(|| "-".to_owned()),
                issuer.key_type.map_or("-".to_owned(), |kind| kind.to_string()),
                issuer.not_after.map_or("-".to_owned(), |end| end.to_string()),
                named_by(issuer),
            ]
        });
        table(["ISSUER", "ROLE", "STATE", "SUBJECT", "KEY", "ENDS", "RA PROFILES"], rows)
    })
}

async fn add(connection: &Connection, output: &Output, arguments: AddArguments) -> Result<(), AdminFailure> {
    let AddArguments { id, name, organization, key_type, days, shards, kms_key, permit, exclude } = arguments;
    let key = kms_key.map(KeyHandle::new);
    let key_type = key_type.unwrap_or_default();
    let issuer = IssuerTerms { id, name, organization, key, key_type, days, shards, permit, exclude };
    let issuer: ShownIssuer = connection.ask(&Request::AddIssuer { issuer }).await?.value;
    output.print(&issuer, || facts(&issuer) + "\n" + &how_to_issue(&issuer))
}

async fn request(connection: &Connection, output: &Output, arguments: RequestArguments) -> Result<(), AdminFailure> {
    let RequestArguments { id, name, organization, key_type, shards, kms_key } = arguments;
    let key = kms_key.map(KeyHandle::new);
    let issuer = RequestTerms { id, name, organization, key, key_type: key_type.unwrap_or_default(), shards };
    let issuer: ShownIssuer = connection.ask(&Request::RequestIssuer { issuer }).await?.value;
    output.print(&issuer, || issuer.request.clone().unwrap_or_default())
}

fn how_to_issue(issuer: &ShownIssuer) -> String {
    format!("RA Profiles issue by it that say: issuer = \"{}\"\n", issuer.id)
}

fn facts(issuer: &ShownIssuer) -> String {
    let end = issuer.not_after.map(|end| end.to_string());
    let retired = issuer.retired_at.map(|at| at.to_string());
    let kind = issuer.key_type.map(|kind| kind.to_string());
    let facts = [
        ("issuer", Some(issuer.id.to_string())),
        ("role", Some(format!("{:?}", issuer.role).to_lowercase())),
        ("state", Some(issuer.state.to_string())),
        ("subject", issuer.subject.clone()),
        ("key", Some(issuer.key.to_string())),
        ("kind of key", kind),
        ("certifies", issuer.name_constraints.clone()),
        ("ends", end),
        ("retired", retired),
        ("CRLs", Some(issuer.shards.to_string())),
        ("RA Profiles", Some(named_by(issuer))),
    ];
    let said = facts.into_iter().filter_map(|(name, fact)| Some(format!("{name:<12} {}\n", printable(&fact?))));
    said.collect()
}

fn named_by(issuer: &ShownIssuer) -> String {
    match issuer.ra_profiles.as_slice() {
        [] => "-".to_owned(),
        names => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

fn rolled_over(rolled: &ShownRollOver) -> String {
    let moved = rolled.differences.iter().map(|Difference { path, before, after }| {
        let side = |value: &Option<serde_json::Value>| value.as_ref().map_or("(none)".to_owned(), ToString::to_string);
        format!("{path}: {} -> {}\n", side(before), side(after))
    });
    let moved: String = moved.collect();
    let moved = if moved.is_empty() { "no RA Profile named the old issuer\n".to_owned() } else { moved };
    facts(&rolled.issuer) + "\n" + &moved
}
