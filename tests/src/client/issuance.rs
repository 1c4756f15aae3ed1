//! The way from an order to a certificate.

use std::{sync::Arc, time::Duration};

use jose::base64url;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use x509_cert::{
    Certificate,
    der::{Decode, Encode, oid::AssociatedOid},
    ext::pkix::AuthorityKeyIdentifier,
};

use super::{Client, Key, Reply, csr};

/// A certificate with its story.
pub struct Issued {
    /// The URL of the order.
    pub order: String,
    /// The URL of the certificate.
    pub certificate: String,
    /// The chain, PEM.
    pub chain: String,
    /// The certificate's key.
    pub key: Arc<Key>,
}

impl Issued {
    /// The certificate itself.
    pub fn leaf(&self) -> Certificate {
        Certificate::load_pem_chain(self.chain.as_bytes()).unwrap().remove(0)
    }

    /// The certificate itself, DER in base64url, as a revocation request carries it.
    pub fn encoded(&self) -> String {
        base64url::encode(&self.leaf().to_der().unwrap())
    }
}

impl Client {
    /// A new-order request for these names.
    pub async fn new_order(&self, names: &[&str]) -> Reply {
        self.post(self.url("newOrder"), &json!({"identifiers": identifiers(names)})).await
    }

    /// The URL of a new order for these names.
    pub async fn order(&self, names: &[&str]) -> String {
        self.new_order(names).await.expect(201).location()
    }

    /// The URL of a new order for these names, all of them shown.
    pub async fn ready_order(&self, names: &[&str]) -> String {
        let order = self.order(names).await;
        self.authorize(&order).await;
        order
    }

    /// Shows every name of the order that is not shown yet, each in the first way that is offered.
    pub async fn authorize(&self, order: &str) {
        let order = self.read(order).await.expect(200).json();
        for url in strings(&order["authorizations"]) {
            let authorization = self.read(&url).await.expect(200).json();
            if authorization["status"] == "pending" {
                let way = authorization["challenges"][0]["type"].as_str().unwrap();
                self.solve(&url, way).await;
            }
        }
    }

    /// Shows control in this way and waits until the authorization is valid.
    pub async fn solve(&self, authorization: &str, way: &str) -> Value {
        let object = self.read(authorization).await.expect(200).json();
        let challenge = challenge(&object, way);
        self.provision(&object, &challenge);
        self.post(challenge["url"].as_str().unwrap(), &json!({})).await.expect(200);
        self.wait(authorization, "valid").await
    }

    /// Makes the challenge server answer this challenge well.
    pub fn provision(&self, authorization: &Value, challenge: &Value) {
        let token = challenge["token"].as_str().unwrap();
        let name = authorization["identifier"]["value"].as_str().unwrap();
        let proof = self.key_authorization(token);
        match challenge["type"].as_str() {
            Some("http-01") => self.challenges().set_http(token, proof.as_str()),
            Some("dns-01") => self.challenges().set_dns(name, &proof),
            Some("tls-alpn-01") => self.challenges().set_alpn(name, &proof),
            other => panic!("no challenge of type {other:?}"),
        }
    }

    /// Reads until the status is this one; while there is something to wait for, the answer must say
    /// when to come back.
    pub async fn wait(&self, url: &str, status: &str) -> Value {
        self.wait_until(url, |object| object["status"] == status).await
    }

    /// Reads until the object is as wanted.
    pub async fn wait_until(&self, url: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let reply = self.read(url).await.expect(200);
            let object = reply.json();
            if wanted(&object) {
                return object;
            }
            assert!(began.elapsed() < LONGEST, "still {object}");
            if ["pending", "processing"].contains(&object["status"].as_str().unwrap()) {
                assert!(reply.header("retry-after").is_some(), "nothing says when to come back: {object}");
            }
            sleep(PAUSE).await;
        }
    }

    /// A finalize request with this certificate request.
    pub async fn finalize(&self, order: &str, csr: &[u8]) -> Reply {
        let url = format!("{order}/finalize");
        self.post(&url, &json!({"csr": base64url::encode(csr)})).await
    }

    /// A certificate for these names.
    pub async fn obtain(&self, names: &[&str]) -> Issued {
        self.obtain_for(names, Key::p256()).await
    }

    /// A certificate for these names with this key.
    pub async fn obtain_for(&self, names: &[&str], key: impl Into<Arc<Key>>) -> Issued {
        let order = self.ready_order(names).await;
        self.finish(order, names, key).await
    }

    /// The certificate of an order that is ready.
    pub async fn finish(&self, order: String, names: &[&str], key: impl Into<Arc<Key>>) -> Issued {
        let key = key.into();
        let object = self.finalize(&order, &csr(names, &key)).await.expect(200).json();
        assert_eq!(object["status"], "valid", "{object}");
        let certificate = object["certificate"].as_str().unwrap().to_owned();
        let chain = self.read(&certificate).await.expect(200).text();
        Issued { order, certificate, chain, key }
    }

    /// A revocation request for this certificate, signed by the account.
    pub async fn revoke(&self, issued: &Issued, reason: u64) -> Reply {
        let payload = json!({"certificate": issued.encoded(), "reason": reason});
        self.post(self.url("revokeCert"), &payload).await
    }
}

/// The id of the first certificate of a chain (RFC 9773 §4.1).
pub fn certificate_id(chain: &str) -> String {
    let leaf = Certificate::load_pem_chain(chain.as_bytes()).unwrap().remove(0);
    let tbs = leaf.tbs_certificate();
    let extensions = tbs.extensions().unwrap();
    let issuer = extensions.iter().find(|extension| extension.extn_id == AuthorityKeyIdentifier::OID).unwrap();
    let issuer = AuthorityKeyIdentifier::from_der(issuer.extn_value.as_bytes()).unwrap().key_identifier.unwrap();
    format!("{}.{}", base64url::encode(issuer.as_bytes()), base64url::encode(tbs.serial_number().as_bytes()))
}

/// The identifier objects of these names.
pub fn identifiers(names: &[&str]) -> Value {
    let object = |name: &&str| match name.parse::<std::net::IpAddr>() {
        Ok(_) => json!({"type": "ip", "value": name}),
        Err(_) => json!({"type": "dns", "value": name}),
    };
    names.iter().map(object).collect()
}

/// The challenge of this type.
#[track_caller]
pub fn challenge(authorization: &Value, way: &str) -> Value {
    let found = authorization["challenges"].as_array().unwrap().iter().find(|challenge| challenge["type"] == way);
    found.unwrap_or_else(|| panic!("no {way} in {authorization}")).clone()
}

/// The strings of an array.
#[track_caller]
pub fn strings(array: &Value) -> Vec<String> {
    array.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

const LONGEST: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(5);
