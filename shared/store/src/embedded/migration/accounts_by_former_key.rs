//! Migration 2: accounts can be looked up by the keys that they had before.

use acme::Account;
use redb::Database;

use crate::{
    StoreError, Versioned,
    embedded::{failure::Failure, key, record, table},
};

/// The index is rebuilt from the accounts, so that it does not contain what an earlier version
/// deleted.
pub(super) fn make(database: &Database) -> Result<u64, Failure> {
    let transaction = database.begin_write()?;
    transaction.delete_table(table::FORMER_KEY.definition())?;
    transaction.open_table(table::FORMER_KEY.definition())?;
    transaction.commit()?;
    let (mut seen, mut behind) = (0, None);
    loop {
        let rows = super::slice(database, table::ACCOUNT, behind.as_deref())?;
        let Some((last, _)) = rows.last() else { return Ok(seen) };
        seen += rows.len() as u64;
        behind = Some(last.clone());
        let transaction = database.begin_write()?;
        let mut index = transaction.open_table(table::FORMER_KEY.definition())?;
        for (id, row) in rows {
            let account: Result<Versioned<Account>, StoreError> = record::decode_versioned(&row);
            match account {
                Ok(account) => {
                    for former in &account.former_keys {
                        index.insert(key::account_by_former_key(former, account.id).as_str(), &[][..])?;
                    }
                }
                // Whatever asks for the account itself says so.
                Err(error) => tracing::warn!(%error, id, "the former keys of an account cannot be read"),
            }
        }
        drop(index);
        transaction.commit()?;
    }
}
