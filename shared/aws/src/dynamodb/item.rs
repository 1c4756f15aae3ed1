//! Conversion between records and items.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::key::{Key, PK, SK};
use store::{OperationId, Retention, StoreError, Versioned};

/// A record that is stored as an item.
pub(super) trait Record: Clone + Serialize + DeserializeOwned {
    /// The name of the record in errors.
    const NAME: &'static str;

    /// A member that is only stored as the last part of `pk`, not in the JSON.
    const IN_KEY: Option<&'static str> = None;

    /// Until when the record is kept; `None` means for ever.
    fn kept_until(&self, retention: &Retention) -> Option<Timestamp>;

    /// The DER in the record, which is stored outside the JSON because it is smaller there.
    fn der(&mut self) -> Option<&mut Vec<u8>> {
        None
    }

    /// Takes what is stored outside the JSON because it is smaller there, as attributes. Called
    /// before the DER is taken.
    fn take_attributes(&mut self) -> Vec<(&'static str, AttributeValue)> {
        Vec::new()
    }

    /// Puts back what [`Record::take_attributes`] took.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    fn put_back(&mut self, _item: &Item) -> Result<(), StoreError> {
        Ok(())
    }

    /// Rewrites the JSON in a form that takes fewer bytes and that every version reads.
    fn compact(_json: &mut Value) {}
}

/// The attributes of an item.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item(HashMap<String, AttributeValue>);

impl Item {
    /// An item without other attributes than its key.
    pub(super) fn new(key: Key) -> Self {
        Self(key.attributes())
    }

    /// The item of a record without a version.
    pub(super) fn of<T: Record>(key: Key, record: &T, retention: &Retention) -> Result<Self, StoreError> {
        let mut record = record.clone();
        let attributes = record.take_attributes();
        let der = record.der().map(std::mem::take);
        let mut json = slim_json(&record, T::IN_KEY).map_err(|error| corrupt(T::NAME, error))?;
        T::compact(&mut json);
        let mut item = Self::new(key).with(RECORD, AttributeValue::S(json.to_string()));
        for (name, value) in attributes {
            item = item.with(name, value);
        }
        if let Some(der) = der {
            item = item.with_der(der);
        }
        Ok(match record.kept_until(retention) {
            Some(end) => item.with_expiry(end),
            None => item,
        })
    }

    /// The item of a record with its version.
    pub(super) fn of_versioned<T: Record>(
        key: Key,
        record: &Versioned<T>,
        retention: &Retention,
    ) -> Result<Self, StoreError> {
        Ok(Self::of(key, &record.value, retention)?.with_version(record.version))
    }

    /// Sets the operation that wrote the item.
    pub(super) fn with_version(self, version: OperationId) -> Self {
        self.with(VERSION, AttributeValue::B(Blob::new(*version.as_bytes())))
    }

    /// Sets the time after which the item may be deleted.
    pub(super) fn with_expiry(self, end: Timestamp) -> Self {
        self.with(EXPIRES, seconds(end))
    }

    /// Sets an attribute to a time, in seconds.
    pub(super) fn with_time(self, name: &str, at: Timestamp) -> Self {
        self.with(name, seconds(at))
    }

    /// Sets the bytes of `der`.
    pub(super) fn with_der(self, der: Vec<u8>) -> Self {
        self.with(DER, AttributeValue::B(Blob::new(der)))
    }

    /// Sets a numeric attribute.
    pub(super) fn with_number(self, name: &str, number: u64) -> Self {
        self.with(name, AttributeValue::N(number.to_string()))
    }

    fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Whether it has a record, and not its key alone.
    pub(super) fn has_record(&self) -> bool {
        self.text(RECORD).is_some()
    }

    /// Decodes the record.
    pub(super) fn record<T: Record>(&self) -> Result<T, StoreError> {
        let json = self.text(RECORD).ok_or_else(|| malformed(T::NAME))?;
        let mut record: T = match T::IN_KEY {
            None => serde_json::from_str(json),
            Some(member) => self.with_member_of_key(json, member).and_then(serde_json::from_value),
        }
        .map_err(|error| corrupt(T::NAME, error))?;
        if let Some(der) = record.der() {
            *der = self.der().ok_or_else(|| malformed(T::NAME))?.to_vec();
        }
        record.put_back(self)?;
        Ok(record)
    }

