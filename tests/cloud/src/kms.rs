//! KMS: real keys, signatures of digests, and errors with their real names.

mod key;

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::account::{ACCOUNT, REGION};
use crate::call::Access;
use crate::description::Description;
use crate::lock::locked;
use crate::request::{Request, Service};
use crate::response::{Refusal, Reply};

pub use key::KeySpec;
use key::{Algorithm, Key};

#[derive(Default)]
pub(crate) struct Kms {
    /// The keys by key id.
    keys: Mutex<BTreeMap<String, Key>>,
}

impl Kms {
    pub(crate) fn create_key(&self, spec: KeySpec) -> String {
        let key = Key::generate(spec, String::new()); // outside of the lock: RSA keys take long
        let (id, arn) = (key.id.clone(), arn(REGION, &key.id));
        locked(&self.keys).insert(id, key);
        arn
    }

    pub(crate) fn create_multi_region_key(&self, spec: KeySpec) -> String {
        let key = Key::generate(spec, String::new()).multi_region();
        let (id, arn) = (key.id.clone(), arn(REGION, &key.id));
        locked(&self.keys).insert(id, key);
        arn
    }

    pub(crate) fn replicate_key(&self, multi_region_arn: &str, region: &str) -> String {
        let mut keys = locked(&self.keys);
        let key = keys.get_mut(key_id(multi_region_arn)).filter(|key| key.is_multi_region());
        let key = key.expect("a multi-Region key of this cloud");
        key.regions.insert(region.to_owned());
        arn(region, &key.id)
    }

    pub(crate) fn lose_region(&self, region: &str) {
        locked(&self.keys).values_mut().for_each(|key| {
            key.regions.remove(region);
        });
    }

    pub(crate) fn enable_key(&self, arn: &str, enabled: bool) {
        locked(&self.keys).get_mut(key_id(arn)).expect("a key of this cloud").enabled = enabled;
    }

