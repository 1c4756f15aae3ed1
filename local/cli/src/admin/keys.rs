//! `keys`: blocking keys and listing the blocked ones.

use admin::key::{BlockKey, ListBlockedKeys};
use jose::Thumbprint;
use store::BlockedKey;

use super::{
    AdminFailure,
    connection::Connection,
    output::{Output, PAGE},
    table::table,
};

pub(super) async fn block_key(connection: &Connection, output: &Output, key: Thumbprint) -> Result<(), AdminFailure> {
    let used = connection.ask(&BlockKey { key }).await?;
    output.print(&used, || {
        let mut text = format!("{key} is blocked: no account and no certificate can use it");
        for account in &used.disabled {
            text += &format!("\nthe account {account} had it, and is disabled");
        }
        if let Some(incident) = used.incident {
            text += &format!(
                "\nits certificates are being revoked; follow it with `serverless-acme admin incidents show {incident} \
                 --watch`"
            );
        }
        text
    })
}

pub(super) async fn blocked_keys(connection: &Connection, output: &Output) -> Result<(), AdminFailure> {
    let mut keys: Vec<BlockedKey> = Vec::new();
    loop {
        let request = ListBlockedKeys { after: keys.last().map(|blocked| blocked.key), limit: Some(PAGE) };
        let page = connection.ask(&request).await?;
        let ends = !page.more || page.items.is_empty();
        keys.extend(page.items);
        if ends {
            break;
        }
    }
    let rows = || keys.iter().map(|blocked| [blocked.key.to_string(), blocked.at.to_string()]);
    output.print(&keys, || table(["KEY THUMBPRINT", "SINCE"], rows()))
}
