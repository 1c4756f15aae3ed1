//! A minimal ACME client: it does no work that a certificate does not need, and shares no code with
//! the server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use serde_json::Value;
use tokio::time;

use crate::{
    ca::Endpoint,
    connection::{Connection, Connector, Failure, Reply},
    network::Network,
};

/// A client with an account, a connection, and one key for all of its certificates.
pub(crate) struct Client {
    connector: Connector,
    connection: Connection,
    directory: Arc<Directory>,
    account: Account,
    nonce: Option<String>,
    certificate_key: KeyPair,
    label: String,
    ordered: u64,
    posts: u32,
}

/// A certificate that was obtained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// The time from the order to the last octet of the chain.
    pub(crate) elapsed: Duration,
    /// The number of signed requests.
    pub(crate) posts: u32,
}

struct Directory {
    new_nonce: String,
    new_account: String,
    new_order: String,
}

struct Account {
    key: EcdsaKeyPair,
    /// `"jwk": …` before the account exists, `"kid": …` after that.
    signer: String,
}

impl Client {
    /// Creates an account; from now on the network validates the client's names.
    pub(crate) async fn register(endpoint: &Endpoint, network: &Network) -> Result<Self, Failure> {
        let connector = Connector::trusting(endpoint.root.clone())?;
        let mut connection = connector.open(&endpoint.directory).await?;
        let directory = connection.request(Method::GET, &endpoint.directory, String::new()).await?;
        let directory = directory.expect(StatusCode::OK)?.json()?;
        let directory = Directory {
            new_nonce: member(&directory, "newNonce")?,
            new_account: member(&directory, "newAccount")?,
            new_order: member(&directory, "newOrder")?,
        };
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let jwk = jwk(&key);
        let label = network.admit(&encode(digest(&SHA256, jwk.as_bytes())));
        let mut client = Self {
            connector,
            connection,
            directory: Arc::new(directory),
            account: Account { key, signer: format!(r#""jwk":{jwk}"#) },
            nonce: None,
            certificate_key: KeyPair::generate()?,
            label,
            ordered: 0,
            posts: 0,
        };
        let directory = client.directory.clone();
        let reply = client.post(&directory.new_account, r#"{"termsOfServiceAgreed":true}"#).await?;
        let kid = reply.expect(StatusCode::CREATED)?.header("location")?.to_owned();
        client.account.signer = format!(r#""kid":"{kid}""#);
        Ok(client)
    }

    /// Replaces the connection by a new one, as with the next run of a command-line client.
    pub(crate) async fn reconnect(&mut self) -> Result<(), Failure> {
        self.connection = self.connector.open(&self.directory.new_order).await?;
        Ok(())
    }

    /// Obtains a certificate for a name that was never used before.
    pub(crate) async fn certificate(&mut self) -> Result<Sample, Failure> {
        self.ordered += 1;
        let name = format!("n{}.{}.bench.test", self.ordered, self.label);
        let csr = self.request_for(&name)?;
        let directory = self.directory.clone();
        self.posts = 0;

        let began = Instant::now();
        let order = format!(r#"{{"identifiers":[{{"type":"dns","value":"{name}"}}]}}"#);
        let reply = self.post(&directory.new_order, &order).await?.expect(StatusCode::CREATED)?;
        let (order_url, order) = (reply.header("location")?.to_owned(), reply.json()?);
        let authorization_url = order["authorizations"][0].as_str().ok_or_else(|| Failure::new("no authorization"))?;

        let authorization = self.read(authorization_url).await?;
        let challenges = authorization["challenges"].as_array().into_iter().flatten();
        let challenge = challenges.clone().find(|challenge| challenge["type"] == "http-01");
        let challenge = challenge.ok_or_else(|| Failure::new("no http-01 challenge"))?;
        let challenge = self.post(&member(challenge, "url")?, "{}").await?.expect(StatusCode::OK)?.json()?;
        self.wait(authorization_url, pause_after(&challenge)).await?;

        let finalize = format!(r#"{{"csr":"{}"}}"#, encode(csr));
        let order = self.post(&member(&order, "finalize")?, &finalize).await?.expect(StatusCode::OK)?.json()?;
        // Most clients read an object again, even when the answer has its status.
        let order = self.wait(&order_url, pause_after(&order)).await?;
        let chain = self.post(&member(&order, "certificate")?, "").await?.expect(StatusCode::OK)?;
        if chain.body.starts_with(b"-----BEGIN CERTIFICATE-----") {
            Ok(Sample { elapsed: began.elapsed(), posts: self.posts })
        } else {
            Err(Failure::new("the chain is not PEM"))
        }
    }

    /// Polls until the object is valid, the first time after a pause. It polls more often than
    /// `Retry-After` says, because the time that the server takes is measured.
    async fn wait(&mut self, url: &str, mut pause: Duration) -> Result<Value, Failure> {
        loop {
            if !pause.is_zero() {
                time::sleep(pause).await;
            }
            let object = self.read(url).await?;
            match object["status"].as_str() {
                Some("valid") => return Ok(object),
                Some("pending" | "processing" | "ready") => {}
                _ => return Err(Failure::new(object.to_string())),
            }
            pause = (pause * 2).clamp(FIRST_PAUSE, LAST_PAUSE);
        }
    }

    /// Sends a POST-as-GET request.
    async fn read(&mut self, url: &str) -> Result<Value, Failure> {
        self.post(url, "").await?.expect(StatusCode::OK)?.json()
    }

    /// Sends a signed request (RFC 8555 §6.2).
    async fn post(&mut self, url: &str, payload: &str) -> Result<Reply, Failure> {
        let nonce = match self.nonce.take() {
            Some(nonce) => nonce,
            None => self.fresh_nonce().await?,
        };
        let header = format!(r#"{{"alg":"ES256",{},"nonce":"{nonce}","url":"{url}"}}"#, self.account.signer);
        let message = format!("{}.{}", encode(header), encode(payload));
        let signature = encode(self.account.key.sign(&SystemRandom::new(), message.as_bytes())?);
        let (header, payload) = message.split_once('.').unwrap_or_default();
        let body = format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#);
        self.posts += 1;
        let reply = self.connection.request(Method::POST, url, body).await?;
        self.nonce = reply.header("replay-nonce").map(str::to_owned).ok();
        Ok(reply)
    }

    async fn fresh_nonce(&mut self) -> Result<String, Failure> {
        let url = &self.directory.new_nonce;
        Ok(self.connection.request(Method::HEAD, url, String::new()).await?.header("replay-nonce")?.to_owned())
    }

    fn request_for(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        Ok(params.serialize_request(&self.certificate_key)?.der().to_vec())
    }
}

/// The pause before an object is read again: none when it is known to be valid.
fn pause_after(object: &Value) -> Duration {
    if object["status"] == "valid" { Duration::ZERO } else { FIRST_PAUSE }
}

/// The public JWK with its members in the order that thumbprints need (RFC 7638).
fn jwk(key: &EcdsaKeyPair) -> String {
    let (x, y) = key.public_key().as_ref().split_at(1).1.split_at(32);
    format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encode(x), encode(y))
}

fn member(object: &Value, name: &str) -> Result<String, Failure> {
    let value = object[name].as_str().map(str::to_owned);
    value.ok_or_else(|| Failure::new(format!("no {name} in {object}")))
}

fn encode(octets: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}

const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LAST_PAUSE: Duration = Duration::from_millis(32);
