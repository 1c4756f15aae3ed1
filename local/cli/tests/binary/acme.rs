//! ACME clients: a client library for complete issuances, and manually signed requests for tests
//! that inspect the answers.

use std::time::Duration;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use instant_acme::{
    Account, AccountBuilder, ChallengeType, Identifier, Key, NewOrder, Order, OrderStatus, RetryPolicy,
};
use jose::base64url;
use rustls_pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};

use crate::{
    http::{self, Reply},
    process::Server,
    site::Site,
};

/// A client of the library with a new account.
pub(crate) struct Client {
    pub(crate) account: Account,
    pub(crate) pkcs8: Vec<u8>,
}

impl Client {
    pub(crate) async fn register(server: &Server) -> Self {
        let (key, pkcs8) = Key::generate_pkcs8().unwrap();
        let kept = pkcs8.secret_pkcs8_der().to_vec();
        let made = builder(server).create_from_key((key, pkcs8.into()), server.directory().to_owned());
        Self { account: made.await.unwrap().0, pkcs8: kept }
    }

    /// A client with an existing account: the account of this key must exist.
    pub(crate) async fn returning(server: &Server, pkcs8: Vec<u8>) -> Self {
        let der = PrivatePkcs8KeyDer::from(pkcs8.clone());
        let key = (Key::from_pkcs8_der(der.clone_key()).unwrap(), der.into());
        let found = builder(server).from_key(key, server.directory().to_owned());
        Self { account: found.await.unwrap().0, pkcs8 }
    }

    /// Creates an order for this name.
    pub(crate) async fn order(&self, name: &str) -> Order {
        let identifier = name.parse().map_or_else(|_| Identifier::Dns(name.to_owned()), Identifier::Ip);
        self.account.new_order(&NewOrder::new(&[identifier])).await.unwrap()
    }

    /// Obtains a certificate for this name: the order and the chain as PEM.
    pub(crate) async fn obtain(&self, name: &str, site: Option<&Site>) -> (Order, String) {
        let mut order = self.order(name).await;
        begin(&mut order, site).await;
        assert_eq!(order.poll_ready(&RETRIES).await.unwrap(), OrderStatus::Ready);
        order.finalize().await.unwrap();
        let chain = order.poll_certificate(&RETRIES).await.unwrap();
        (order, chain)
    }

    /// A POST signed for the account, as by [`signed`].
    pub(crate) async fn post(&self, server: &Server, url: &str, nonce: &str, payload: &str) -> Reply {
        signed(server, &self.pkcs8, json!({"kid": self.account.id()}), url, nonce, payload).await
    }
}

/// Responds to the challenges of the order, after publishing their key authorizations on the site.
pub(crate) async fn begin(order: &mut Order, site: Option<&Site>) {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.unwrap();
        let mut challenge = authorization.challenge(ChallengeType::Http01).unwrap();
        if let Some(site) = site {
            site.publish(&challenge.token, challenge.key_authorization().as_str());
        }
        challenge.set_ready().await.unwrap();
    }
}

/// A new-account request with a fresh key and this nonce.
pub(crate) async fn new_account(server: &Server, nonce: &str) -> Reply {
    let (_, pkcs8) = Key::generate_pkcs8().unwrap();
    let pkcs8 = pkcs8.secret_pkcs8_der();
    let url = http::get(server, server.directory()).await.json()["newAccount"].as_str().unwrap().to_owned();
    signed(server, pkcs8, json!({"jwk": jwk(pkcs8)}), &url, nonce, r#"{"termsOfServiceAgreed":true}"#).await
}

/// A nonce from the `newNonce` URL.
pub(crate) async fn nonce(server: &Server) -> String {
    let url = http::get(server, server.directory()).await.json()["newNonce"].as_str().unwrap().to_owned();
    http::request(server, "HEAD", &url, String::new()).await.header("replay-nonce").unwrap().to_owned()
}

/// The body of a signed request: ES256, with the members of `signer` and the common header members.
pub(crate) fn jws(pkcs8: &[u8], signer: Value, url: &str, nonce: &str, payload: &str) -> String {
    let mut protected = signer;
    protected["alg"] = "ES256".into();
    protected["nonce"] = nonce.into();
    protected["url"] = url.into();
    let (protected, payload) =
        (base64url::encode(protected.to_string().as_bytes()), base64url::encode(payload.as_bytes()));
    let signature = pair(pkcs8).sign(&SystemRandom::new(), format!("{protected}.{payload}").as_bytes()).unwrap();
    json!({"protected": protected, "payload": payload, "signature": base64url::encode(signature.as_ref())}).to_string()
}

async fn signed(server: &Server, pkcs8: &[u8], signer: Value, url: &str, nonce: &str, payload: &str) -> Reply {
    http::request(server, "POST", url, jws(pkcs8, signer, url, nonce, payload)).await
}

fn builder(server: &Server) -> AccountBuilder {
    Account::builder_with_root(server.data().join("root.pem")).unwrap()
}

fn jwk(pkcs8: &[u8]) -> Value {
    let pair = pair(pkcs8);
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    json!({"kty": "EC", "crv": "P-256", "x": base64url::encode(x), "y": base64url::encode(y)})
}

fn pair(pkcs8: &[u8]) -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).unwrap()
}

/// Polls long enough for all three attempts of a validation.
pub(crate) const RETRIES: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(20)).timeout(Duration::from_secs(40));
