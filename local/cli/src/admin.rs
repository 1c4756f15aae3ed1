//! `admin`: the commands for operators of a running host, of a data folder, or of a CA on AWS.

mod accounts;
mod audit;
mod certificates;
mod connection;
mod doctor;
mod eab;
mod enrolments;
mod events;
mod explain;
mod function;
mod incidents;
mod issuers;
mod keys;
mod output;
mod profiles;
mod progress;
mod selection;
mod socket;
mod status;
mod support;
mod table;

use std::{io, path::PathBuf, process::ExitCode};

use acme::{AccountId, AccountStatus, ExternalAccountKeyId, ProfileName};
use clap::{
    Args, CommandFactory, Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use clap_complete::Shell;
use jose::Thumbprint;
use store::ProfileKind;

use self::{audit::AuditCommand, connection::Connection, explain::ExplainArguments, output::Output};
use super::{Cli, Failure};

pub(super) use connection::AdminFailure;

/// The CA that is administered, the form of the output, and the command.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AdminArguments {
    #[command(flatten)]
    target: Target,
    /// Print JSON instead of text
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    #[command(subcommand)]
    command: AdminCommand,
}

/// Where the CA is.
#[derive(Args)]
struct Target {
    /// The data folder of a CA on this machine. Commands go to the host that is running on it, or
    /// else open the folder directly
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        env = "SERVERLESS_ACME_DATA",
        value_name = "DIR",
        default_value = "serverless-acme-data"
    )]
    data: PathBuf,
    /// The name or ARN of the admin function of a CA on AWS, used instead of --data; with an alias
    /// after a colon, what its role allows. The `aws` command line tool invokes it, with its own
    /// credentials and region. What the root signs goes to the function for ceremonies, which the
    /// admin function names
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "NAME")]
    function: Option<String>,
    /// The socket of a role of operators at a host on this machine, used instead of --data: what
    /// the role allows, for members of its group
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "FILE", conflicts_with = "function")]
    socket: Option<PathBuf>,
}

/// The heading of the options that every command of `admin` has.
const GLOBAL: &str = "Options of every admin command";

const EXAMPLES: &str = "Examples:\n  serverless-acme admin doctor\n  serverless-acme admin --data /var/lib/serverless-acme status\n  serverless-acme admin --function acme-AdminFunction-1A2B profiles list";

