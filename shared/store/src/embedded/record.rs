//! Records as rows: JSON, preceded for versioned records by the sixteen bytes of their version, so
//! that the writer can compare versions without parsing JSON.

use serde::{Serialize, de::DeserializeOwned};

use super::table::TableName;
use crate::{OperationId, Retention, StoreError, Versioned};

/// A record that is stored in a table.
pub(super) trait Record: Serialize + DeserializeOwned {
    /// The table of the record.
    const TABLE: TableName;

    /// The index rows of the record. They are a function of the record alone; a change writes the
    /// difference between the index rows of the old and the new record.
    fn index_rows(&self, _: &Retention) -> Vec<IndexRow> {
        Vec::new()
    }
}

/// A row of an index, without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IndexRow {
    pub(super) table: TableName,
    pub(super) key: String,
}

/// The row of a record without a version.
pub(super) fn encode<T: Record>(record: &T) -> Result<Vec<u8>, StoreError> {
    let mut row = Vec::new();
    write_json(record, &mut row)?;
    Ok(row)
}

/// The row of a record with its version.
pub(super) fn encode_versioned<T: Record>(record: &Versioned<T>) -> Result<Vec<u8>, StoreError> {
    let mut row = record.version.as_bytes().to_vec();
    write_json(&record.value, &mut row)?;
    Ok(row)
}

pub(super) fn decode<T: Record>(row: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(row).map_err(|error| corrupt(T::TABLE, error))
}

pub(super) fn decode_versioned<T: Record>(row: &[u8]) -> Result<Versioned<T>, StoreError> {
    let (version, json) = split(T::TABLE, row)?;
    Ok(Versioned::new(decode(json)?, version))
}

/// The version of a row, and its JSON.
pub(super) fn split(table: TableName, row: &[u8]) -> Result<(OperationId, &[u8]), StoreError> {
    let (version, json) = row.split_first_chunk().ok_or_else(|| corrupt(table, Malformed))?;
    Ok((OperationId::from_random(*version), json))
}

pub(super) fn corrupt(table: TableName, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Corrupt { record: table.as_str(), source: source.into() }
}

/// The row is shorter than a version, or does not have the format of its table.
#[derive(Debug, thiserror::Error)]
#[error("the row does not have the format of its table")]
pub(super) struct Malformed;

fn write_json<T: Record>(record: &T, row: &mut Vec<u8>) -> Result<(), StoreError> {
    serde_json::to_writer(row, record).map_err(|error| corrupt(T::TABLE, error))
}
