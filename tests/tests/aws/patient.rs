//! A client that does what RFC 8555 and RFC 9110 require when a server has trouble: it uses a new
//! nonce after `badNonce`, and sends the same request again after 429 and 503.

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

/// A client that retries, and checks that the server asks for it correctly.
pub(crate) struct Patient {
    client: Client,
    has_nonce: Mutex<bool>,
    /// The answers other than success, in their order; clones of a client share them.
    refusals: Arc<Mutex<Vec<Reply>>>,
}

impl Patient {
    /// Makes a client without an account.
    pub(crate) async fn new(ca: &Directory<'_>) -> Self {
        let client = ca.stranger().await;
        Self { client, has_nonce: Mutex::new(false), refusals: Arc::default() }
    }

    /// The client that sends the requests.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The client with another key and without an account.
    pub(crate) fn with_key(&self, key: Arc<Key>) -> Self {
        Self { client: self.client.with_key(key), ..self.fresh() }
    }

    /// The client with that account.
    pub(crate) fn with_account(&self, url: &str) -> Self {
        Self { client: self.client.with_kid(url), ..self.fresh() }
    }

    fn fresh(&self) -> Self {
        Self { client: self.client.clone(), has_nonce: Mutex::new(false), refusals: self.refusals.clone() }
    }

    /// Whether a request had to be repeated.
    pub(crate) fn was_troubled(&self) -> bool {
        self.refusals.lock().unwrap().iter().any(|reply| reply.status >= 429)
    }

    /// The answers so far that were not a success.
    pub(crate) fn refusals(&self) -> Vec<Reply> {
        self.refusals.lock().unwrap().clone()
    }

    /// Sends a POST-as-GET request.
    pub(crate) async fn read(&self, url: &str) -> Reply {
        self.succeed(url, "").await
    }

    /// Sends a signed POST.
    pub(crate) async fn post(&self, url: &str, payload: &Value) -> Reply {
        self.succeed(url, &payload.to_string()).await
    }

    /// Sends a signed POST until the answer does not ask to try again.
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

    /// Sends an unsigned request.
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

    /// Polls until the object has this status.
    pub(crate) async fn wait(&self, url: &str, status: &str) -> Value {
        self.wait_until(url, |object| object["status"] == status).await
    }

    /// Polls until the object is as wanted.
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
            // With GET, because the refusal of a HEAD request has no body to check.
            let reply = self.get("GET", self.client.url("newNonce")).await;
            assert_eq!(reply.status, 204, "{}", reply.text());
        }
    }

    /// Whether the answer asks to try again; if so, waits a moment.
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

/// Longer than the lease of a validation, after which a lost one is queued again.
const LONGEST: Duration = Duration::from_secs(100);
/// How long it waits instead of the seconds in `Retry-After`.
const PAUSE: Duration = Duration::from_millis(20);
