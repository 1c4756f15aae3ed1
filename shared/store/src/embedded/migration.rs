//! Migrations of the file: what a version adds to the records of earlier versions when it opens the
//! file. docs/migrations.md says how to write one.
//!
//! Invariants: a migration can run again on its own result, because it does so whenever an earlier
//! version had the file open in between; a version that does not know it still reads every record;
//! it works in slices, so that its use of memory does not grow with the file.

mod certificates_by_key;

use redb::Database;

use super::failure::Failure;

/// The migrations in their order; the number of a migration is its position, starting from 1.
const ALL: [Migration; 1] = [Migration { name: "certificates by key", make: certificates_by_key::make }];

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
