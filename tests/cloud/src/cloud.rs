//! The cloud itself: the interface for tests, and the handling of each request.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::call::{Call, CallOutcome, Units};
use crate::description::Description;
use crate::dynamodb::DynamoDb;
use crate::eventbridge::EventBridge;
use crate::fault::{Effect, Fault, Faults, Injection};
use crate::kms::{KeySpec, Kms};
use crate::lambda::{FunctionHandler, Lambda, UrlHandler};
use crate::lock::locked;
use crate::request::{Request, Service};
use crate::response::{Broken, Refusal};
use crate::s3::{Object, S3};
use crate::sqs::{Message, Sqs};

/// AWS in the process of a test. Clones are the same cloud; each test starts its own.
#[derive(Clone, Default)]
pub struct Cloud {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    dynamodb: DynamoDb,
    eventbridge: EventBridge,
    kms: Kms,
    lambda: Lambda,
    sqs: Sqs,
    s3: S3,
    faults: Mutex<Faults>,
    calls: Mutex<Vec<Call>>,
    requests: AtomicU64,
}

impl Cloud {
    /// Starts an empty cloud, without tables, keys, queues, buckets or buses.
    pub fn start() -> Self {
        Self::default()
    }

    /// All calls so far, in the order in which they ended.
    pub fn calls(&self) -> Vec<Call> {
        self.record().clone()
    }

    /// The calls of one principal.
    pub fn calls_of(&self, principal: &str) -> Vec<Call> {
        self.record().iter().filter(|call| call.principal == principal).cloned().collect()
    }

    /// Discards the record of calls, but not the state.
    pub fn clear(&self) {
        self.record().clear();
    }

    /// The capacity units of all calls.
    pub fn units(&self) -> Units {
        self.record().iter().map(|call| call.units).sum()
    }

    /// The capacity units of one principal's calls.
    pub fn units_of(&self, principal: &str) -> Units {
        self.record().iter().filter(|call| call.principal == principal).map(|call| call.units).sum()
    }

    /// Activates a fault from now on.
    pub fn inject(&self, fault: Fault) -> Injection {
        locked(&self.inner.faults).inject(fault)
    }

    /// Removes a fault. Principals that it crashed stay crashed.
    pub fn remove(&self, injection: &Injection) {
        locked(&self.inner.faults).remove(injection);
    }

    /// Lets a crashed principal make calls again.
    pub fn revive(&self, principal: &str) {
        locked(&self.inner.faults).revive(principal);
    }

    /// Removes all faults and revives all principals.
    pub fn heal(&self) {
        locked(&self.inner.faults).clear();
    }

    /// Creates a table of the project's form: string keys `pk` and `sk`, on-demand capacity, expiry
    /// in `expires`. Returns its ARN.
    ///
    /// # Panics
    /// The table already exists.
    pub fn create_table(&self, name: &str) -> String {
        self.inner.dynamodb.create_table(name)
    }

    /// All items of a table in DynamoDB JSON (`{"pk": {"S": …}, …}`), without a recorded call and
    /// without faults.
    ///
    /// # Panics
    /// The table does not exist.
    pub fn items(&self, table: &str) -> Vec<Map<String, Value>> {
        self.inner.dynamodb.items(table)
    }

    /// Puts items into a table as a restore does, without recorded calls and without faults.
    ///
    /// # Panics
    /// The table does not exist, or an item has no key.
    pub fn fill_table(&self, table: &str, items: Vec<Map<String, Value>>) {
        self.inner.dynamodb.fill(table, items);
    }

    /// Creates a signing key and returns its ARN.
    pub fn create_key(&self, spec: KeySpec) -> String {
        self.inner.kms.create_key(spec)
    }

    /// Creates a signing key that may have replicas in other regions, and returns its ARN.
    pub fn create_multi_region_key(&self, spec: KeySpec) -> String {
        self.inner.kms.create_multi_region_key(spec)
    }

