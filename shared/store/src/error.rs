//! The errors of stores.

/// Why a store could not complete a call.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another write changed the record in between. Read it again and repeat the decision.
    #[error("another write changed the record in the meantime")]
    Conflict,
    /// The store cannot be reached or is overloaded. Whether the write was applied is unknown; it
    /// may be repeated with the same operation id.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A newer version has changed the layout of the store; this version does not touch it.
    #[error("a newer version wrote what is stored (layout {found}; this version knows {known})")]
    Newer {
        /// The layout number of the store.
        found: u32,
        /// The layout number of this version.
        known: u32,
    },
    /// A stored record cannot be decoded.
    #[error("a stored {record} cannot be read")]
    Corrupt {
        /// The kind of record.
        record: &'static str,
        /// The error of the decoder.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