#[derive(Subcommand)]
enum AdminCommand {
    /// Show the issuers with their CRLs, the number of profiles, and the age of the secrets
    #[command(after_help = "Example:\n  serverless-acme admin status --json | jq .issuers")]
    Status,
    /// Check the CA for problems and print how to fix them
    ///
    /// Checks keys, issuer certificates, CRLs, secrets, profiles, resolvers and the webhook. The
    /// exit status is 1 if anything is broken.
    ///
    /// A resolver that is to validate DNSSEC is asked for two names, and has to refuse one of them.
    #[command(after_help = "Example:\n  serverless-acme admin --function acme-AdminFunction-1A2B doctor")]
    Doctor(doctor::DoctorArguments),
    /// Write what to send to those who help: a file without secrets and contacts
    ///
    /// The file has the version, the configuration, the profiles, the certificates and CRLs of
    /// issuers, what `doctor` finds, incidents, and the newest audit records without their actors.
    /// The domain names of profiles are in it.
    #[command(
        after_help = "Examples:\n  serverless-acme admin support-bundle bundle.json\n  serverless-acme admin --function acme-AdminFunction-1A2B support-bundle bundle.json --audit 500"
    )]
    SupportBundle(support::SupportBundleArguments),
    /// Apply a file of profiles, after showing the changes
    ///
    /// FILE is TOML with [[acmeProfile]] and [[raProfile]] tables; see examples/profiles.toml. A
    /// configuration file of `serve` is accepted too. Fields that the file omits keep their stored
    /// values, or get their defaults in a new profile. Either all changes are applied or, if any
    /// field is rejected, none. Changes take effect with the next request; on AWS, within ten
    /// seconds.
    #[command(
        after_help = "Examples:\n  serverless-acme admin apply profiles.toml\n  serverless-acme admin apply profiles.toml --exact --yes"
    )]
    Apply {
        /// The file of profiles
        file: PathBuf,
        /// Treat the file as complete: reset fields that it omits to their defaults, and delete
        /// profiles that it omits
        #[arg(long)]
        exact: bool,
        /// In the profiles of the file, reset fields that it omits to their defaults; other
        /// profiles stay as they are
        #[arg(long, conflicts_with = "exact")]
        defaults: bool,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
        /// Show the changes without applying them
        #[arg(long)]
        dry_run: bool,
    },
    /// Show what `apply` would change
    #[command(after_help = "Example:\n  serverless-acme admin diff profiles.toml")]
    Diff {
        /// The file of profiles
        file: PathBuf,
        /// Treat the file as complete, as `apply --exact` does
        #[arg(long)]
        exact: bool,
        /// Reset fields that the file omits, as `apply --defaults` does
        #[arg(long, conflicts_with = "exact")]
        defaults: bool,
    },
    /// List, show, enable, disable and delete profiles
    #[command(subcommand)]
    Profiles(ProfilesCommand),
    /// Mint (create), list, rotate and revoke keys for external account binding
    #[command(subcommand)]
    Eab(EabCommand),
    /// Let roles and users of IAM mint their own keys for external account binding (on AWS)
    ///
    /// A grant has effect only where the enrolment function of the stack runs (the parameter
    /// Enrolment): it mints a key for each caller that IAM proves and that has a grant. The
    /// one-process host has no IAM, and mints nothing for grants; they are kept in its store like
    /// everything else.
    #[command(subcommand)]
    Enrolments(enrolments::EnrolmentsCommand),
    /// Find, show, disable, enable and deactivate accounts
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// Find, show, export and revoke certificates
    #[command(subcommand)]
    Certificates(certificates::CertificatesCommand),
    /// Ask clients to replace certificates early, and revoke those certificates in stages
    #[command(subcommand)]
    Incidents(incidents::IncidentsCommand),
    /// Block keys, and list the blocked keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// List, show, add, request, install, roll over, retire and revoke issuing CAs
    #[command(subcommand)]
    Issuers(issuers::IssuersCommand),
    /// Explain why an order, an identifier or an account does not work, and what to do
    #[command(after_help = explain::EXAMPLES)]
    Explain(ExplainArguments),
    /// Test the delivery of events
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// List or follow the audit log of operators' actions
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  serverless-acme admin completions bash > /etc/bash_completion.d/serverless-acme"
    )]
    Completions {
        /// The shell to write completions for
        shell: Shell,
    },
}