    /// Makes a replica of a key in another region, and returns its ARN there.
    ///
    /// # Panics
    /// The key does not exist, or is of one region only.
    pub fn replicate_key(&self, arn: &str, region: &str) -> String {
        self.inner.kms.replicate_key(arn, region)
    }

    /// No key can be used in this region any more.
    pub fn lose_keys_of(&self, region: &str) {
        self.inner.kms.lose_region(region);
    }

    /// Gives a key a tag, which IAM sees as `aws:ResourceTag/name`.
    ///
    /// # Panics
    /// The key does not exist.
    pub fn tag_key(&self, arn: &str, name: &str, value: &str) {
        self.inner.kms.tag_key(arn, name, value);
    }

    /// Enables or disables a key.
    ///
    /// # Panics
    /// The key does not exist.
    pub fn enable_key(&self, arn: &str, enabled: bool) {
        self.inner.kms.enable_key(arn, enabled);
    }

    /// Creates a queue unless it exists, and returns its URL.
    pub fn create_queue(&self, name: &str) -> String {
        self.inner.sqs.create_queue(name)
    }

    /// The messages in a queue, oldest first, regardless of their delay. They stay in the queue.
    ///
    /// # Panics
    /// The queue does not exist. The other methods on queues panic as well in that case.
    pub fn messages(&self, queue: &str) -> Vec<Message> {
        self.inner.sqs.messages(queue)
    }

    /// The number of messages in a queue.
    pub fn depth(&self, queue: &str) -> usize {
        self.inner.sqs.messages(queue).len()
    }

    /// Takes the oldest message from a queue without waiting for its delay; `None` if the queue is
    /// empty.
    pub fn take_message(&self, queue: &str) -> Option<Message> {
        self.inner.sqs.take(queue)
    }

    /// Waits for a message in a queue and takes the oldest one, without waiting for its delay.
    pub async fn next_message(&self, queue: &str) -> Message {
        self.inner.sqs.next(queue).await
    }

    /// Creates a bucket unless it exists.
    pub fn create_bucket(&self, name: &str) {
        self.inner.s3.create_bucket(name);
    }

