//! The form of a certificate's record, which is smaller than that of other records, so that an
//! ordinary one costs one write unit when it is intended and one when it is issued.
//!
//! - What is recorded when a certificate is issued is stored in attributes with short names, which
//!   the first versions do not read. They take less room than members of the JSON.
//! - The receipt is in the index items of the end of the validity and of the names.
//! - The thumbprint of the key follows from the certificate and is not stored.
//! - The JSON has the members that the first versions need, in the shortest form that they read.
//!
//! Records that have all of it in the JSON are read, too.

use acme::{DirectoryId, Family, ProfileName};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::Timestamp;
use jose::Thumbprint;
use serde_json::Value;

use super::item::{Item, Record, corrupt};
use store::{CertificateRecord, CertificateState, Retention, StoreError};

impl Record for CertificateRecord {
    const NAME: &'static str = "certificate";
    const IN_KEY: Option<&'static str> = Some("id");

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_certificate(self))
    }

    fn der(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.state {
            CertificateState::Intended { tbs } => Some(tbs),
            CertificateState::Issued { der } => Some(der),
        }
    }

    fn take_attributes(&mut self) -> Vec<(&'static str, AttributeValue)> {
        if self.key == key_in(&self.state) {
            self.key = None;
        }
        self.receipt = None;
        let (directory, ra_profile) = origin_text(self.directory.take(), self.ra_profile.take());
        let text = |name, text: Option<String>| text.map(|text| (name, AttributeValue::S(text)));
        let request = self.signer_request.take().map(|request| (SIGNER_REQUEST, request_attribute(request)));
        let profile = text(PROFILE, self.profile.take());
        [text(DIRECTORY, directory), text(RA_PROFILE, ra_profile), profile, request].into_iter().flatten().collect()
    }

    fn put_back(&mut self, item: &Item) -> Result<(), StoreError> {
        self.key = self.key.or_else(|| key_in(&self.state));
        let (directory, ra_profile) = (item.text(DIRECTORY), item.text(RA_PROFILE));
        if directory.or(ra_profile).is_some() {
            let origin = origin_of(directory, ra_profile).map_err(|error| corrupt(Self::NAME, error))?;
            (self.directory, self.ra_profile) = origin;
        }
        if let Some(profile) = item.text(PROFILE) {
            self.profile = Some(profile.to_owned());
        }
        if let Some(octets) = item.bytes(SIGNER_REQUEST).and_then(|octets| octets.try_into().ok()) {
            self.signer_request = Some(uuid_text(octets));
        } else if let Some(request) = item.text(SIGNER_REQUEST) {
            self.signer_request = Some(request.to_owned());
        }
        Ok(())
    }

    /// Identifiers become arrays of type and value, which every version reads as the same; times
    /// are in the basic format of ISO 8601.
    fn compact(json: &mut Value) {
        for time in ["not_before", "not_after"] {
            if let Some(Value::String(time)) = json.get_mut(time) {
                time.retain(|character| !matches!(character, '-' | ':'));
            }
        }
        for identifier in json.get_mut("identifiers").and_then(Value::as_array_mut).into_iter().flatten() {
            as_array(identifier, &["type", "value"]);
        }
    }
}

/// Makes an object that has these members and no others an array of them.
fn as_array(json: &mut Value, names: &[&str]) {
    let Some(members) = json.as_object().filter(|members| members.len() == names.len()) else { return };
    let elements: Option<Vec<Value>> = names.iter().map(|name| members.get(*name).cloned()).collect();
    if let Some(elements) = elements {
        *json = Value::Array(elements);
    }
}

/// The thumbprint of the key in an issued certificate, if it can be read.
fn key_in(state: &CertificateState) -> Option<Thumbprint> {
    match state {
        CertificateState::Intended { .. } => None,
        CertificateState::Issued { .. } => Some(state.public_key().ok()?.thumbprint()),
    }
}

