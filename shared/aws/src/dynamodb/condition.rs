//! Conditions of writes, and the verdicts on them.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::Timestamp;

use super::item::{Item, RECORD, seconds};
use store::{OperationId, StoreError};

/// What must hold of the stored item for a write to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// The write is unconditional.
    Always,
    /// No item is stored.
    Absent,
    /// The stored item was written by that operation.
    Version(OperationId),
    /// No item is stored, or it expires no later than the new one.
    NotOutlasting(Timestamp),
    /// No item is stored, or it is a CRL with a lower number.
    NumberBelow(u64),
    /// The record of the stored item is exactly this text.
    Record(String),
}

impl Condition {
    /// The stored version is `before`; `None` means that no item is stored.
    pub(super) fn still(before: Option<OperationId>) -> Self {
        before.map_or(Self::Absent, Self::Version)
    }

    /// The condition expression of DynamoDB.
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

    /// The attribute for `#record` in the expression; its name is a reserved word.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        matches!(self, Self::Record(_)).then(|| HashMap::from([("#record".to_owned(), RECORD.to_owned())]))
    }

    /// The value for `:value` in the expression.
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

/// The verdict on a condition. A write, or a transaction of several, is applied if all conditions
/// hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The condition held.
    Held,
    /// The condition did not hold; this is the stored item.
    Failed(Option<Item>),
}

impl Verdict {
    /// Also succeeds if the stored item has the version of the write itself: it was applied before,
    /// and its answer was lost.
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
