//! What can go wrong in a store.

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another write came between. Read again and decide anew.
    #[error("another write came between")]
    Conflict,
    /// The store cannot be reached or is overloaded; nothing is known of the write. The same write
    /// may be repeated with the same operation id.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read.
    #[error("a stored {record} cannot be read")]
    Corrupt {
        /// The kind of record.
        record: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
