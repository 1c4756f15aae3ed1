//! `eab`: keys for external account binding.

use acme::{ExternalAccountKeyId, ProfileName};
use admin::{
    Surroundings,
    external_account::{
        ListExternalAccountKeys, ListedKey, MintExternalAccountKey, RevokeExternalAccountKey, RotateExternalAccountKey,
        ShownKey,
    },
};
use clap::Args;
use store::IdentifierRule;

use super::{
    AdminFailure,
    connection::{Answered, Connection},
    output::Output,
    table::table,
};
use crate::shell_word::quoted;

/// The terms of a new key.
#[derive(Args)]
pub(super) struct MintArguments {
    /// The ACME Profile in which the key binds accounts [default: all]
    #[arg(long, value_name = "NAME")]
    profile: Option<ProfileName>,
    /// The number of days for which the key can bind accounts
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Identifiers that its accounts may order: www.example.com, .example.com (all subdomains) or
    /// 10.0.0.0/8; can be repeated [default: all identifiers]
    #[arg(long, value_name = "RULE")]
    scope: Vec<IdentifierRule>,
    /// The maximum number of accounts that the key binds: a number, or `unlimited`
    #[arg(long, value_name = "COUNT", default_value = "1", value_parser = accounts)]
    accounts: Accounts,
    /// A note for operators, such as who the key is for [default: none]
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    label: String,
}

/// A number of accounts, or any number.
#[derive(Clone, Copy)]
struct Accounts(Option<u32>);

fn accounts(text: &str) -> Result<Accounts, String> {
    match text.parse() {
        _ if text == "unlimited" => Ok(Accounts(None)),
        Ok(number) if number > 0 => Ok(Accounts(Some(number))),
        _ => Err("expected a whole number of at least 1, or `unlimited`".to_owned()),
    }
}

pub(super) async fn mint(
    connection: &Connection,
    output: &Output,
    arguments: MintArguments,
) -> Result<(), AdminFailure> {
    let MintArguments { profile, days, scope, accounts, label } = arguments;
    let request = MintExternalAccountKey { days, label, profile, scope, accounts: accounts.0 };
    shown_once(output, connection.ask_host(&request).await?)
}

pub(super) async fn rotate(
    connection: &Connection,
    output: &Output,
    id: ExternalAccountKeyId,
    overlap_days: u32,
) -> Result<(), AdminFailure> {
    shown_once(output, connection.ask_host(&RotateExternalAccountKey { id, overlap_days }).await?)
}

fn shown_once(output: &Output, Answered { value: key, host }: Answered<ShownKey>) -> Result<(), AdminFailure> {
    output.print(&key, || {
        let ShownKey { key_identifier: id, key: secret, expires_at, profile } = &key;
        let facts = format!("key identifier  {id}\nkey             {secret}\nexpires         {expires_at}\n");
        let commands =
            if host.is_some() { "Commands to copy" } else { "Commands to copy, with the URL of your directory" };
        let lines = lines(&key, profile.as_ref(), host.as_ref());
        format!("{facts}\nThe key cannot be shown again. {commands}:\n\n{lines}")
    })
}

pub(super) async fn list(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let mut keys: Vec<ListedKey> = Vec::new();
    loop {
        let request = ListExternalAccountKeys { after: keys.last().map(|key| key.id), limit: Some(1000) };
        let page = connection.ask(&request).await?;
        let ends = !page.more || page.items.is_empty();
        keys.extend(page.items);
        if ends {
            break;
        }
    }
    output.print(&keys, || rows(&keys))
}

pub(super) async fn revoke(
    connection: &Connection,
    output: &Output,
    id: ExternalAccountKeyId,
) -> Result<(), AdminFailure> {
    let key = connection.ask(&RevokeExternalAccountKey { id }).await?;
    output.print(&key, || rows(std::slice::from_ref(&key)))
}

fn rows(keys: &[ListedKey]) -> String {
    let rows = keys.iter().map(|key| {
        let most = key.max_accounts.map_or("unlimited".to_owned(), |most| most.to_string());
        let scope: Vec<String> = key.scope.iter().map(ToString::to_string).collect();
        [
            key.id.to_string(),
            format!("{:?}", key.state).to_lowercase(),
            format!("{}/{most}", key.accounts),
            key.profile.as_ref().map_or("all".to_owned(), ToString::to_string),
            if scope.is_empty() { "all".to_owned() } else { scope.join(",") },
            key.expires_at.to_string(),
            key.label.clone(),
        ]
    });
    table(["KEY IDENTIFIER", "STATE", "ACCOUNTS", "PROFILE", "SCOPE", "EXPIRES", "LABEL"], rows)
}

/// The commands for certbot and lego that use the key.
fn lines(key: &ShownKey, profile: Option<&ProfileName>, host: Option<&Surroundings>) -> String {
    let ShownKey { key_identifier: id, key: secret, .. } = key;
    let profile = profile.map_or(DEFAULT_PROFILE, ProfileName::as_str);
    let server = match host {
        Some(host) => format!("{}/v1/protocols/acme/{profile}/directory", host.base_url.trim_end_matches('/')),
        None => "DIRECTORY_URL".to_owned(),
    };
    let root = host.map(|host| quoted(&host.root.display().to_string()));
    let variable = |name: &str| root.as_ref().map(|root| format!("{name}={root} ")).unwrap_or_default();
    let port = host.map_or(80, |host| host.http_port);
    format!(
        "{}certbot certonly --standalone --http-01-port {port} --server {server} --eab-kid={id} --eab-hmac-key={secret} \
         --agree-tos --email admin@example.org --domain www.example.org\n\n\
         {}lego --http --http.port :{port} --server {server} --eab --kid={id} --hmac={secret} \
         --accept-tos --email admin@example.org --domains www.example.org run\n",
        variable("REQUESTS_CA_BUNDLE"),
        variable("LEGO_CA_CERTIFICATES"),
    )
}

const DEFAULT_PROFILE: &str = "default";
