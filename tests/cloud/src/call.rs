//! The record of a request: its principal, what IAM would have evaluated, what it cost, and how it
//! ended.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::Serialize;

use crate::request::Service;

/// A request of a principal. Calls are recorded in the order in which the cloud finished them.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The name that was given to [`sdk_config`](crate::Cloud::sdk_config), or the access key id of
    /// the signature.
    pub principal: String,
    /// The id of the request, which the answer has in its header `x-amzn-requestid`.
    pub request_id: String,
    /// The service that received the request.
    pub service: Service,
    /// The API operation, such as `TransactWriteItems`.
    pub operation: String,
    /// What IAM evaluates: one entry for each action and resource. Empty if the principal did not
    /// sign the request, as with a presigned URL.
    pub accesses: Vec<Access>,
    /// Whether a read sees all earlier writes. Always true for other operations.
    pub consistent: bool,
    /// Whether the request has at least one condition expression.
    pub conditional: bool,
    /// The capacity units of DynamoDB that AWS would charge.
    pub units: Units,
    /// How the request ended.
    pub outcome: CallOutcome,
}

impl Call {
    /// The partition key values of all items in the call, without repetition, in their order.
    pub fn leading_keys(&self) -> Vec<&str> {
        leading_keys(&self.accesses)
    }

    /// Whether the service did what the request asked for, even if the answer was lost.
    pub fn is_applied(&self) -> bool {
        matches!(self.outcome, CallOutcome::Done | CallOutcome::Lost { refused: None })
    }
}

pub(crate) fn leading_keys(accesses: &[Access]) -> Vec<&str> {
    let mut keys: Vec<&str> = Vec::new();
    for key in accesses.iter().flat_map(|access| access.values("dynamodb:LeadingKeys")) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// One decision of IAM: an action on a resource, with the condition keys of the request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Access {
    /// The action, such as `dynamodb:PutItem`; each entry of a transaction has its own.
    pub action: String,
    /// The ARN of the resource; `*` for an action without one.
    pub resource: String,
    /// The condition keys of the request, such as `dynamodb:LeadingKeys` or `kms:SigningAlgorithm`.
    pub context: BTreeMap<Cow<'static, str>, Vec<String>>,
}

impl Access {
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), context: BTreeMap::new() }
    }

    pub(crate) fn with(mut self, key: impl Into<Cow<'static, str>>, values: impl IntoIterator<Item = String>) -> Self {
        self.context.entry(key.into()).or_default().extend(values);
        self
    }

    /// The values of a condition key; none if the request does not have it.
    pub fn values(&self, key: &str) -> impl Iterator<Item = &str> {
        self.context.get(key).into_iter().flatten().map(String::as_str)
    }
}

/// Capacity units of DynamoDB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// Read units: 1 for each 4 KB read consistently, half as many for an eventually consistent
    /// read.
    pub read: f64,
    /// Write units: 1 for each 1 KB written, twice as many in a transaction.
    pub write: f64,
}

impl Add for Units {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { read: self.read + other.read, write: self.write + other.write }
    }
}

impl AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Units {
    fn sum<I: Iterator<Item = Self>>(units: I) -> Self {
        units.fold(Self::default(), Add::add)
    }
}

/// How a call ended, as the cloud sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// The request succeeded, and the answer arrived.
    Done,
    /// The answer is an error with this name, such as `ConditionalCheckFailedException`. Nothing
    /// was changed.
    Refused(String),
    /// The service handled the request, but the answer was lost.
    Lost {
        /// The error in the lost answer; `None` if the request succeeded.
        refused: Option<String>,
    },
    /// The request did not reach the service.
    Unreached,
}
