//! `issuers`: the CAs that sign certificates.

use std::{fs, path::PathBuf};

use acme::{IssuerRevocationReason, ProfileName};
use admin::issuer::{
    AddIssuer, InstallIssuer, IssuerTerms, ListIssuers, RequestIssuer, RequestTerms, RetireIssuer, RollOverIssuer,
    SetIssuer, ShowIssuer, ShownIssuer, ShownRollOver,
};
use admin::issuer_revocation::{RevokeIssuer, ShownIssuerRevocation, ShownListing};
use ca::{IssuerKeyType, KeyHandle};
use clap::{Args, Subcommand, ValueEnum};
use store::{CrlBackdate, IdentifierRule, IssuerId};

use super::{
    AdminFailure,
    connection::Connection,
    output::Output,
    profiles,
    table::{printable, table},
};

#[derive(Subcommand)]
pub(super) enum IssuersCommand {
    /// List the issuers and the RA Profiles that refer to them
    #[command(after_help = "Example:\n  serverless-acme admin issuers list")]
    List,
    /// Show an issuer and its certificates
    #[command(
        after_help = "Example:\n  serverless-acme admin issuers show internal --json \\\n      | jq -r '.certificates[0]' > internal.pem"
    )]
    Show {
        /// The id of the issuer
        id: IssuerId,
    },
    /// Add an issuing CA, certified by the CA's own root
    ///
    /// Its key is created in the data folder, or on AWS is a KMS key that you created beforehand
    /// (see docs/operations/issuers.md). To issue with it, name it in an RA Profile.
    #[command(
        after_help = "Examples:\n  serverless-acme admin issuers add internal --name 'Example Internal CA' --key-type P-384\n  serverless-acme admin --function acme-AdminFunction-1A2B issuers add internal \\\n      --name 'Example Internal CA' \\\n      --kms-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    )]
    Add(AddArguments),
    /// Create a key for an issuing CA and print a certificate request for another CA to sign
    ///
    /// The issuer is inactive until its certificate is installed. Repeating the command prints the
    /// same request.
    #[command(
        after_help = "Example:\n  serverless-acme admin issuers request corporate \\\n      --name 'Example Issuing CA 7' > corporate.csr"
    )]
    Request(RequestArguments),
    /// Install the certificate that another CA signed for a request
    ///
    /// The files contain that certificate and its chain up to the root, in PEM and in any order.
    /// ACME clients download the whole chain below the root.
    #[command(
        after_help = "Example:\n  serverless-acme admin issuers install corporate corporate.pem corporate-chain.pem"
    )]
    Install {
        /// The id of the issuer
        id: IssuerId,
        /// Files with the certificate and its chain
        #[arg(required = true, value_name = "PEM")]
        files: Vec<PathBuf>,
    },
    /// Move all RA Profiles from one issuer to another, which is created if it does not exist
    ///
    /// A new issuer is like the old one: key type, organization, lifetime, number of CRLs. All RA
    /// Profiles change at the same time. The old issuer continues to sign CRLs; retire it once the
    /// new one works.
    #[command(after_help = "Example:\n  serverless-acme admin issuers roll-over issuing issuing-2")]
    RollOver {
        /// The id of the issuer that RA Profiles refer to now
        old: IssuerId,
        /// The id of the issuer that they will refer to
        new: IssuerId,
        /// The common name of a new issuer [default: that of the old one, numbered]
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// The ARN of the KMS key of a new issuer [default: a key is created in the data folder]
        #[arg(long, value_name = "ARN")]
        kms_key: Option<String>,
    },
    /// Retire an issuer: it issues no more certificates, and signs CRLs until it expires
    #[command(after_help = "Example:\n  serverless-acme admin issuers retire issuing")]
    Retire {
        /// The id of the issuer
        id: IssuerId,
        /// Retire it although RA Profiles still refer to it; they stop issuing
        #[arg(long)]
        anyway: bool,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
    /// Change a setting of an issuer, from its next CRL on
    #[command(after_help = "Example:\n  serverless-acme admin issuers set root --crl-backdate 0")]
    Set {
        /// The id of the issuer
        id: IssuerId,
        /// By how many seconds the thisUpdate of its CRLs is earlier than their creation, for
        /// relying parties whose clocks are slow: 0 to 86400
        #[arg(long, value_name = "SECONDS")]
        crl_backdate: CrlBackdate,
    },
    /// Revoke an issuer: its root's CRL lists it at once, and its certificates are revoked, too
    ///
    /// It never issues again. Its certificates are revoked in the background, by an incident that
    /// moves their renewal information to now. RA Profiles that refer to it issue nothing, unless
    /// --replacement leads them to another issuer. Repeat the command if it was interrupted, or to
    /// raise the reason to a compromise.
    #[command(
        after_help = "Example:\n  serverless-acme admin issuers revoke issuing --reason key-compromise --replacement issuing-2"
    )]
    Revoke {
        /// The id of the issuer
        id: IssuerId,
        /// The reason that the root's CRL shows
        #[arg(long)]
        reason: IssuerReason,
        /// The active issuer that RA Profiles refer to from now on
        #[arg(long, value_name = "ID")]
        replacement: Option<IssuerId>,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

/// Why an issuing CA is revoked (RFC 5280 §5.3.1).
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum IssuerReason {
    /// Its private key is compromised
    KeyCompromise,
    /// The CA is compromised
    CaCompromise,
    /// The CA's name or other data has changed
    AffiliationChanged,
    /// Another CA has taken its place
    Superseded,
    /// The CA is no longer needed
    CessationOfOperation,
    /// A privilege that the certificate states was withdrawn
    PrivilegeWithdrawn,
}

impl From<IssuerReason> for IssuerRevocationReason {
    fn from(reason: IssuerReason) -> Self {
        match reason {
            IssuerReason::KeyCompromise => Self::KeyCompromise,
            IssuerReason::CaCompromise => Self::CaCompromise,
            IssuerReason::AffiliationChanged => Self::AffiliationChanged,
            IssuerReason::Superseded => Self::Superseded,
            IssuerReason::CessationOfOperation => Self::CessationOfOperation,
            IssuerReason::PrivilegeWithdrawn => Self::PrivilegeWithdrawn,
        }
    }
}

/// An issuer to be created.
#[derive(Args)]
pub(super) struct AddArguments {
    /// The id of the issuer in profiles and URLs: lowercase letters, digits and hyphens
    id: IssuerId,
    /// The common name in its certificate
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// The organization in its certificate; empty for none [default: that of the root]
    #[arg(long, value_name = "TEXT")]
    organization: Option<String>,
    /// The type of the new key: P-256, P-384, RSA-2048, RSA-3072, RSA-4096 [default: P-256]
    #[arg(long, value_name = "TYPE", conflicts_with = "kms_key")]
    key_type: Option<IssuerKeyType>,
    /// The lifetime of its certificate in days; it expires with the root at the latest
    #[arg(long, value_name = "DAYS", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// The number of CRLs over which its revocations are spread; cannot be changed. Plan one for
    /// each 10,000 certificates that may be revoked at the same time;
    /// but NSS cannot import the CRLs of an issuer that has more than one
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    shards: u16,
    /// By how many seconds the thisUpdate of its CRLs is earlier than their creation, for relying
    /// parties whose clocks are slow: 0 to 86400 [default: 300, as certificates]
    #[arg(long, value_name = "SECONDS")]
    crl_backdate: Option<CrlBackdate>,
    /// The ARN of its KMS key [default: a key is created in the data folder]
    #[arg(long, value_name = "ARN")]
    kms_key: Option<String>,
    /// A domain (with its subdomains) or network for which it may issue, such as example.com or
    /// 10.0.0.0/8; can be repeated [default: all]
    #[arg(long, value_name = "RULE")]
    permit: Vec<IdentifierRule>,
    /// A domain (with its subdomains) or network for which it may not issue; can be repeated
    #[arg(long, value_name = "RULE")]
    exclude: Vec<IdentifierRule>,
}

/// An issuer whose certificate is to be requested from another CA.
#[derive(Args)]
pub(super) struct RequestArguments {
    /// The id of the issuer in profiles and URLs: lowercase letters, digits and hyphens
    id: IssuerId,
    /// The common name in the request
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// The organization in the request; empty for none [default: that of the root]
    #[arg(long, value_name = "TEXT")]
    organization: Option<String>,
    /// The type of the new key: P-256, P-384, RSA-2048, RSA-3072, RSA-4096 [default: P-256]
    #[arg(long, value_name = "TYPE", conflicts_with = "kms_key")]
    key_type: Option<IssuerKeyType>,
    /// The number of CRLs over which its revocations are spread; cannot be changed. NSS cannot
    /// import the CRLs of an issuer that has more than one
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    shards: u16,
    /// The ARN of its KMS key [default: a key is created in the data folder]
    #[arg(long, value_name = "ARN")]
    kms_key: Option<String>,
}

pub(super) async fn run(connection: &Connection, output: &Output, command: IssuersCommand) -> Result<(), AdminFailure> {
    match command {
        IssuersCommand::List => list(connection, output).await,
        IssuersCommand::Show { id } => {
            let issuer = connection.ask(&ShowIssuer { id }).await?;
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
            let issuer = connection.ask(&InstallIssuer { id, certificates }).await?;
            output.print(&issuer, || facts(&issuer) + "\n" + &how_to_issue(&issuer))
        }
        IssuersCommand::RollOver { old, new, name, kms_key } => {
            let request = RollOverIssuer { old, new, name, key: kms_key.map(KeyHandle::new) };
            let rolled = connection.ask(&request).await?;
            output.print(&rolled, || rolled_over(&rolled))
        }
        IssuersCommand::Retire { id, anyway, yes } => {
            if !yes {
                output.agree(&format!("{id} will never issue certificates again."), "Retire?")?;
            }
            let issuer = connection.ask(&RetireIssuer { id, named: anyway }).await?;
            output.print(&issuer, || facts(&issuer))
        }
        IssuersCommand::Revoke { id, reason, replacement, yes } => {
            if !yes {
                let about = format!(
                    "{id} will never issue certificates again, and all certificates that it issued will be revoked."
                );
                output.agree(&about, "Revoke?")?;
            }
            let revoked = connection.ask(&RevokeIssuer { id, reason: reason.into(), replacement }).await?;
            output.print(&revoked, || revocation(&revoked))
        }
        IssuersCommand::Set { id, crl_backdate } => {
            let issuer = connection.ask(&SetIssuer { id, crl_backdate }).await?;
            output.print(&issuer, || facts(&issuer))
        }
    }
}

async fn list(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let issuers = connection.ask(&ListIssuers {}).await?;
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
        table(["ISSUER", "ROLE", "STATE", "SUBJECT", "KEY TYPE", "NOT AFTER", "RA PROFILES"], rows)
    })
}

