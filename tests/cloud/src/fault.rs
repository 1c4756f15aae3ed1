//! Faults: a precisely chosen call fails in a precisely chosen way.
//!
//! Each fault counts the calls that match it from the moment of its injection, so its effect
//! depends only on the calls, never on time. If several faults match a call, the one that was
//! injected first takes effect.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::account::ACCOUNT;
use crate::description::Description;
use crate::request::{Request, Service};
use crate::response::{Broken, Refusal};

/// The kinds of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The call is throttled: `ProvisionedThroughputExceededException`, `ThrottlingException`,
    /// `RequestThrottled` or `SlowDown`, depending on the service.
    Throttled,
    /// Another transaction holds the item: `TransactionCanceledException` with the reason
    /// `TransactionConflict`, or `TransactionConflictException` for a write of a single item.
    /// Affects only writes and transactions.
    TransactionConflict,
    /// The second half of a batch (the whole batch if it has one item) is returned as unprocessed.
    /// Affects only batches of DynamoDB and EventBridge.
    Unprocessed,
    /// The read returns each item as it was before its last change. Affects only eventually
    /// consistent reads.
    Stale,
    /// The call is applied, and then the connection closes without an answer.
    AnswerLost,
    /// The call is applied, but the answer does not arrive in time. A client in the process gets a
    /// time-out at once; one with a connection waits for its own time-out.
    AnswerLate,
    /// The connection breaks before the request arrives. The call is not applied.
    Unreachable,
    /// The service fails (status 500 or 503). The call is not applied.
    Unavailable,
    /// IAM denies the call. The call is not applied.
    Denied,
    /// The principal crashes after this call: the call is answered, and no later call of that
    /// principal leaves its process until [`revive`](crate::Cloud::revive).
    Crash,
}

impl FaultKind {
    /// Every kind, for tests that try them all.
    pub const ALL: [Self; 10] = [
        Self::Throttled,
        Self::TransactionConflict,
        Self::Unprocessed,
        Self::Stale,
        Self::AnswerLost,
        Self::AnswerLate,
        Self::Unreachable,
        Self::Unavailable,
        Self::Denied,
        Self::Crash,
    ];

    fn can_strike(self, request: &Request, description: &Description) -> bool {
        let dynamodb = request.service == Service::DynamoDb;
        match self {
            Self::TransactionConflict => {
                let operations = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "TransactGetItems"];
                dynamodb && operations.contains(&request.operation.as_str())
            }
            Self::Unprocessed => ["BatchGetItem", "BatchWriteItem", "PutEvents"].contains(&request.operation.as_str()),
            Self::Stale => dynamodb && !description.consistent,
            _ => true,
        }
    }
}

/// A fault and the calls that it affects.
///
/// By default, that is the first call after the injection.
#[derive(Clone, Debug)]
pub struct Fault {
    kind: FaultKind,
    service: Option<Service>,
    operation: Option<String>,
    principal: Option<String>,
    partitions: Option<Vec<String>>,
    first: u64,
    last: u64,
}

impl Fault {
    /// Affects the next call of any kind.
    pub fn new(kind: FaultKind) -> Self {
        Self { kind, service: None, operation: None, principal: None, partitions: None, first: 1, last: 1 }
    }

    /// Counts only calls of this operation, such as `on(Service::Kms, "Sign")`.
    #[must_use]
    pub fn on(self, service: Service, operation: &str) -> Self {
        Self { service: Some(service), operation: Some(operation.to_owned()), ..self }
    }

    /// Counts only calls of this service.
    #[must_use]
    pub fn on_service(self, service: Service) -> Self {
        Self { service: Some(service), operation: None, ..self }
    }

    /// Counts only calls of this principal.
    #[must_use]
    pub fn of(self, principal: &str) -> Self {
        Self { principal: Some(principal.to_owned()), ..self }
    }

    /// Counts only calls with these [leading keys](crate::Call::leading_keys).
    #[must_use]
    pub fn about(self, partitions: &[&str]) -> Self {
        Self { partitions: Some(partitions.iter().map(|&key| key.to_owned()).collect()), ..self }
    }

    /// Affects the `n`th call that counts; the first is 1.
    #[must_use]
    pub fn at(self, n: u64) -> Self {
        Self { first: n, last: n, ..self }
    }

    /// Affects the `n`th call that counts and every later one.
    #[must_use]
    pub fn from_nth(self, n: u64) -> Self {
        Self { first: n, last: u64::MAX, ..self }
    }

    /// Affects every call that counts.
    #[must_use]
    pub fn always(self) -> Self {
        self.from_nth(1)
    }

    fn counts(&self, request: &Request, description: &Description) -> bool {
        self.service.is_none_or(|service| service == request.service)
            && self.operation.as_ref().is_none_or(|operation| *operation == request.operation)
            && self.principal.as_ref().is_none_or(|principal| *principal == request.principal)
            && self.partitions.as_ref().is_none_or(|partitions| description.leading_keys() == *partitions)
    }
}

/// An active fault: the calls that it has counted and affected so far.
#[derive(Clone, Debug)]
pub struct Injection {
    fault: Arc<Fault>,
    seen: Arc<AtomicU64>,
    struck: Arc<AtomicU64>,
}

impl Injection {
    /// The number of calls that counted since the injection.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }

    /// The number of calls that it affected. A chosen call that its kind cannot affect is not
    /// counted here.
    pub fn struck(&self) -> u64 {
        self.struck.load(Ordering::SeqCst)
    }

