//! A client that does what RFC 8555 and RFC 9110 ask of clients when a server has trouble: a fresh
//! nonce after `badNonce`, the same request again after 429 and 503.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;
use tests::{
    Directory,
    client::{Client, Key, Reply},
};
use tokio::time::sleep;

/// A client that tries again, and holds the server to saying properly that it should.
pub(crate) struct Patient {
    client: Client,
    has_nonce: Mutex<bool>,
    /// The answers other than success, in their order; of all clients that come of the first one.
    refusals: Arc<Mutex<Vec<Reply>>>,
}

impl Patient {
    /// A client without an account.
    pub(crate) async fn new(ca: &Directory<'_>) -> Self {
        let client = ca.stranger().await;
        Self { client, has_nonce: Mutex::new(false), refusals: Arc::default() }
    }

    /// The client behind it.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The same with another key and without an account.
    pub(crate) fn with_key(&self, key: Arc<Key>) -> Self {
        Self { client: self.client.with_key(key), ..self.fresh() }
    }

    /// The same with that account.
    pub(crate) fn with_account(&self, url: &str) -> Self {
        Self { client: self.client.with_kid(url), ..self.fresh() }
    }

    fn fresh(&self) -> Self {
        Self { client: self.client.clone(), has_nonce: Mutex::new(false), refusals: self.refusals.clone() }
    }

    /// Whether a request had to be made again.
    pub(crate) fn was_troubled(&self) -> bool {
        self.refusals.lock().unwrap().iter().any(|reply| reply.status >= 429)
    }

    /// What was not a success so far.
    pub(crate) fn refusals(&self) -> Vec<Reply> {
        self.refusals.lock().unwrap().clone()
    }

    /// A POST-as-GET.
    pub(crate) async fn read(&self, url: &str) -> Reply {
        self.succeed(url, "").await
    }

    /// A signed POST.
    pub(crate) async fn post(&self, url: &str, payload: &Value) -> Reply {
        self.succeed(url, &payload.to_string()).await
    }

    /// The answer that is not an invitation to try again.
    pub(crate) async fn settled(&self, url: &str, payload: &str) -> Reply {
        let began = Instant::now();
        loop {
            self.ensure_nonce().await;
            let jws = self.client.jws(url, payload).await;
            let reply = self.client.send(url, &jws).await;
            *self.has_nonce.lock().unwrap() = reply.header("replay-nonce").is_some();
            if !self.is_to_be_tried_again(&reply).await {
                return reply;
            }
            assert!(began.elapsed() < LONGEST, "{url}: still {}", reply.text());
        }
    }

    /// Something that is not signed.
    pub(crate) async fn get(&self, method: &str, url: &str) -> Reply {
        let began = Instant::now();
        loop {
            let reply = self.client.request(method, url, None, Vec::new()).await;
            if reply.header("replay-nonce").is_some() {
                *self.has_nonce.lock().unwrap() = true;
            }
            if !self.is_to_be_tried_again(&reply).await {
                return reply;
            }
            assert!(began.elapsed() < LONGEST, "{url}: still {}", reply.text());
        }
    }

    /// Reads until the status is this one.
    pub(crate) async fn wait(&self, url: &str, status: &str) -> Value {
        self.wait_until(url, |object| object["status"] == status).await
    }

    /// Reads until the object is as wanted.
    pub(crate) async fn wait_until(&self, url: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let object = self.read(url).await.json();
            if wanted(&object) {
                return object;
            }
            assert!(began.elapsed() < LONGEST, "{url}: still {object}");
            sleep(PAUSE).await;
        }
    }

    async fn succeed(&self, url: &str, payload: &str) -> Reply {
        let reply = self.settled(url, payload).await;
        assert!([200, 201].contains(&reply.status), "{url}: {} {}", reply.status, reply.text());
        reply
    }

    async fn ensure_nonce(&self) {
        if !*self.has_nonce.lock().unwrap() {
            // By GET, because a refusal of HEAD has no body to judge.
            let reply = self.get("GET", self.client.url("newNonce")).await;
            assert_eq!(reply.status, 204, "{}", reply.text());
        }
    }

    /// Whether the answer invites to it; after a pause when it does.
    async fn is_to_be_tried_again(&self, reply: &Reply) -> bool {
        if reply.status < 400 {
            return false;
        }
        self.refusals.lock().unwrap().push(reply.clone());
        match reply.status {
            400 if reply.text().contains("urn:ietf:params:acme:error:badNonce") => true,
            429 | 500 | 502 | 503 => {
                sleep(PAUSE).await;
                true
            }
            _ => false,
        }
    }
}

/// Longer than the lease of a validation, after which a lost one is handed over again.
const LONGEST: Duration = Duration::from_secs(100);
/// Instead of the seconds of `Retry-After`.
const PAUSE: Duration = Duration::from_millis(20);
