//! Conditions of writes, and the verdicts on them.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::Timestamp;

use super::item::{Item, RECORD, seconds};
use store::{OperationId, StoreError};

/// What must hold of the stored item for a write to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Nothing.
    Always,
    /// There is none.
    Absent,
    /// That operation wrote it.
    Version(OperationId),
    /// There is none, or it may be deleted earlier or at the same time as the new one.
    NotOutlasting(Timestamp),
    /// There is none, or it is a CRL of a lower number.
    NumberBelow(u64),
    /// There is one whose record is this text.
    Record(String),
}

impl Condition {
    /// The stored version is `before`, where `None` is nothing there.
    pub(super) fn still(before: Option<OperationId>) -> Self {
        before.map_or(Self::Absent, Self::Version)
    }

    /// The condition as DynamoDB reads it.
    pub(super) fn expression(&self) -> Option<String> {
        let expression = match self {
            Self::Always => return None,
            Self::Absent => "attribute_not_exists(pk)",
            Self::Version(_) => "version = :value",
            Self::NotOutlasting(_) => "attribute_not_exists(pk) OR expires <= :value",
            Self::NumberBelow(_) => "attribute_not_exists(pk) OR crl_number < :value",
            Self::Record(_) => "#record = :value",
        };
        Some(expression.to_owned())
    }

    /// What `#record` is in it: the name of the attribute is a reserved word.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        matches!(self, Self::Record(_)).then(|| HashMap::from([("#record".to_owned(), RECORD.to_owned())]))
    }

    /// What `:value` is in it.
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let value = match self {
            Self::Always | Self::Absent => return None,
            Self::Version(version) => AttributeValue::B(Blob::new(*version.as_bytes())),
            Self::NotOutlasting(end) => seconds(*end),
            Self::NumberBelow(number) => AttributeValue::N(number.to_string()),
            Self::Record(text) => AttributeValue::S(text.clone()),
        };
        Some(HashMap::from([(":value".to_owned(), value)]))
    }
}

/// The verdict on a condition. A write, or a transaction of several, is applied when all hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It held.
    Held,
    /// It did not; this is stored.
    Failed(Option<Item>),
}

impl Verdict {
    /// Success also when what is stored is the write itself: it was applied before, and the answer lost.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub(super) fn accept(self, version: OperationId) -> Result<(), StoreError> {
        match self {
            Self::Held => Ok(()),
            Self::Failed(Some(stored)) if stored.version() == Some(version) => Ok(()),
            Self::Failed(_) => Err(StoreError::Conflict),
        }
    }
}