    /// Whether the chosen call has happened, affected or not. A test that increments `n` ends when
    /// it has not.
    pub fn is_reached(&self) -> bool {
        self.seen() >= self.fault.first
    }
}

/// All faults of a cloud, and the crashed principals.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    injected: Vec<Injection>,
    crashed: BTreeSet<String>,
}

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) -> Injection {
        let injection = Injection { fault: Arc::new(fault), seen: Arc::default(), struck: Arc::default() };
        self.injected.push(injection.clone());
        injection
    }

    pub(crate) fn remove(&mut self, injection: &Injection) {
        self.injected.retain(|other| !Arc::ptr_eq(&other.fault, &injection.fault));
    }

    pub(crate) fn clear(&mut self) {
        self.injected.clear();
        self.crashed.clear();
    }

    pub(crate) fn revive(&mut self, principal: &str) {
        self.crashed.remove(principal);
    }

    /// What happens to this call. Calls of crashed principals do not arrive, so they do not count.
    pub(crate) fn strike(&mut self, request: &Request, description: &Description) -> Option<FaultKind> {
        if self.crashed.contains(&request.principal) {
            return Some(FaultKind::Unreachable);
        }
        let mut strike: Option<&Injection> = None;
        for injection in self.injected.iter().filter(|injection| injection.fault.counts(request, description)) {
            let n = injection.seen.fetch_add(1, Ordering::SeqCst) + 1;
            let chosen = (injection.fault.first..=injection.fault.last).contains(&n);
            if strike.is_none() && chosen && injection.fault.kind.can_strike(request, description) {
                strike = Some(injection);
            }
        }
        let injection = strike?;
        injection.struck.fetch_add(1, Ordering::SeqCst);
        if injection.fault.kind == FaultKind::Crash {
            self.crashed.insert(request.principal.clone());
        }
        Some(injection.fault.kind)
    }
}

/// What a fault does to a call, in the order in which a call is handled.
#[derive(Debug)]
pub(crate) enum Effect {
    /// The call does not reach the service.
    Stopped(Broken),
    /// The service refuses it without looking at its state.
    Refused(Refusal),
    /// The service handles it in this manner, and the answer may be lost.
    Handled(Manner, Option<Broken>),
}

/// How a service handles a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Plain,
    HalfOfTheBatch,
    Stale,
}

impl Effect {
    pub(crate) fn of(kind: Option<FaultKind>, request: &Request) -> Self {
        match kind {
            None | Some(FaultKind::Crash) => Self::Handled(Manner::Plain, None),
            Some(FaultKind::Stale) => Self::Handled(Manner::Stale, None),
            Some(FaultKind::Unprocessed) => Self::Handled(Manner::HalfOfTheBatch, None),
            Some(FaultKind::AnswerLost) => Self::Handled(Manner::Plain, Some(Broken::Closed)),
            Some(FaultKind::AnswerLate) => Self::Handled(Manner::Plain, Some(Broken::TimedOut)),
            Some(FaultKind::Unreachable) => Self::Stopped(Broken::Closed),
            Some(FaultKind::Throttled) => Self::Refused(throttled(request.service)),
            Some(FaultKind::Unavailable) => Self::Refused(unavailable(request.service)),
            Some(FaultKind::Denied) => Self::Refused(denied(request)),
            Some(FaultKind::TransactionConflict) => Self::Refused(conflict(request)),
        }
    }
}

fn throttled(service: Service) -> Refusal {
    let (status, name) = match service {
        Service::DynamoDb => (400, "ProvisionedThroughputExceededException"),
        Service::EventBridge | Service::Kms => (400, "ThrottlingException"),
        Service::Lambda => (429, "TooManyRequestsException"),
        Service::Sqs => (403, "RequestThrottled"),
        Service::S3 => (503, "SlowDown"),
    };
    Refusal::new(status, name, "Rate exceeded")
}

fn unavailable(service: Service) -> Refusal {
    let (status, name) = match service {
        Service::DynamoDb => (500, "InternalServerError"),
        Service::EventBridge => (500, "InternalException"),
        Service::Kms => (500, "KMSInternalException"),
        Service::Lambda => (502, "ServiceException"),
        Service::Sqs => (503, "ServiceUnavailable"),
        Service::S3 => (503, "ServiceUnavailable"),
    };
    Refusal::new(status, name, "The service is not able to handle the request")
}

fn denied(request: &Request) -> Refusal {
    let (status, name) = match request.service {
        Service::DynamoDb | Service::EventBridge | Service::Kms => (400, "AccessDeniedException"),
        Service::Lambda => (403, "AccessDeniedException"),
        Service::Sqs | Service::S3 => (403, "AccessDenied"),
    };
    let user = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{0}/{0}", request.principal);
    let message = format!("User: {user} is not authorized to perform: {}", request.operation);
    Refusal::new(status, name, message)
}

/// The first entry of the transaction has the conflict.
fn conflict(request: &Request) -> Refusal {
    let Some(entries) = request.json["TransactItems"].as_array() else {
        return Refusal::new(400, "TransactionConflictException", "Transaction is ongoing for the item");
    };
    let reasons: Vec<_> = (0..entries.len())
        .map(|index| match index {
            0 => serde_json::json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }),
            _ => serde_json::json!({ "Code": "None" }),
        })
        .collect();
    let codes: Vec<_> =
        (0..entries.len()).map(|index| if index == 0 { "TransactionConflict" } else { "None" }).collect();
    let message =
        format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    Refusal {
        members: serde_json::json!({ "CancellationReasons": reasons, "Message": message }),
        ..Refusal::new(400, "TransactionCanceledException", message)
    }
}
