//! `admin`: what an operator asks and does, of a running host, of a data folder, or on AWS.

mod accounts;
mod audit;
mod certificates;
mod connection;
mod doctor;
mod eab;
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
mod table;

use std::{io, path::PathBuf, process::ExitCode};

use acme::{AccountId, AccountStatus, ExternalAccountKeyId, ProfileName};
use clap::{Args, CommandFactory, Subcommand, ValueEnum};
use clap_complete::Shell;
use jose::Thumbprint;

use self::{audit::AuditCommand, connection::Connection, explain::ExplainArguments, output::Output};
use super::{Cli, Failure};

pub(super) use connection::AdminFailure;

/// Where, how, and what.
#[derive(Args)]
pub(super) struct AdminArguments {
    /// The data folder of the CA: its host is asked when one runs, the folder itself when none does
    #[arg(
        long,
        global = true,
        env = "SERVERLESS_ACME_DATA",
        value_name = "DIR",
        default_value = "serverless-acme-data"
    )]
    data: PathBuf,
    /// Asks this Lambda function instead, by the aws command line tool on PATH and with its credentials
    #[arg(long, global = true, value_name = "NAME")]
    function: Option<String>,
    /// Prints JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Subcommand)]
enum AdminCommand {
    /// How the CA is: issuers, CRLs, profiles, secrets
    #[command(after_help = "Example:\n  serverless-acme admin status --json | jq .issuers")]
    Status,
    /// Looks at everything that an operator would look at, and says what to do
    ///
    /// Keys, certificates of issuers, CRLs, secrets, profiles, resolvers. The exit status is 1 when something
    /// does not work.
    #[command(after_help = "Example:\n  serverless-acme admin --function acme-AdminFunction-1A2B doctor")]
    Doctor,
    /// Puts a profile set into effect, after showing what changes
    ///
    /// FILE is TOML with [[acmeProfile]] and [[raProfile]] as in examples/profiles.toml. A profile that is new
    /// has defaults for what the file leaves out; one that is stored keeps its value. All of it is applied, or
    /// nothing when one field is refused. The next request sees it; functions on AWS do within ten seconds.
    #[command(
        after_help = "Examples:\n  serverless-acme admin apply profiles.toml\n  serverless-acme admin apply profiles.toml --exact --yes"
    )]
    Apply {
        /// The profile set
        file: PathBuf,
        /// The file says everything: what it leaves out has its default, and profiles that it does not name are deleted
        #[arg(long)]
        exact: bool,
        /// Applies without asking
        #[arg(long, short)]
        yes: bool,
        /// Only shows what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Shows what `apply` would change
    #[command(after_help = "Example:\n  serverless-acme admin diff profiles.toml")]
    Diff {
        /// The profile set
        file: PathBuf,
        /// As for `apply`
        #[arg(long)]
        exact: bool,
    },
    /// Profiles: list, show, enable, disable, delete
    #[command(subcommand)]
    Profiles(ProfilesCommand),
    /// Keys of external accounts (external account binding)
    #[command(subcommand)]
    Eab(EabCommand),
    /// Accounts: find, show, disable, enable, deactivate
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// Certificates: find, show, export, revoke
    #[command(subcommand)]
    Certificates(certificates::CertificatesCommand),
    /// Incidents: certificates that clients are to replace before their time
    #[command(subcommand)]
    Incidents(incidents::IncidentsCommand),
    /// Keys that nobody may use
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Issuers, the CAs that sign certificates: list, show, add, request, install, roll over, retire
    #[command(subcommand)]
    Issuers(issuers::IssuersCommand),
    /// Why something does not work: what happened, what policy says, how full the limits are, what to do
    #[command(after_help = explain::EXAMPLES)]
    Explain(ExplainArguments),
    /// Events: whether they arrive
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// What operators did
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Prints completions for a shell
    #[command(
        after_help = "Example:\n  serverless-acme admin completions bash > /etc/bash_completion.d/serverless-acme"
    )]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Subcommand)]
enum ProfilesCommand {
    /// Lists the profiles
    #[command(after_help = "Example:\n  serverless-acme admin profiles list")]
    List,
    /// Shows profiles as TOML that `apply` takes
    #[command(
        after_help = "Examples:\n  serverless-acme admin profiles show > profiles.toml\n  serverless-acme admin profiles show web"
    )]
    Show {
        /// Those of this name; all when left out
        name: Option<ProfileName>,
    },
    /// Lets a profile serve
    #[command(after_help = "Example:\n  serverless-acme admin profiles enable acme web")]
    Enable {
        /// Of which kind
        kind: Kind,
        /// Which one
        name: ProfileName,
    },
    /// Lets a profile serve no longer; certificates can still be fetched and revoked
    #[command(after_help = "Example:\n  serverless-acme admin profiles disable acme web")]
    Disable {
        /// Of which kind
        kind: Kind,
        /// Which one
        name: ProfileName,
    },
    /// Deletes a profile that no other one leads to
    #[command(after_help = "Example:\n  serverless-acme admin profiles delete ra old --yes")]
    Delete {
        /// Of which kind
        kind: Kind,
        /// Which one
        name: ProfileName,
        /// Deletes without asking
        #[arg(long, short)]
        yes: bool,
    },
}

/// A kind of profile.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// How a directory treats its clients
    Acme,
    /// What certificates look like
    Ra,
}

impl From<Kind> for admin::ProfileKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Acme => Self::AcmeProfile,
            Kind::Ra => Self::RaProfile,
        }
    }
}

