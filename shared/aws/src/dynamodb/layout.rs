//! The layout of the table, and the only way to the client.
//!
//! The item `SCHEMA` holds the number of the layout; a table without it has the first. A process
//! reads it once, before its first call. An eventually consistent read is enough, because the
//! number changes only with a deployment, which replaces every process.
//!
//! Invariant: when the number is newer than [`MAJOR`], every verb of the store answers
//! [`StoreError::Newer`], and no other item is read or written.

use std::fmt;

use aws_sdk_dynamodb::Client;
use store::StoreError;
use tokio::sync::OnceCell;

use super::{
    item::{Item, malformed},
    key,
    retry::Retries,
};

/// The client, handed out only when the layout of the table is one that this version knows.
pub(super) struct Connection {
    client: Client,
    is_known: OnceCell<()>,
}

impl Connection {
    pub(super) fn new(client: Client) -> Self {
        Self { client, is_known: OnceCell::new() }
    }

    /// The client of the table. A failed check is made again at the next call.
    ///
    /// # Errors
    /// [`StoreError::Newer`], or what stood in the way of the check.
    pub(super) async fn client(&self, table: &str) -> Result<&Client, StoreError> {
        self.is_known.get_or_try_init(|| self.check(table)).await?;
        Ok(&self.client)
    }

    async fn check(&self, table: &str) -> Result<(), StoreError> {
        let call = self.client.get_item().table_name(table).set_key(Some(key::schema().attributes()));
        let mut retries = Retries::default();
        let item = loop {
            match call.clone().send().await {
                Ok(output) => break output.item.map(Item::from),
                Err(error) => retries.after(error).await?,
            }
        };
        let found = match item {
            None => FIRST,
            Some(item) => major(&item).ok_or_else(|| malformed("schema"))?,
        };
        if found > MAJOR {
            return Err(StoreError::Newer { found, known: MAJOR });
        }
        Ok(())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("is_known", &self.is_known.initialized()).finish_non_exhaustive()
    }
}

fn major(item: &Item) -> Option<u32> {
    item.number("major")?.try_into().ok()
}

/// The layout that this version reads and writes. How it changes: docs/migrations.md.
const MAJOR: u32 = 1;
/// That of a table without a number.
const FIRST: u32 = 1;