async fn add(connection: &Connection, output: &Output, arguments: AddArguments) -> Result<(), AdminFailure> {
    let AddArguments { id, name, organization, key_type, days, shards, crl_backdate, kms_key, permit, exclude } =
        arguments;
    let key = kms_key.map(KeyHandle::new);
    let key_type = key_type.unwrap_or_default();
    let crl_backdate = crl_backdate.unwrap_or_default();
    let issuer = IssuerTerms { id, name, organization, key, key_type, days, shards, crl_backdate, permit, exclude };
    let issuer = connection.ask(&AddIssuer { issuer }).await?;
    output.print(&issuer, || facts(&issuer) + "\n" + &how_to_issue(&issuer))
}

async fn request(connection: &Connection, output: &Output, arguments: RequestArguments) -> Result<(), AdminFailure> {
    let RequestArguments { id, name, organization, key_type, shards, kms_key } = arguments;
    let key = kms_key.map(KeyHandle::new);
    let issuer = RequestTerms { id, name, organization, key, key_type: key_type.unwrap_or_default(), shards };
    let issuer = connection.ask(&RequestIssuer { issuer }).await?;
    output.print(&issuer, || issuer.request.clone().unwrap_or_default())
}

fn how_to_issue(issuer: &ShownIssuer) -> String {
    format!("To issue with it, set in an RA Profile: issuer = \"{}\"\n", issuer.id)
}