    /// An object in a bucket; `None` if it does not exist.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        self.inner.s3.object(bucket, key)
    }

    /// The keys of all objects in a bucket, sorted.
    pub fn objects(&self, bucket: &str) -> Vec<String> {
        self.inner.s3.keys(bucket)
    }

    /// Creates an event bus unless it exists, and returns its ARN.
    pub fn create_event_bus(&self, name: &str) -> String {
        self.inner.eventbridge.create_bus(name)
    }

    /// The entries that were put on an event bus, in their order; empty if the bus does not exist.
    pub fn events(&self, bus: &str) -> Vec<Value> {
        self.inner.eventbridge.events(bus)
    }

    /// Creates a URL at this host (`….lambda-url.….on.aws`) for the function with this ARN.
    pub fn create_function_url(&self, host: &str, function: &str, handler: UrlHandler) {
        self.inner.lambda.create_url(host, function, handler);
    }

    /// Creates the function with this ARN, which is invoked by it.
    pub fn create_function(&self, arn: &str, handler: FunctionHandler) {
        self.inner.lambda.create_function(arn, handler);
    }

    /// Answers a request from a client in the process or from a connection.
    pub(crate) async fn answer(
        &self,
        principal: String,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Broken> {
        let id = self.next_request_id();
        let identified = |mut response: http::Response<Bytes>| {
            response.headers_mut().extend(HeaderValue::from_str(&id).map(|id| (REQUEST_ID, id)));
            response
        };
        let request = match Request::read(principal, id.clone(), request) {
            Ok(request) => request,
            Err(error) => {
                let refusal = Refusal::new(400, "UnknownOperationException", error.to_string());
                return Ok(identified(refusal.reply(Service::Kms).http));
            }
        };
        // Not on the runtime's worker threads: making a key or scanning a table takes time, and the
        // emulator blocks.
        let cloud = self.clone();
        let handled = tokio::task::spawn_blocking(move || cloud.handle(request)).await;
        match handled {
            Ok(response) => response.map(identified),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(_) => Err(Broken::Closed), // the runtime is going down
            },
        }
    }

    fn handle(&self, request: Request) -> Result<http::Response<Bytes>, Broken> {
        let inner = &self.inner;
        let description = match request.service {
            Service::DynamoDb => inner.dynamodb.describe(&request),
            Service::EventBridge => inner.eventbridge.describe(&request),
            Service::Kms => inner.kms.describe(&request),
            Service::Lambda => inner.lambda.describe(&request),
            Service::Sqs => inner.sqs.describe(&request),
            Service::S3 => inner.s3.describe(&request),
        };
        let kind = locked(&inner.faults).strike(&request, &description);
        let (reply, broken) = match Effect::of(kind, &request) {
            Effect::Stopped(broken) => {
                self.remember(request, description, Units::default(), CallOutcome::Unreached);
                return Err(broken);
            }
            Effect::Refused(refusal) => (refusal.reply(request.service), None),
            Effect::Handled(manner, broken) => {
                let reply = match request.service {
                    Service::DynamoDb => inner.dynamodb.handle(&request, manner),
                    Service::EventBridge => inner.eventbridge.handle(&request, manner),
                    Service::Kms => inner.kms.handle(&request),
                    Service::Lambda => inner.lambda.handle(&request),
                    Service::Sqs => inner.sqs.handle(&request),
                    Service::S3 => inner.s3.handle(&request),
                };
                (reply, broken)
            }
        };
        let outcome = match broken {
            None => reply.outcome(),
            Some(_) => CallOutcome::Lost { refused: reply.refused.clone() },
        };
        self.remember(request, description, reply.units, outcome);
        match broken {
            None => Ok(reply.http),
            Some(broken) => Err(broken),
        }
    }

    fn remember(&self, request: Request, description: Description, units: Units, outcome: CallOutcome) {
        let Description { accesses, consistent, conditional } = description;
        let accesses = if request.signed { accesses } else { Vec::new() };
        let Request { principal, id: request_id, service, operation, .. } = request;
        let call =
            Call { principal, request_id, service, operation, accesses, consistent, conditional, units, outcome };
        self.record().push(call);
    }

    fn record(&self) -> MutexGuard<'_, Vec<Call>> {
        locked(&self.inner.calls)
    }

    /// A UUID, as AWS assigns one to each request; here it counts.
    fn next_request_id(&self) -> String {
        let number = self.inner.requests.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-{number:012x}")
    }
}

/// The header of an answer with the id of its request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

impl fmt::Debug for Cloud {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cloud").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(url: &str) -> http::Request<Bytes> {
        http::Request::put(url).body(Bytes::from_static(b"{}")).unwrap()
    }

    #[tokio::test]
    async fn a_presigned_url_needs_no_permission_of_the_caller() {
        let cloud = Cloud::start();
        cloud.create_bucket("answers");
        let request = put("https://answers.s3.eu-central-1.amazonaws.com/stack?X-Amz-Signature=00");
        let response = cloud.answer("Bootstrap".to_owned(), request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(cloud.object("answers", "stack").unwrap().body.as_ref(), b"{}");
        let calls = cloud.calls();
        assert!(calls[0].accesses.is_empty());
        assert_eq!(calls[0].operation, "PutObject");
    }

    #[tokio::test]
    async fn an_unknown_service_is_refused_and_not_recorded() {
        let cloud = Cloud::start();
        let mut request = put("https://lambda.eu-central-1.amazonaws.com/");
        request.headers_mut().insert("x-amz-target", "Lambda.Invoke".parse().unwrap());
        let response = cloud.answer("Admin".to_owned(), request).await.unwrap();
        assert_eq!(response.status(), 400);
        assert!(cloud.calls().is_empty());
    }
}