#[derive(Subcommand)]
enum EabCommand {
    /// Makes a key and shows it once, with lines to copy for clients
    #[command(
        after_help = "Examples:\n  serverless-acme admin eab mint --label 'web team' --profile web --scope .web.example.com\n  serverless-acme admin eab mint --days 365 --accounts unlimited"
    )]
    Mint(eab::MintArguments),
    /// Lists the keys; nothing secret is shown
    #[command(
        after_help = "Example:\n  serverless-acme admin eab list --json | jq '.[] | select(.state == \"usable\")'"
    )]
    List,
    /// Makes a key with the terms of another one and shows it once; the other one ends
    #[command(
        after_help = "Examples:\n  serverless-acme admin eab rotate 06cv5pbo4s3u8t1hk8q2m0r9dg\n  serverless-acme admin eab rotate 06cv5pbo4s3u8t1hk8q2m0r9dg --overlap 7"
    )]
    Rotate {
        /// The key identifier of the other one
        id: ExternalAccountKeyId,
        /// For so many days the other one still binds accounts
        #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=3650))]
        overlap: u32,
    },
    /// Takes a key back: no further account is bound with it
    #[command(after_help = "Example:\n  serverless-acme admin eab revoke 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Revoke {
        /// The key identifier
        id: ExternalAccountKeyId,
    },
}

#[derive(Subcommand)]
enum AccountsCommand {
    /// Finds accounts in all directories
    #[command(after_help = "Example:\n  serverless-acme admin accounts find --contact admin@example.org")]
    Find(accounts::FindAccounts),
    /// Shows an account, with its newest certificates
    #[command(after_help = "Example:\n  serverless-acme admin accounts show 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Show {
        /// Its id
        id: AccountId,
    },
    /// Refuses an account from its next request on
    #[command(after_help = "Example:\n  serverless-acme admin accounts disable 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Disable {
        /// Its id
        id: AccountId,
    },
    /// Lets a disabled account go on
    #[command(after_help = "Example:\n  serverless-acme admin accounts enable 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Enable {
        /// Its id
        id: AccountId,
    },
    /// Ends an account for good
    #[command(after_help = "Example:\n  serverless-acme admin accounts deactivate 06cv5pbo4s3u8t1hk8q2m0r9dg")]
    Deactivate {
        /// Its id
        id: AccountId,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Blocks a key: no account and no certificate may use it again
    #[command(after_help = "Example:\n  serverless-acme admin keys block NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")]
    Block {
        /// The thumbprint of the key (RFC 7638)
        #[arg(allow_hyphen_values = true)]
        key: Thumbprint,
    },
    /// Lists the blocked keys
    #[command(after_help = "Example:\n  serverless-acme admin keys list")]
    List,
}

/// Does one command.
pub(super) async fn run(arguments: AdminArguments) -> Result<ExitCode, Failure> {
    let AdminArguments { data, function, json, command } = arguments;
    if let AdminCommand::Completions { shell } = command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "serverless-acme", &mut script);
        io::Write::write_all(&mut io::stdout(), &script).map_err(AdminFailure::Output)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let AdminCommand::Audit(AuditCommand::Follow { filter }) = command {
        audit::follow(&data, function.as_deref(), &Output::new(json), filter).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let connection = Connection::open(&data, function).await?;
    let done = perform(&connection, &Output::new(json), command).await;
    connection.close().await?;
    Ok(done?)
}

async fn perform(connection: &Connection, output: &Output, command: AdminCommand) -> Result<ExitCode, AdminFailure> {
    match command {
        AdminCommand::Completions { .. } | AdminCommand::Audit(AuditCommand::Follow { .. }) => {}
        AdminCommand::Status => status::status(connection, output).await?,
        AdminCommand::Doctor => return doctor::doctor(connection, output).await,
        AdminCommand::Apply { file, exact, yes, dry_run } => {
            profiles::apply(connection, output, profiles::read(&file)?, exact, yes, dry_run).await?;
        }
        AdminCommand::Diff { file, exact } => {
            profiles::apply(connection, output, profiles::read(&file)?, exact, false, true).await?;
        }
        AdminCommand::Profiles(ProfilesCommand::List) => profiles::list(connection, output).await?,
        AdminCommand::Profiles(ProfilesCommand::Show { name }) => profiles::show(connection, output, name).await?,
        AdminCommand::Profiles(ProfilesCommand::Enable { kind, name }) => {
            profiles::set_enabled(connection, output, kind.into(), name, true).await?;
        }
        AdminCommand::Profiles(ProfilesCommand::Disable { kind, name }) => {
            profiles::set_enabled(connection, output, kind.into(), name, false).await?;
        }
        AdminCommand::Profiles(ProfilesCommand::Delete { kind, name, yes }) => {
            profiles::delete(connection, output, kind.into(), name, yes).await?;
        }
        AdminCommand::Eab(EabCommand::Mint(arguments)) => eab::mint(connection, output, arguments).await?,
        AdminCommand::Eab(EabCommand::List) => eab::list(connection, output).await?,
        AdminCommand::Eab(EabCommand::Rotate { id, overlap }) => eab::rotate(connection, output, id, overlap).await?,
        AdminCommand::Eab(EabCommand::Revoke { id }) => eab::revoke(connection, output, id).await?,
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
        AdminCommand::Keys(KeysCommand::Block { key }) => keys::block_key(connection, output, key).await?,
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