fn facts(issuer: &ShownIssuer) -> String {
    let end = issuer.not_after.map(|end| end.to_string());
    let retired = issuer.retired_at.map(|at| at.to_string());
    let revoked = issuer.revocation.as_ref().map(|revocation| format!("{}, {}", revocation.at, revocation.reason));
    let kind = issuer.key_type.map(|kind| kind.to_string());
    let crls = format!("{}, backdated by {} s", issuer.shards, issuer.crl_backdate.as_secs());
    let facts = [
        ("issuer", Some(issuer.id.to_string())),
        ("role", Some(format!("{:?}", issuer.role).to_lowercase())),
        ("state", Some(issuer.state.to_string())),
        ("subject", issuer.subject.clone()),
        ("key", Some(issuer.key.to_string())),
        ("key type", kind),
        ("certifies", issuer.name_constraints.clone()),
        ("not after", end),
        ("retired", retired),
        ("revoked", revoked),
        ("CRLs", Some(crls)),
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
    let moved = if rolled.differences.is_empty() {
        "no RA Profile referred to the old issuer\n".to_owned()
    } else {
        profiles::differences(&rolled.differences)
    };
    facts(&rolled.issuer) + "\n" + &moved
}

/// What is done, and what is left to do.
fn revocation(revoked: &ShownIssuerRevocation) -> String {
    let ShownIssuerRevocation { issuer, listing, incident, differences, out_of_service } = revoked;
    let id = &issuer.id;
    let mut text = facts(issuer) + "\n";
    text += &match listing {
        ShownListing::Listed => "The CRL of its root lists it.\n".to_owned(),
        ShownListing::External => format!(
            "An external CA signed its certificate: HAVE THAT CA REVOKE IT. `serverless-acme admin issuers show {id}` \
             prints the certificate.\n"
        ),
        ShownListing::Unlisted(cause) => format!(
            "THE CRL OF ITS ROOT DOES NOT LIST IT YET: {}\nMake sure that the key of the root can sign, and repeat the \
             command.\n",
            printable(cause)
        ),
    };
    text += &format!(
        "Its certificates are being revoked; follow it with `serverless-acme admin incidents show {incident} --watch`.\n"
    );
    if !differences.is_empty() {
        text += &profiles::differences(differences);
    }
    if !out_of_service.is_empty() {
        let names: Vec<&str> = out_of_service.iter().map(ProfileName::as_str).collect();
        text += &format!(
            "OUT OF SERVICE until they refer to another issuer: the RA Profiles {}. `serverless-acme admin issuers \
             roll-over {id} NEW` leads them to one, and creates it if there is none.\n",
            names.join(", ")
        );
    }
    text
}
