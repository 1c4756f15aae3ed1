//! What is remembered of one request: who asked, what IAM would have judged, what it cost, how it ended.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use crate::request::Service;

/// One request of one principal, in the order in which the cloud finished them.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who asked: the name given to [`sdk_config`](crate::Cloud::sdk_config), or the access key id of the signature.
    pub principal: String,
    /// The service that was asked.
    pub service: Service,
    /// The API operation, as `TransactWriteItems`.
    pub operation: String,
    /// What IAM judges: one entry for each action and resource. Empty when the request was not signed by the
    /// principal, as a URL that somebody else signed.
    pub accesses: Vec<Access>,
    /// A read that sees all earlier writes. Always true for what is not a read.
    pub consistent: bool,
    /// Carries at least one condition expression.
    pub conditional: bool,
    /// The capacity units of DynamoDB that AWS would charge.
    pub units: Units,
    /// How it ended.
    pub outcome: Outcome,
}

impl Call {
    /// The partition key values of all items that the call named, without repeats, in their order.
    pub fn leading_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for key in self.accesses.iter().flat_map(|access| access.values("dynamodb:LeadingKeys")) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// Whether the service took the request and did what it asked, whatever became of the answer.
    pub fn is_applied(&self) -> bool {
        matches!(self.outcome, Outcome::Done | Outcome::Lost { refused: None })
    }
}

/// One decision of IAM: an action on a resource under the condition keys of the request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The action, as `dynamodb:PutItem`; the entries of a transaction have their own.
    pub action: String,
    /// The ARN of the resource, `*` for an action that has none.
    pub resource: String,
    /// The condition keys that the request carries, as `dynamodb:LeadingKeys` or `kms:SigningAlgorithm`.
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

    /// The values of a condition key; none when the request does not carry it.
    pub fn values(&self, key: &str) -> impl Iterator<Item = &str> {
        self.context.get(key).into_iter().flatten().map(String::as_str)
    }
}

/// Capacity units of DynamoDB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// Read units: 4 KB read consistently; half of one for a read that may be stale.
    pub read: f64,
    /// Write units: 1 KB written; two in a transaction.
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

/// How a call ended, as the cloud knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done and answered.
    Done,
    /// Answered with an error of this name, as `ConditionalCheckFailedException`. Nothing was changed.
    Refused(String),
    /// The service handled it, and the answer was lost on its way.
    Lost {
        /// The error that the answer would have carried; none when the request was done.
        refused: Option<String>,
    },
    /// It never reached the service.
    Unreached,
}