/// The directory and the RA Profile as texts. One that follows from the other is left out, because
/// they mostly have the same name; one that is not known beside the other is empty.
fn origin_text(directory: Option<DirectoryId>, ra_profile: Option<ProfileName>) -> (Option<String>, Option<String>) {
    match (directory, ra_profile) {
        (None, None) => (None, None),
        (Some(directory), Some(profile)) if directory.name == profile => match directory.family {
            Family::AcmeProfile => (Some(profile.to_string()), None),
            Family::RaProfile => (None, Some(profile.to_string())),
        },
        (directory, profile) => {
            let text = |text: Option<String>| Some(text.unwrap_or_default());
            (text(directory.map(|directory| directory.to_string())), text(profile.map(|profile| profile.to_string())))
        }
    }
}

/// The inverse of [`origin_text`].
fn origin_of(
    directory: Option<&str>,
    ra_profile: Option<&str>,
) -> Result<(Option<DirectoryId>, Option<ProfileName>), acme::ProfileNameError> {
    let known = |text: &&str| !text.is_empty();
    let directory_id = directory.filter(known).map(str::parse::<DirectoryId>).transpose()?;
    let profile = ra_profile.filter(known).map(str::parse::<ProfileName>).transpose()?;
    Ok(match (directory, ra_profile) {
        (Some(_), None) => {
            let name = directory_id.as_ref().map(|directory| directory.name.clone());
            (directory_id, name)
        }
        (None, Some(_)) => {
            let pinned = profile.clone().map(|name| DirectoryId { family: Family::RaProfile, name });
            (pinned, profile)
        }
        _ => (directory_id, profile),
    })
}

/// The signer's request: a UUID in its usual form as its sixteen octets, any other text as it is.
fn request_attribute(request: String) -> AttributeValue {
    match uuid_octets(&request) {
        Some(octets) => AttributeValue::B(Blob::new(octets)),
        None => AttributeValue::S(request),
    }
}

/// The octets of a UUID (RFC 9562, section 4) in lower case; `None` for any other text.
fn uuid_octets(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let octets = u128::from_str_radix(&digits, 16).ok()?.to_be_bytes();
    (uuid_text(octets) == text).then_some(octets)
}

fn uuid_text(octets: [u8; 16]) -> String {
    let mut text = format!("{:032x}", u128::from_be_bytes(octets));
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}

const DIRECTORY: &str = "dir";
const RA_PROFILE: &str = "ra";
/// The name with which the order selected the RA Profile.
const PROFILE: &str = "profile";
const SIGNER_REQUEST: &str = "req";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dynamodb::key;
    use store::contract::fixture::{certificate, changed, issued, revoked};

    #[test]
    fn every_directory_profile_and_request_reads_back() {
        let directories = [None, Some("default"), Some("raProfile/default"), Some("web")];
        let uuid = "01234567-89ab-cdef-0123-456789abcdef";
        let upper = uuid.to_uppercase();
        let requests = [None, Some(uuid), Some(&upper), Some(""), Some("-"), Some("138"), Some(&uuid[1..])];
        for directory in directories {
            for ra_profile in [None, Some("default"), Some("web")] {
                for request in requests {
                    let record = changed(&issued(&certificate()), |record| {
                        record.directory = directory.map(|directory| directory.parse().unwrap());
                        record.ra_profile = ra_profile.map(|profile| profile.parse().unwrap());
                        record.profile = request.map(str::to_owned);
                        record.signer_request = request.map(str::to_owned);
                    });
                    assert_eq!(stored(&record).record::<CertificateRecord>().unwrap(), record.value);
                }
            }
        }
    }

    #[test]
    fn every_state_reads_back_from_the_compact_form() {
        let intended = certificate();
        for record in [&intended, &issued(&intended), &revoked(&intended), &revoked(&issued(&intended))] {
            assert_eq!(stored(record).record::<CertificateRecord>().unwrap(), record.value);
        }
        let json: Value = serde_json::from_str(stored(&issued(&intended)).record_text().unwrap()).unwrap();
        assert_eq!(json["identifiers"], json!([["dns", "www.example.com"], ["ip", "2001:db8::1"]]));
        assert_eq!(json["not_before"], json!("21000101T000000Z"));
    }

    #[test]
    fn an_object_with_other_members_stays_one() {
        let mut json = json!({ "type": "dns", "value": "a", "novel": 1 });
        let before = json.clone();
        as_array(&mut json, &["type", "value"]);
        assert_eq!(json, before);
    }

    fn stored(record: &CertificateRecord) -> Item {
        Item::of(key::certificate(&record.id), record, &Retention::default()).unwrap()
    }
}