    pub(crate) fn tag_key(&self, arn: &str, name: &str, value: &str) {
        let mut keys = locked(&self.keys);
        let key = keys.get_mut(key_id(arn)).expect("a key of this cloud");
        key.tags.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn describe(&self, request: &Request) -> Description {
        let resource = match request.text("KeyId") {
            "" => "*".to_owned(),
            id => arn(request.region(), key_id(id)),
        };
        let mut access = Access::new(format!("kms:{}", request.operation), resource);
        if request.operation == "Sign" {
            access = access
                .with("kms:SigningAlgorithm", [request.text("SigningAlgorithm").to_owned()])
                .with("kms:MessageType", [message_type(request).to_owned()]);
        }
        if let Some(key) = locked(&self.keys).get(key_id(request.text("KeyId"))) {
            for (name, value) in &key.tags {
                access = access.with(format!("aws:ResourceTag/{name}"), [value.clone()]);
            }
        }
        Description::of(access)
    }

    pub(crate) fn handle(&self, request: &Request) -> Reply {
        let handled = match request.operation.as_str() {
            "CreateKey" => self.create(request),
            "DescribeKey" => self.with_key(request, |key| Ok(json!({ "KeyMetadata": metadata(key) }))),
            "GetPublicKey" => self.with_key(request, public_key),
            "Sign" => self.with_key(request, |key| sign(key, request)),
            "DisableKey" => self.switch(request, false),
            "EnableKey" => self.switch(request, true),
            _ => Err(Refusal::new(400, "UnknownOperationException", "not in this cloud")),
        };
        match handled {
            Ok(body) => Reply::json(&body),
            Err(refusal) => refusal.reply(Service::Kms),
        }
    }

    fn create(&self, request: &Request) -> Result<Value, Refusal> {
        let spec = KeySpec::from_name(request.text("KeySpec"))
            .filter(|_| request.text("KeyUsage") == "SIGN_VERIFY")
            .ok_or_else(|| {
                Refusal::new(400, "UnsupportedOperationException", "only keys that sign are in this cloud")
            })?;
        let key = Key::generate(spec, request.text("Description").to_owned());
        let body = json!({ "KeyMetadata": metadata(&key) });
        locked(&self.keys).insert(key.id.clone(), key);
        Ok(body)
    }

    fn with_key(&self, request: &Request, act: impl FnOnce(&Key) -> Result<Value, Refusal>) -> Result<Value, Refusal> {
        let key = locked(&self.keys).get(key_id(request.text("KeyId"))).filter(|key| is_here(key, request)).cloned();
        act(&key.ok_or_else(|| not_found(request))?)
    }

    fn switch(&self, request: &Request, enabled: bool) -> Result<Value, Refusal> {
        let mut keys = locked(&self.keys);
        keys.get_mut(key_id(request.text("KeyId"))).ok_or_else(|| not_found(request))?.enabled = enabled;
        Ok(json!({}))
    }
}

/// Whether the key, or a replica of it, is in the region that was called, and is not called by the
/// ARN of another one.
fn is_here(key: &Key, request: &Request) -> bool {
    let id = request.text("KeyId");
    key.regions.contains(request.region()) && (!id.starts_with("arn:") || id == arn(request.region(), &key.id))
}

fn public_key(key: &Key) -> Result<Value, Refusal> {
    usable(key)?;
    Ok(json!({
        "KeyId": arn(REGION, &key.id),
        "PublicKey": STANDARD.encode(key.public_key()),
        "KeySpec": key.spec.name(),
        "CustomerMasterKeySpec": key.spec.name(),
        "KeyUsage": "SIGN_VERIFY",
        "SigningAlgorithms": key.spec.algorithms(),
    }))
}

fn sign(key: &Key, request: &Request) -> Result<Value, Refusal> {
    usable(key)?;
    let name = request.text("SigningAlgorithm");
    let algorithm = Algorithm::from_name(name)
        .ok_or_else(|| Refusal::new(400, "ValidationException", format!("no signing algorithm {name}")))?;
    if !key.spec.algorithms().contains(&name) {
        let message = format!("{name} is not valid for the key spec {}", key.spec.name());
        return Err(Refusal::new(400, "InvalidKeyUsageException", message));
    }
    let message = request.blob("Message").filter(|message| (1..=4096).contains(&message.len()));
    let message = message.ok_or_else(|| Refusal::new(400, "ValidationException", "Message has 1 to 4096 bytes"))?;
    let signature = match message_type(request) {
        "RAW" => key.sign(algorithm, algorithm.digest(&message)),
        "DIGEST" => {
            let digest = algorithm.import(&message).ok_or_else(|| {
                Refusal::new(400, "ValidationException", format!("Digest is invalid length for algorithm {name}."))
            })?;
            key.sign(algorithm, digest)
        }
        other => return Err(Refusal::new(400, "ValidationException", format!("no message type {other}"))),
    };
    Ok(json!({ "KeyId": arn(REGION, &key.id), "Signature": STANDARD.encode(signature), "SigningAlgorithm": name }))
}

fn usable(key: &Key) -> Result<(), Refusal> {
    if key.enabled {
        return Ok(());
    }
    Err(Refusal::new(400, "DisabledException", format!("{} is disabled.", arn(REGION, &key.id))))
}

fn not_found(request: &Request) -> Refusal {
    let id = request.text("KeyId");
    Refusal::new(400, "NotFoundException", format!("Key '{}' does not exist", arn(REGION, key_id(id))))
}

fn metadata(key: &Key) -> Value {
    json!({
        "AWSAccountId": ACCOUNT,
        "Arn": arn(REGION, &key.id),
        "KeyId": key.id,
        "Description": key.description,
        "Enabled": key.enabled,
        "KeyState": if key.enabled { "Enabled" } else { "Disabled" },
        "KeyManager": "CUSTOMER",
        "KeySpec": key.spec.name(),
        "CustomerMasterKeySpec": key.spec.name(),
        "KeyUsage": "SIGN_VERIFY",
        "MultiRegion": key.is_multi_region(),
        "Origin": "AWS_KMS",
        "SigningAlgorithms": key.spec.algorithms(),
    })
}

/// The `MessageType` of the request; the default is `RAW`.
fn message_type(request: &Request) -> &str {
    match request.text("MessageType") {
        "" => "RAW",
        other => other,
    }
}

/// The id of a key that is given by its id or ARN.
fn key_id(id_or_arn: &str) -> &str {
    id_or_arn.rsplit(":key/").next().unwrap_or_default()
}

fn arn(region: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/{id}")
}
