//! The store on DynamoDB: one table, with one item for each record.
//!
//! - An item has the keys `pk` and `sk`, the record as JSON in `record`, the id of the operation
//!   that wrote it in `version`, and the time after which it may be deleted in `expires`, in
//!   seconds since 1970. DER is stored outside the JSON in `der`, which is a quarter smaller than
//!   base64url.
//! - Every change is one conditional write of a whole item, except for counters, which are updated
//!   in place. When the condition fails, DynamoDB returns the stored item: if it has the version of
//!   the write itself, an earlier try was applied and its answer was lost.
//! - Items that must change together are written in one transaction, which costs twice as much.
//!   Everything else relies on the order of writes, so that a crash between two of them leaves no
//!   misleading state.
//! - Reads see every write that was acknowledged before, except reads of a single profile or a
//!   single issuer, which may lag for about a second and cost half.
//!
//! Invariants: the `pk` of an item starts with the noun of its record, so that IAM statements can
//! name it; every item has an `expires` except accounts, their index entries, profiles and issuers;
//! expiry only removes unused items, so no read depends on it; the engine never reads a clock,
//! times are arguments.

mod account;
mod audit;
mod authorization;
mod certificate;
mod certificate_item;
mod condition;
mod crl;
mod external_account;
mod grant;
mod incident;
mod issuance;
mod issuer;
mod item;
mod key;
mod layout;
mod limit;
mod lookup;
mod nonce;
mod order;
mod profile;
mod read;
mod retry;
mod seal;
mod watch;
mod write;

use std::fmt;

use aws_sdk_dynamodb::Client;

pub use layout::TableLayout;

use layout::Connection;
use store::{Retention, Store, StoreError};

/// A store in one DynamoDB table.
pub struct DynamoDbStore {
    connection: Connection,
    table: String,
    retention: Retention,
}

impl DynamoDbStore {
    /// A store in the table, which must have the string keys `pk` and `sk` and the time-to-live
    /// attribute `expires`.
    ///
    /// A change of the retention takes effect for a record when it is next written. Time-outs and
    /// the first retries of a call are configured in the client.
    pub fn new(client: Client, table: impl Into<String>, retention: Retention) -> Self {
        Self { connection: Connection::new(client), table: table.into(), retention }
    }

    /// The client, when the layout of the table is one that this version knows.
    async fn client(&self) -> Result<&Client, StoreError> {
        self.connection.client(&self.table).await
    }
}

impl Store for DynamoDbStore {}

impl fmt::Debug for DynamoDbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbStore")
            .field("connection", &self.connection)
            .field("table", &self.table)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}
