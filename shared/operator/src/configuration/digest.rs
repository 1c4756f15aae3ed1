//! Digests of profiles. They cover what differs from the defaults, so that a version with more
//! fields computes the same digest for the same text, and the order and the comments of a file do
//! not matter.

use std::collections::BTreeMap;

use acme::ProfileName;
use authority::Failure;
use aws_lc_rs::digest::{SHA256, digest};
use jose::base64url;
use serde_json::Value;
use store::{AcmeProfile, ProfileKind, ProfileSet, RaProfile};

use crate::Error;

/// The digests of the profiles, by path.
pub(super) fn digests(set: &ProfileSet) -> Result<BTreeMap<String, String>, Error> {
    let json = |value: serde_json::Result<Value>| value.map_err(Failure::issuing);
    let mut digests = BTreeMap::new();
    for profile in &set.acme_profile {
        let default = AcmeProfile::new(profile.name.clone());
        let said = beyond(json(serde_json::to_value(profile))?, &json(serde_json::to_value(default))?);
        digests.insert(acme_path(&profile.name), digest_of(&said.unwrap_or_default()));
    }
    for profile in &set.ra_profile {
        let default = RaProfile::new(profile.name.clone(), profile.issuer.clone());
        let said = beyond(json(serde_json::to_value(profile))?, &json(serde_json::to_value(default))?);
        // The issuer has no default, so it always counts.
        let said = serde_json::json!([profile.issuer.as_str(), said]);
        digests.insert(ra_path(&profile.name), digest_of(&said));
    }
    Ok(digests)
}

pub(super) fn acme_path(name: &ProfileName) -> String {
    format!("{}.{name}", ProfileKind::Acme.table())
}

pub(super) fn ra_path(name: &ProfileName) -> String {
    format!("{}.{name}", ProfileKind::Ra.table())
}

/// The parts of the value that differ from its default.
fn beyond(value: Value, default: &Value) -> Option<Value> {
    match (value, default) {
        (value, default) if value == *default => None,
        (Value::Object(members), Value::Object(defaults)) => {
            let said = members.into_iter().filter_map(|(name, value)| {
                let said = beyond(value, defaults.get(&name).unwrap_or(&Value::Null))?;
                Some((name, said))
            });
            Some(Value::Object(said.collect()))
        }
        (value, _) => Some(value),
    }
}

/// The members of an object are sorted by name.
fn digest_of(value: &Value) -> String {
    base64url::encode(digest(&SHA256, value.to_string().as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn n15_defaults_and_fields_of_later_versions_do_not_count() {
        let beyond = |value, default| super::beyond(value, &default);
        assert_eq!(beyond(json!({ "a": 1, "new": null, "b": [] }), json!({ "a": 1, "b": [] })), Some(json!({})));
        assert_eq!(
            beyond(json!({ "a": { "x": 1, "y": 2 } }), json!({ "a": { "x": 1, "y": 1 } })),
            Some(json!({ "a": { "y": 2 } }))
        );
        assert_eq!(beyond(json!({ "a": 1 }), json!({ "a": 1 })), None);
    }

    #[test]
    fn n15_a_digest_stays_what_it_is() {
        // Stores contain these digests: if they change, every start finds all texts changed.
        let set: ProfileSet = serde_json::from_value(json!({
            "acmeProfile": [{ "name": "web", "raProfile": "web", "labels": { "b": "2", "a": "1" }, "validity": 60 }, { "name": "plain" }],
            "raProfile": [{ "name": "web", "issuer": "issuing" }],
        }))
        .unwrap();
        let found = digests(&set).unwrap();
        let found: Vec<_> = found.iter().map(|(path, digest)| (path.as_str(), digest.as_str())).collect();
        assert_eq!(
            found,
            [
                ("acmeProfile.plain", "dCNOmK_nSY-12vHzasLXiswzlGT5UHA7jAGYkvmCuQs"),
                ("acmeProfile.web", "lShh4ObO9efjFm0YEF5lDC5y_9cZGCXhcRR4owrRzdE"),
                ("raProfile.web", "u8ukTG_oIgvqD2380BuZV41zcwxdzb6WQmXIlBmDXlo"),
            ]
        );
    }

    #[test]
    fn what_is_said_counts_and_the_issuer_always() {
        let web = |issuer: &str, enabled| {
            let profile = RaProfile::new("web".parse().unwrap(), issuer.parse().unwrap());
            digests(&ProfileSet { ra_profile: vec![RaProfile { enabled, ..profile }], ..ProfileSet::default() })
                .unwrap()
        };
        assert_ne!(web("issuing", true), web("issuing2", true));
        assert_ne!(web("issuing", true), web("issuing", false));
        assert_eq!(web("issuing", false), web("issuing", false));
    }
}
