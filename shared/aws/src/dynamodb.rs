//! The store on DynamoDB: one table, one item for a record.
//!
//! - An item has the keys `pk` and `sk`, the record as JSON in `record`, the id of the operation that
//!   wrote it in `version`, and the second after which it may be deleted in `expires`. Bytes that are
//!   DER stand beside the JSON in `der`, a third smaller than inside it.
//! - Every change is one conditional write of a whole item; a counter alone is added to. When the
//!   condition fails, DynamoDB shows what is stored: one's own version means that an earlier try was
//!   applied and its answer lost.
//! - Two items that must change together are one transaction, which costs twice as much; everything
//!   else is kept right by the order of writes, so that a crash between two of them leaves nothing that
//!   misleads.
//! - Reads see every write that was answered before, except those of one profile or one issuer, which
//!   may lag for about a second and cost half.
//!
//! Invariants: what belongs to a noun begins with that noun in `pk`, so that rights can name it; every
//! item has an `expires` but accounts, what leads to them, profiles and issuers; expiry only tidies up,
//! so no read depends on it; no clock is read, times are arguments.

mod account;
mod audit;
mod authorization;
mod certificate;
mod condition;
mod crl;
mod external_account;
mod incident;
mod issuance;
mod issuer;
mod item;
mod key;
mod limit;
mod lookup;
mod nonce;
mod order;
mod profile;
mod read;
mod retry;
mod watch;
mod write;

use std::fmt;

use aws_sdk_dynamodb::Client;

use store::{Retention, Store};

/// The engine.
pub struct DynamoDbStore {
    client: Client,
    table: String,
    retention: Retention,
}

impl DynamoDbStore {
    /// A store in the table, which has the string keys `pk` and `sk` and deletes by `expires`.
    ///
    /// How long a record is kept counts from its next write. Time-outs and the first repetitions of a
    /// call are the client's own.
    pub fn new(client: Client, table: impl Into<String>, retention: Retention) -> Self {
        Self { client, table: table.into(), retention }
    }
}

impl Store for DynamoDbStore {}

impl fmt::Debug for DynamoDbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbStore")
            .field("table", &self.table)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}