    /// The JSON with the member that is stored in the key.
    fn with_member_of_key(&self, json: &str, member: &str) -> serde_json::Result<Value> {
        let mut members: Map<String, Value> = serde_json::from_str(json)?;
        let last = self.text(PK).and_then(|pk| pk.rsplit('#').next());
        members.insert(member.to_owned(), last.into());
        Ok(Value::Object(members))
    }

    /// Decodes the record and its version.
    pub(super) fn versioned<T: Record>(&self) -> Result<Versioned<T>, StoreError> {
        let version = self.version().ok_or_else(|| malformed(T::NAME))?;
        Ok(Versioned::new(self.record()?, version))
    }

    /// The operation that wrote the item.
    pub(super) fn version(&self) -> Option<OperationId> {
        Some(OperationId::from_random(self.bytes(VERSION)?.try_into().ok()?))
    }

    /// The record as stored JSON.
    pub(super) fn record_text(&self) -> Option<&str> {
        self.text(RECORD)
    }

    /// The bytes in `der`.
    pub(super) fn der(&self) -> Option<&[u8]> {
        self.bytes(DER)
    }

    /// The value of a numeric attribute.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// The sort key.
    pub(super) fn sk(&self) -> Option<&str> {
        self.text(SK)
    }

    /// The value of an attribute of text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        Some(self.0.get(name)?.as_s().ok()?)
    }

    /// The value of an attribute of bytes.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        Some(self.0.get(name)?.as_b().ok()?.as_ref())
    }

    /// The key of the item, if both parts are strings.
    pub(super) fn key(&self) -> Option<Key> {
        Some(Key { pk: self.text(PK)?.to_owned(), sk: self.sk()?.to_owned() })
    }

    /// The attributes as the SDK expects them.
    pub(super) fn attributes(self) -> HashMap<String, AttributeValue> {
        self.0
    }
}

impl From<HashMap<String, AttributeValue>> for Item {
    fn from(attributes: HashMap<String, AttributeValue>) -> Self {
        Self(attributes)
    }
}

/// JSON without members that are `null`, which are read as absent, and without the member that is
/// stored in the key. This keeps most records within one kilobyte, the unit in which writes are
/// billed.
fn slim_json<T: Serialize>(record: &T, in_key: Option<&str>) -> serde_json::Result<Value> {
    let mut json = serde_json::to_value(record)?;
    if let (Some(members), Some(member)) = (json.as_object_mut(), in_key) {
        members.remove(member);
    }
    remove_nulls(&mut json);
    Ok(json)
}

fn remove_nulls(json: &mut Value) {
    match json {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// A time in the format of DynamoDB's time to live: whole seconds since 1970.
pub(super) fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_second().to_string())
}

pub(super) fn corrupt(record: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Corrupt { record, source: source.into() }
}

/// The error for an item that lacks an attribute of its kind.
pub(super) fn malformed(record: &'static str) -> StoreError {
    corrupt(record, Malformed)
}

#[derive(Debug, thiserror::Error)]
#[error("the item does not have the format of its kind")]
struct Malformed;

/// The record as JSON.
pub(super) const RECORD: &str = "record";
/// The operation that wrote the item.
pub(super) const VERSION: &str = "version";
/// The time after which the item may be deleted, in seconds since 1970.
pub(super) const EXPIRES: &str = "expires";
/// Bytes that would be a third larger in JSON.
const DER: &str = "der";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_stored_without_nulls_but_with_all_else() {
        let record = json!({"a": null, "b": {"c": null, "d": 0}, "e": [1, null, {"f": null}], "g": "", "h": false});
        let slim = r#"{"b":{"d":0},"e":[1,null,{}],"g":"","h":false}"#;
        assert_eq!(slim_json(&record, None).unwrap().to_string(), slim);
        assert_eq!(slim_json(&record, Some("b")).unwrap().to_string(), slim.replace(r#""b":{"d":0},"#, ""));
    }

    #[test]
    fn an_item_that_lacks_what_its_kind_has_is_corrupt() {
        let nothing = Item::new(super::super::key::nonce_secrets());
        assert!(matches!(nothing.versioned::<store::NonceSecrets>(), Err(StoreError::Corrupt { .. })));
        let text = nothing.with(VERSION, AttributeValue::S("text".to_owned()));
        assert_eq!(text.version(), None);
        let short = text.with(VERSION, AttributeValue::B(Blob::new([1, 2, 3])));
        assert_eq!(short.version(), None);
    }
}
