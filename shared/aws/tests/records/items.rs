//! A table whose items are read and written as JSON, without the engine.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
};

use aws::dynamodb::DynamoDbStore;
use aws_sdk_dynamodb::{Client, primitives::Blob, types::AttributeValue};
use base64::{Engine, engine::general_purpose::STANDARD};
use cloud::Cloud;
use serde_json::{Map, Value};
use store::{Retention, contract::everything::Keys};

/// The attributes of an item, as the API of DynamoDB writes them.
pub(crate) type Attributes = Map<String, Value>;

/// A table, and a store in it.
pub(crate) struct Table {
    pub(crate) store: DynamoDbStore,
    cloud: Cloud,
}

impl Table {
    pub(crate) fn empty() -> Self {
        let cloud = Cloud::start();
        cloud.create_table(NAME);
        let client = Client::new(&cloud.sdk_config("records"));
        Self { store: DynamoDbStore::new(client, NAME, Retention::default()), cloud }
    }

    pub(crate) async fn with(items: &[Attributes]) -> Self {
        let table = Self::empty();
        for item in items {
            table.put(item).await;
        }
        table
    }

    pub(crate) async fn put(&self, item: &Attributes) {
        let attributes: HashMap<String, AttributeValue> =
            item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
        let client = Client::new(&self.cloud.sdk_config("another version"));
        client.put_item().table_name(NAME).set_item(Some(attributes)).send().await.unwrap();
    }

    /// All items, sorted by their keys.
    pub(crate) fn items(&self) -> Vec<Attributes> {
        let mut items = self.cloud.items(NAME);
        items.sort_by_key(|item| (text(item, "pk").to_owned(), text(item, "sk").to_owned()));
        items
    }

    /// The keys of the records that are read one by one.
    pub(crate) fn keys(&self) -> Keys {
        let mut keys = Keys::default();
        for item in self.items() {
            let (noun, rest) = text(&item, "pk").split_once('#').unwrap_or_default();
            match kind(&item) {
                "account" => keys.note("account", rest),
                "certificate" => keys.note("certificate", rest),
                "counter" => keys.note("limit", rest),
                "proof" => keys.note("proof", &format!("{rest}#{}", text(&item, "sk"))),
                "CRL" => keys.note("CRL", rest),
                _ => keys.note(&noun.to_ascii_lowercase(), rest),
            }
        }
        keys
    }

    /// The kinds of the items.
    pub(crate) fn kinds(&self) -> BTreeSet<&'static str> {
        self.items().iter().map(kind).collect()
    }
}

/// The kind of an item: for a record its name in the engine. An item of a new kind has to be named
/// here.
pub(crate) fn kind(item: &Attributes) -> &'static str {
    let (pk, sk) = (text(item, "pk"), text(item, "sk"));
    let parts: Vec<&str> = pk.split('#').collect();
    match (parts.as_slice(), sk) {
        (["ACCOUNT", "CONTACT", ..], _) => "entry of a contact",
        (["ACCOUNT", "FORMER", ..], _) => "entry of a former key",
        (["ACCOUNT", "UNBOUND", ..], _) => "entry of an account without a binding",
        (["ACCOUNT", _], "-") => "account",
        (["AUDIT", "DAY"], _) => "day with audit records",
        (["AUDIT", _], _) => "audit record",
        (["AUTHORIZATION", _, _], "-") => "authorization",
        (["BLOCKED", _], _) => "blocked key",
        (["CERTIFICATE", "END", ..], _) if item.contains_key("record") => "receipt",
        (["CERTIFICATE", "NAME", ..], _) if item.contains_key("record") => "ground of a receipt",
        (["CERTIFICATE", "END" | "KEY" | "NAME", ..], _) => "entry of a certificate",
        (["CERTIFICATE", _], "-") => "certificate",
        (["CRL", _, _], "CRL") => "CRL",
        (["CRL", _, _], _) => "revoked certificate",
        (["EAB", "key"], _) => "external account key",
        (["GRANT"], _) => "enrolment grant",
        (["SEAL"], _) => "seal",
        (["INCIDENT"], _) => "incident",
        (["ISSUER"], _) => "issuer",
        (["KEY", _], _) => "account by key",
        (["LIMIT", ..], "-") => "counter",
        (["NONCE", _], "-") => "redeemed nonce",
        (["ORDER", _, _], "-") => "order",
        (["ORDERS", _], _) => "place in a list of orders",
        (["PROFILE", "acme"], _) => "ACME Profile",
        (["PROFILE", "applied"], _) => "applied configuration",
        (["PROFILE", "ra"], _) => "RA Profile",
        (["PROOF", _], _) => "proof",
        (["SECRET", "eab"], "-") => "external account secret",
        (["SECRET", "nonce"], "-") => "nonce secrets",
        (["WATCH", "expiry"], "-") => "expiry watch",
        _ => panic!("an item of an unknown kind: {pk} {sk}"),
    }
}

/// The items in a file: one in each line.
pub(crate) fn read(path: &Path) -> Vec<Attributes> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The text of an attribute.
pub(crate) fn text<'a>(item: &'a Attributes, name: &str) -> &'a str {
    item[name]["S"].as_str().unwrap()
}

fn attribute(value: &Value) -> AttributeValue {
    match (&value["S"], &value["B"], &value["N"]) {
        (Value::String(text), ..) => AttributeValue::S(text.clone()),
        (_, Value::String(base64), _) => AttributeValue::B(Blob::new(STANDARD.decode(base64).unwrap())),
        (.., Value::String(digits)) => AttributeValue::N(digits.clone()),
        _ => panic!("no such attribute is written: {value}"),
    }
}

const NAME: &str = "acme";
