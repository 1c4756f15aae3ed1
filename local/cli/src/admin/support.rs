//! `support-bundle`: the file for those who help.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use admin::support::{CollectSupportBundle, SupportBundle};
use clap::Args;

use super::{AdminFailure, connection::Connection, output::Output};

/// The file, and how much is in it.
#[derive(Args)]
pub(super) struct SupportBundleArguments {
    /// The file to create; it is JSON, to be read before it is sent [default: print it]
    file: Option<PathBuf>,
    /// The number of audit records, the newest
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    audit: u16,
}

pub(super) async fn collect(
    connection: &Connection,
    output: &Output,
    arguments: SupportBundleArguments,
) -> Result<(), AdminFailure> {
    let SupportBundleArguments { file, audit } = arguments;
    let answer = connection.ask_host(&CollectSupportBundle { audit_records: Some(audit) }).await?;
    let webhook = answer.host.and_then(|host| host.webhook).map(Into::into);
    let bundle = SupportBundle { webhook, ..answer.value };
    let text = serde_json::to_string_pretty(&bundle).map_err(AdminFailure::Answer)?;
    let Some(file) = file else { return output.print(&bundle, || text) };
    create(&file, &text).map_err(AdminFailure::Output)?;
    output.print(&file, || format!("{} is written; read it before you send it", file.display()))
}

/// A file that its owner alone can read, which there was not before.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")
}
