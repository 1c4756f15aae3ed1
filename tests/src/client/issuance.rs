//! The steps from an order to a certificate.

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
use crate::challenge_server::ChallengeServer;

/// A certificate that was issued, and how.
pub struct Issued {
    /// The URL of the order.
    pub order: String,
    /// The URL of the certificate.
    pub certificate: String,
    /// The chain in PEM.
    pub chain: String,
    /// The certificate's key.
    pub key: Arc<Key>,
}

impl Issued {
    /// The certificate without its chain.
    pub fn leaf(&self) -> Certificate {
        Certificate::load_pem_chain(self.chain.as_bytes()).unwrap().remove(0)
    }

    /// The certificate in DER and base64url, as in a revocation request.
    pub fn encoded(&self) -> String {
        base64url::encode(&self.leaf().to_der().unwrap())
    }
}

impl Client {
    /// Sends a new-order request for these names.
    pub async fn new_order(&self, names: &[&str]) -> Reply {
        self.post(self.url("newOrder"), &json!({"identifiers": identifiers(names)})).await
    }

    /// Creates an order for these names and returns its URL.
    pub async fn order(&self, names: &[&str]) -> String {
        self.new_order(names).await.expect(201).location()
    }

    /// Creates an order for these names, validates all of them and returns its URL.
    pub async fn ready_order(&self, names: &[&str]) -> String {
        let order = self.order(names).await;
        self.authorize(&order).await;
        order
    }

    /// Validates every identifier of the order that is not valid yet, each with the first challenge
    /// offered.
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

    /// Orders a certificate, and shows control by dns-01 to these networks alone. Returns the
    /// order, and its authorization when that has ended, or its challenges say this.
    pub async fn show_to(&self, networks: &[&ChallengeServer], name: &str, told: &str) -> (String, Value) {
        let order = self.order(&[name]).await;
        let url = strings(&self.read(&order).await.json()["authorizations"]).remove(0);
        let dns_01 = challenge(&self.read(&url).await.json(), "dns-01");
        let key_authorization = self.key_authorization(dns_01["token"].as_str().unwrap());
        for network in networks {
            network.set_dns(name, &key_authorization);
        }
        self.post(dns_01["url"].as_str().unwrap(), &json!({})).await.expect(200);
        let has_ended = |object: &Value| object["status"] != "pending" || object.to_string().contains(told);
        (order, self.wait_until(&url, has_ended).await)
    }

    /// Completes the challenge of type `way` and waits until the authorization is valid.
    pub async fn solve(&self, authorization: &str, way: &str) -> Value {
        let object = self.read(authorization).await.expect(200).json();
        let challenge = challenge(&object, way);
        self.provision(&object, &challenge);
        self.post(challenge["url"].as_str().unwrap(), &json!({})).await.expect(200);
        self.wait(authorization, "valid").await
    }

    /// Provisions the correct response to this challenge on the challenge server.
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

    /// Polls until the object has this status; as long as it is pending or processing, the answer
    /// must have `Retry-After`.
    pub async fn wait(&self, url: &str, status: &str) -> Value {
        self.wait_until(url, |object| object["status"] == status).await
    }

    /// Polls until the object is as wanted.
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
                assert!(reply.header("retry-after").is_some(), "there is no Retry-After: {object}");
            }
            sleep(PAUSE).await;
        }
    }

    /// Sends a finalize request with this certificate request.
    pub async fn finalize(&self, order: &str, csr: &[u8]) -> Reply {
        let url = format!("{order}/finalize");
        self.post(&url, &json!({"csr": base64url::encode(csr)})).await
    }

    /// Obtains a certificate for these names.
    pub async fn obtain(&self, names: &[&str]) -> Issued {
        self.obtain_for(names, Key::p256()).await
    }

    /// Obtains a certificate for these names with this key.
    pub async fn obtain_for(&self, names: &[&str], key: impl Into<Arc<Key>>) -> Issued {
        let order = self.ready_order(names).await;
        self.finish(order, names, key).await
    }

    /// Obtains the certificate of an order that is ready.
    pub async fn finish(&self, order: String, names: &[&str], key: impl Into<Arc<Key>>) -> Issued {
        let key = key.into();
        let object = self.finalize(&order, &csr(names, &key)).await.expect(200).json();
        assert_eq!(object["status"], "valid", "{object}");
        let certificate = object["certificate"].as_str().unwrap().to_owned();
        let chain = self.read(&certificate).await.expect(200).text();
        Issued { order, certificate, chain, key }
    }

    /// Sends a revocation request for this certificate, signed by the account.
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
