//! An ACME client for tests: it does what RFC 8555 requires of a client, and lets a test do
//! anything else.
//!
//! [`Client::read`] and [`Client::post`] send valid requests. [`Client::jws`] makes a valid JWS
//! that a test can change before [`Client::send`]; [`Client::request`] sends any bytes. No request
//! is repeated: a CA that refuses a valid request fails the test.

mod csr;
mod http;
mod issuance;
mod jws;
mod key;

use std::sync::{Arc, Mutex};

use acme::KeyAuthorization;
use serde_json::{Value, json};

use crate::challenge_server::ChallengeServer;

pub use self::{
    csr::{csr, csr_of_version, csr_with, csr_with_attributes},
    http::{Http, Reply, tls_config},
    issuance::{Issued, certificate_id, challenge, identifiers, strings},
    jws::Jws,
    key::{Algorithm, Key},
};

/// A client of one directory with one key. Clones share account, nonces and connections.
#[derive(Clone)]
pub struct Client {
    /// The key that signs its requests.
    pub key: Arc<Key>,
    /// The URL of its account, if it has one.
    pub kid: Option<String>,
    /// The directory object.
    pub directory: Arc<Value>,
    base: String,
    http: Arc<Http>,
    challenges: Arc<ChallengeServer>,
    nonces: Arc<Mutex<Vec<String>>>,
}

impl Client {
    /// A client of the directory at `url`, without an account.
    pub async fn new(http: Arc<Http>, challenges: Arc<ChallengeServer>, url: &str, key: impl Into<Arc<Key>>) -> Self {
        let directory = http.get(url).await.expect(200).json();
        Self {
            key: key.into(),
            kid: None,
            directory: Arc::new(directory),
            base: url.strip_suffix("/directory").unwrap().to_owned(),
            http,
            challenges,
            nonces: Arc::default(),
        }
    }

    /// The URL of an operation, by its member of the directory object.
    pub fn url(&self, operation: &str) -> &str {
        self.directory[operation].as_str().unwrap_or_else(|| panic!("the directory has no {operation}"))
    }

    /// A URL below the directory: `path` starts with a slash.
    pub fn below(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The URL of its account.
    pub fn account(&self) -> &str {
        self.kid.as_deref().expect("the client has an account")
    }

    /// The last segment of the account's URL.
    pub fn account_id(&self) -> &str {
        self.account().rsplit('/').next().unwrap()
    }

    /// A client with another key and without an account, otherwise the same.
    pub fn with_key(&self, key: impl Into<Arc<Key>>) -> Self {
        Self { key: key.into(), kid: None, ..self.clone() }
    }

    /// A client whose account has that URL, otherwise the same.
    pub fn with_kid(&self, kid: &str) -> Self {
        Self { kid: Some(kid.to_owned()), ..self.clone() }
    }

    /// Creates an account and uses it.
    pub async fn registered(self) -> Self {
        let reply = self.new_account(&json!({"termsOfServiceAgreed": true})).await.expect(201);
        Self { kid: Some(reply.location()), ..self }
    }

    /// Sends a new-account request with this payload, signed with `jwk`.
    pub async fn new_account(&self, payload: &Value) -> Reply {
        Self { kid: None, ..self.clone() }.post(self.url("newAccount"), payload).await
    }

    /// Sends a POST-as-GET request.
    pub async fn read(&self, url: &str) -> Reply {
        let jws = self.jws(url, "").await;
        self.send(url, &jws).await
    }

    /// Sends a signed POST.
    pub async fn post(&self, url: &str, payload: &Value) -> Reply {
        let jws = self.jws(url, payload.to_string()).await;
        self.send(url, &jws).await
    }

    /// A valid JWS for `url`, signed with `kid` if the client has an account, otherwise with `jwk`.
    pub async fn jws(&self, url: &str, payload: impl Into<Vec<u8>>) -> Jws {
        let nonce = self.nonce().await;
        let jws = Jws::new(&self.key, payload).with("nonce", nonce.into()).with("url", url.into());
        match &self.kid {
            Some(kid) => jws.with("kid", kid.as_str().into()),
            None => jws.with("jwk", self.key.jwk()),
        }
    }

    /// The inner JWS that changes the account's key to `new` (RFC 8555 §7.3.5).
    pub fn rollover(&self, new: &Arc<Key>) -> Jws {
        let payload = json!({"account": self.account(), "oldKey": self.key.jwk()});
        Jws::new(new, payload.to_string()).with("jwk", new.jwk()).with("url", self.url("keyChange").into())
    }

    /// Sends a key-change request with this inner JWS.
    pub async fn change_key(&self, inner: &Jws) -> Reply {
        let url = self.url("keyChange");
        let outer = self.jws(url, inner.body()).await;
        self.send(url, &outer).await
    }

    /// Sends a JWS to `url`.
    pub async fn send(&self, url: &str, jws: &Jws) -> Reply {
        self.request("POST", url, Some(JOSE), jws.body()).await
    }

    /// Sends any request.
    pub async fn request(&self, method: &str, url: &str, media_type: Option<&str>, body: Vec<u8>) -> Reply {
        let reply = self.http.request(method, url, media_type, body).await;
        if let Some(nonce) = reply.header("replay-nonce") {
            self.nonces.lock().unwrap().push(nonce.to_owned());
        }
        reply
    }

    /// A nonce that was not used yet: from an earlier answer, otherwise a new one.
    pub async fn nonce(&self) -> String {
        let kept = self.nonces.lock().unwrap().pop();
        match kept {
            Some(nonce) => nonce,
            None => self.fresh_nonce().await,
        }
    }

    /// A nonce from the new-nonce operation.
    pub async fn fresh_nonce(&self) -> String {
        let reply = self.http.request("HEAD", self.url("newNonce"), None, Vec::new()).await.expect(200);
        reply.header("replay-nonce").expect("a nonce").to_owned()
    }

    /// The HTTP client, for requests that are not ACME.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The challenge server to which all names resolve.
    pub fn challenges(&self) -> &ChallengeServer {
        &self.challenges
    }

    /// The key authorization of this account for the token (RFC 8555 §8.1).
    pub fn key_authorization(&self, token: &str) -> KeyAuthorization {
        let text = format!("{token}.{}", self.key.thumbprint());
        serde_json::from_value(text.into()).unwrap()
    }
}

/// The media type of every ACME request (RFC 8555 §6.2).
pub const JOSE: &str = "application/jose+json";
