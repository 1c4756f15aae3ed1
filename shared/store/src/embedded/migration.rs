//! Migrations of the file: what a version adds to the records of earlier versions when it opens the
//! file. docs/migrations.md says how to write one.
//!
//! Invariants: a migration can run again on its own result, because it does so whenever an earlier
//! version had the file open in between; a version that does not know it still reads every record;
//! it works in slices, so that its use of memory does not grow with the file.

mod accounts_by_former_key;
mod certificates_by_key;

use std::ops::Bound;

use redb::{Database, ReadableDatabase};

use super::{failure::Failure, table::TableName};

/// The migrations in their order; the number of a migration is its position, starting from 1.
const ALL: [Migration; 2] = [
    Migration { name: "certificates by key", make: certificates_by_key::make },
    Migration { name: "accounts by former key", make: accounts_by_former_key::make },
];

/// The number of the last migration.
pub(super) const LAST: u32 = ALL.len() as u32;

/// One migration: a name for the log and what it does.
struct Migration {
    name: &'static str,
    /// Runs the migration and returns the number of records that it examined.
    make: fn(&Database) -> Result<u64, Failure>,
}

/// Runs the migrations after the number `done`.
pub(super) fn make_after(database: &Database, done: u32) -> Result<(), Failure> {
    for (number, Migration { name, make }) in (1..).zip(&ALL).filter(|(number, _)| *number > done) {
        let records = make(database)?;
        if records > 0 {
            tracing::info!(number, name, records, "the store was migrated");
        }
    }
    Ok(())
}

/// The next rows of a table behind a key, as many as one transaction takes.
fn slice(database: &Database, table: TableName, behind: Option<&str>) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let transaction = database.begin_read()?;
    let records = match transaction.open_table(table.definition()) {
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        opened => opened?,
    };
    let range = (behind.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    let rows = records.range::<&str>(range)?.take(SLICE);
    rows.map(|row| row.map(|(id, row)| (id.value().to_owned(), row.value().to_vec())).map_err(Failure::from)).collect()
}

/// The number of records in one transaction, which makes some megabytes.
const SLICE: usize = 2_000;
