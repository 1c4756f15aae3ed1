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
    /// A newer version laid out what is stored; this one leaves it alone.
    #[error("a newer version wrote what is stored (layout {found}; this version knows {known})")]
    Newer {
        /// The layout.
        found: u32,
        /// The one that this version knows.
        known: u32,
    },
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