#[derive(Subcommand)]
enum ProfilesCommand {
    /// List the profiles
    #[command(after_help = "Example:\n  serverless-acme admin profiles list")]
    List,
    /// Print profiles as TOML, ready for `apply`
    #[command(
        after_help = "Examples:\n  serverless-acme admin profiles show > profiles.toml\n  serverless-acme admin profiles show web"
    )]
    Show {
        /// The name of the profile [default: all profiles]
        name: Option<ProfileName>,
    },
    /// Enable a profile
    #[command(after_help = "Example:\n  serverless-acme admin profiles enable acme web")]
    Enable {
        /// The kind of profile
        #[arg(value_parser = profile_kind())]
        kind: ProfileKind,
        /// The name of the profile
        name: ProfileName,
    },
    /// Disable a profile; its certificates can still be downloaded and revoked
    #[command(after_help = "Example:\n  serverless-acme admin profiles disable acme web")]
    Disable {
        /// The kind of profile
        #[arg(value_parser = profile_kind())]
        kind: ProfileKind,
        /// The name of the profile
        name: ProfileName,
    },
    /// Delete a profile that no other profile refers to
    #[command(
        after_help = "Examples:\n  serverless-acme admin profiles delete ra old --yes\n  serverless-acme admin profiles delete acme web --pair"
    )]
    Delete {
        /// The kind of profile
        #[arg(value_parser = profile_kind())]
        kind: ProfileKind,
        /// The name of the profile
        name: ProfileName,
        /// Also delete the profile of the other kind that it refers to; needed when the two refer
        /// to each other
        #[arg(long)]
        pair: bool,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

/// The kinds of profiles as they are written on the command line.
fn profile_kind() -> impl TypedValueParser<Value = ProfileKind> {
    let acme = PossibleValue::new(ACME).help("ACME Profile: how a directory treats its clients");
    let ra = PossibleValue::new("ra").help("RA Profile: what certificates look like");
    PossibleValuesParser::new([acme, ra]).map(|kind| if kind == ACME { ProfileKind::Acme } else { ProfileKind::Ra })
}

const ACME: &str = "acme";

#[derive(Subcommand)]
enum EabCommand {
    /// Create a key and print it with ready-made client commands; it cannot be shown again
    #[command(
        after_help = "Examples:\n  serverless-acme admin eab mint --label 'web team' --profile web --scope .web.example.com\n  serverless-acme admin eab mint --days 365 --accounts unlimited"
    )]
    Mint(eab::MintArguments),
    /// List the keys, without their secrets
    #[command(
        after_help = "Example:\n  serverless-acme admin eab list --json | jq '.[] | select(.state == \"usable\")'"
    )]
    List,
    /// Replace a key with a new one on the same terms; the new key cannot be shown again
    #[command(
        after_help = "Examples:\n  serverless-acme admin eab rotate 06cv5pbo4s3u8t1hk8q2m0r9dg\n  serverless-acme admin eab rotate 06cv5pbo4s3u8t1hk8q2m0r9dg --overlap 7"
    )]
    Rotate {
        /// The id of the old key
        id: ExternalAccountKeyId,
        /// The number of days for which the old key can still bind accounts
        #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=3650))]
        overlap: u32,
    },
    /// Revoke a key: no more accounts can be bound with it
    #[command(after_help = "Example:\n  serverless-acme admin eab revoke 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Revoke {
        /// The id of the key
        id: ExternalAccountKeyId,
    },
}

#[derive(Subcommand)]
enum AccountsCommand {
    /// Find accounts in all directories, or those without an external account in one
    #[command(
        after_help = "Examples:\n  serverless-acme admin accounts find --contact admin@example.org\n  serverless-acme admin accounts find --unbound --profile web"
    )]
    Find(accounts::FindArguments),
    /// Show an account and its newest certificates
    #[command(after_help = "Example:\n  serverless-acme admin accounts show 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Show {
        /// The id of the account, the last part of its URL
        id: AccountId,
    },
    /// Disable an account: its requests are refused until it is enabled again
    #[command(after_help = "Example:\n  serverless-acme admin accounts disable 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Disable {
        /// The id of the account, the last part of its URL
        id: AccountId,
    },
    /// Enable a disabled account
    #[command(after_help = "Example:\n  serverless-acme admin accounts enable 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Enable {
        /// The id of the account, the last part of its URL
        id: AccountId,
    },
    /// Deactivate an account; this cannot be undone
    #[command(after_help = "Example:\n  serverless-acme admin accounts deactivate 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Deactivate {
        /// The id of the account, the last part of its URL
        id: AccountId,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Block a key: no account and no certificate can use it again
    ///
    /// The accounts that have the key are disabled, and its certificates are revoked. Accounts that
    /// had the key formerly and changed it are only listed: their owners may have changed it
    /// because of the compromise.
    #[command(after_help = "Example:\n  serverless-acme admin keys block NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")]
    Block {
        /// The thumbprint of the key (RFC 7638), as `accounts show` prints it
        #[arg(value_name = "THUMBPRINT", allow_hyphen_values = true)]
        key: Thumbprint,
        /// Disable the accounts that had the key formerly, too: a thief of the key may have taken
        /// them over by changing it
        #[arg(long)]
        disable_former: bool,
    },
    /// List the blocked keys
    #[command(after_help = "Example:\n  serverless-acme admin keys list")]
    List,
}

