//! The layout of the table, and the only way to the client.
//!
//! The item `SCHEMA` holds the number of the layout; a table without it has the first. A process
//! reads it once, before its first call. An eventually consistent read is enough, because the
//! number changes only with a deployment, which replaces every process.
//!
//! Invariant: when the number is newer than [`MAJOR`], every verb of the store answers
//! [`StoreError::Newer`], and no other item is read or written.

use std::{fmt, sync::Arc};

use aws_sdk_dynamodb::Client;
use store::{IssuerStore, StoreError};
use tokio::sync::OnceCell;

use super::{
    DynamoDbStore,
    condition::Condition,
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

/// The right to give a new table the number of its layout.
#[derive(Clone, Debug)]
pub struct TableLayout {
    store: Arc<DynamoDbStore>,
}

impl TableLayout {
    pub(crate) fn new(store: Arc<DynamoDbStore>) -> Self {
        Self { store }
    }

    /// Writes the number unless there is one or the CA exists: a table of an earlier version has
    /// none, which means the first layout. To be called before anything is made.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Newer`].
    pub async fn mark_new_table(&self) -> Result<(), StoreError> {
        if self.store.issuers().await?.is_empty() {
            let number = Item::new(key::schema()).with_number(NUMBER, MAJOR.into());
            self.store.put(number, Condition::Absent).await?;
        }
        Ok(())
    }
}

fn major(item: &Item) -> Option<u32> {
    item.number(NUMBER)?.try_into().ok()
}

/// The layout that this version reads and writes. How it changes: docs/migrations.md.
const MAJOR: u32 = 1;
/// The attribute with the number.
const NUMBER: &str = "major";
/// That of a table without a number.
const FIRST: u32 = 1;
