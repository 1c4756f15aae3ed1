//! Migrations of the file: what a version adds to the records of earlier ones when it opens the file.
//! docs/migrations.md says how to write one.
//!
//! Invariants: a migration may be made again over its own result, because it is whenever an earlier
//! version had the file in between; a version that does not know it still reads every record; it works in
//! slices, so that the memory that it needs does not grow with the file.

mod certificates_by_key;

use redb::Database;

use super::failure::Failure;

/// The migrations in their order; the number of one is its place, counted from one.
const ALL: [Migration; 1] = [Migration { name: "certificates by key", make: certificates_by_key::make }];

/// The number of the last migration.
pub(super) const LAST: u32 = ALL.len() as u32;

/// One step.
struct Migration {
    name: &'static str,
    /// Makes it, and answers how many records it looked at.
    make: fn(&Database) -> Result<u64, Failure>,
}

/// Makes the migrations behind the number `done`.
pub(super) fn make_after(database: &Database, done: u32) -> Result<(), Failure> {
    for (number, Migration { name, make }) in (1..).zip(&ALL).filter(|(number, _)| *number > done) {
        let records = make(database)?;
        if records > 0 {
            tracing::info!(number, name, records, "the store was migrated");
        }
    }
    Ok(())
}