/// Runs one command.
pub(super) async fn run(arguments: AdminArguments) -> Result<ExitCode, Failure> {
    let AdminArguments { target, json, command } = arguments;
    if let AdminCommand::Completions { shell } = command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "serverless-acme", &mut script);
        io::Write::write_all(&mut io::stdout(), &script).map_err(AdminFailure::Output)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let AdminCommand::Audit(AuditCommand::Follow { filter }) = command {
        audit::follow(&target, &Output::new(json), filter).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let connection = Connection::open(&target).await?;
    let done = perform(&connection, &Output::new(json), command).await;
    connection.close().await?;
    Ok(done?)
}

async fn perform(connection: &Connection, output: &Output, command: AdminCommand) -> Result<ExitCode, AdminFailure> {
    match command {
        AdminCommand::Completions { .. } | AdminCommand::Audit(AuditCommand::Follow { .. }) => {}
        AdminCommand::Status => status::status(connection, output).await?,
        AdminCommand::Doctor(arguments) => return doctor::doctor(connection, output, arguments).await,
        AdminCommand::SupportBundle(arguments) => support::collect(connection, output, arguments).await?,
        AdminCommand::Apply { file, exact, defaults, yes, dry_run } => {
            profiles::apply(connection, output, profiles::read(&file, defaults)?, exact, yes, dry_run).await?;
        }
        AdminCommand::Diff { file, exact, defaults } => {
            profiles::apply(connection, output, profiles::read(&file, defaults)?, exact, false, true).await?;
        }
        AdminCommand::Profiles(ProfilesCommand::List) => profiles::list(connection, output).await?,
        AdminCommand::Profiles(ProfilesCommand::Show { name }) => profiles::show(connection, output, name).await?,
        AdminCommand::Profiles(ProfilesCommand::Enable { kind, name }) => {
            profiles::set_enabled(connection, output, kind, name, true).await?;
        }
        AdminCommand::Profiles(ProfilesCommand::Disable { kind, name }) => {
            profiles::set_enabled(connection, output, kind, name, false).await?;
        }
        AdminCommand::Profiles(ProfilesCommand::Delete { kind, name, pair, yes }) => {
            profiles::delete(connection, output, kind, name, pair, yes).await?;
        }
        AdminCommand::Eab(EabCommand::Mint(arguments)) => eab::mint(connection, output, arguments).await?,
        AdminCommand::Eab(EabCommand::List) => eab::list(connection, output).await?,
        AdminCommand::Eab(EabCommand::Rotate { id, overlap }) => eab::rotate(connection, output, id, overlap).await?,
        AdminCommand::Eab(EabCommand::Revoke { id }) => eab::revoke(connection, output, id).await?,
        AdminCommand::Enrolments(command) => enrolments::run(connection, output, command).await?,
        AdminCommand::Accounts(AccountsCommand::Find(filter)) => {
            accounts::find_accounts(connection, output, filter).await?;
        }
        AdminCommand::Accounts(AccountsCommand::Show { id }) => accounts::show_account(connection, output, id).await?,
        AdminCommand::Accounts(AccountsCommand::Disable { id }) => {
            accounts::set_account_status(connection, output, id, AccountStatus::Revoked).await?;
        }
        AdminCommand::Accounts(AccountsCommand::Enable { id }) => {
            accounts::set_account_status(connection, output, id, AccountStatus::Valid).await?;
        }
        AdminCommand::Accounts(AccountsCommand::Deactivate { id }) => {
            accounts::set_account_status(connection, output, id, AccountStatus::Deactivated).await?;
        }
        AdminCommand::Certificates(command) => certificates::run(connection, output, command).await?,
        AdminCommand::Incidents(command) => incidents::run(connection, output, command).await?,
        AdminCommand::Keys(KeysCommand::Block { key, disable_former }) => {
            keys::block_key(connection, output, key, disable_former).await?;
        }
        AdminCommand::Keys(KeysCommand::List) => keys::blocked_keys(connection, output).await?,
        AdminCommand::Issuers(command) => issuers::run(connection, output, command).await?,
        AdminCommand::Explain(arguments) => explain::explain(connection, output, arguments).await?,
        AdminCommand::Events(command) => events::perform(connection, output, command).await?,
        AdminCommand::Audit(AuditCommand::List { filter, until, limit }) => {
            audit::list(connection, output, filter, until, limit).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
