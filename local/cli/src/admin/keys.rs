//! `keys`: blocking keys and listing the blocked ones.

use acme::{AccountId, AccountStatus};
use admin::{
    account::ShownAccount,
    key::{BlockKey, ListBlockedKeys},
};
use jose::Thumbprint;
use store::BlockedKey;

use super::{
    AdminFailure,
    connection::Connection,
    output::{Output, PAGE},
    table::table,
};

pub(super) async fn block_key(
    connection: &Connection,
    output: &Output,
    key: Thumbprint,
    disable_former: bool,
) -> Result<(), AdminFailure> {
    let used = connection.ask(&BlockKey { key, disable_former }).await?;
    output.print(&used, || {
        let is_former = |account: &AccountId| used.formerly.items.iter().any(|former| former.id == *account);
        let mut text = format!("{key} is blocked: no account and no certificate can use it");
        for account in used.disabled.iter().filter(|account| !is_former(account)) {
            text += &format!("\nthe account {account} had it, and is disabled");
        }
        for former in &used.formerly.items {
            text += &format!("\nthe account {} had it formerly, and is {}", former.id, status(former));
        }
        text += if used.formerly.more { "\nand more that had it formerly" } else { "" };
        if used.formerly.items.iter().any(|former| former.status == AccountStatus::Valid) {
            text += "\ntheir owners may have changed the key because of the compromise; --disable-former disables them";
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

fn status(account: &ShownAccount) -> &'static str {
    match account.status {
        AccountStatus::Valid => "still valid",
        AccountStatus::Revoked => "disabled",
        AccountStatus::Deactivated => "deactivated",
    }
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
