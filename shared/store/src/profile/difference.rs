//! The changes that applying a set of profiles would make, field by field, for operators to review.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ProfileKind, ProfileSet};

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The path of the field, such as `acmeProfile.web.validity`; for a profile that is created or
    /// deleted, the path of the profile, such as `acmeProfile.web`.
    pub path: String,
    /// The stored value; `None` when there is none.
    pub before: Option<Value>,
    /// The new value; `None` when it will be deleted.
    pub after: Option<Value>,
}

impl ProfileSet {
    /// The differences between this set and the stored one, sorted by path. A field that is absent
    /// in both documents has its default in both.
    ///
    /// # Errors
    /// A profile is not a JSON object, which does not occur.
    pub fn difference(&self, stored: &Self) -> serde_json::Result<Vec<Difference>> {
        let (before, after) = (documents(stored)?, documents(self)?);
        let mut differences = Vec::new();
        let paths: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for path in paths {
            match (before.get(path), after.get(path)) {
                (Some(before), Some(after)) => compare(path, before, after, &mut differences),
                (before, after) => differences.push(difference(path, before, after)),
            }
        }
        Ok(differences)
    }
}

/// The profiles as documents, by path.
fn documents(set: &ProfileSet) -> serde_json::Result<BTreeMap<String, Value>> {
    let acme = set.acme_profile.iter().map(|p| Ok((path(ProfileKind::Acme, &p.name), serde_json::to_value(p)?)));
    let ra = set.ra_profile.iter().map(|p| Ok((path(ProfileKind::Ra, &p.name), serde_json::to_value(p)?)));
    acme.chain(ra).collect()
}

fn path(kind: ProfileKind, name: &acme::ProfileName) -> String {
    format!("{}.{name}", kind.table())
}

fn compare(path: &str, before: &Value, after: &Value, differences: &mut Vec<Difference>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => compare_members(path, before, after, differences),
        _ if before == after => {}
        _ => differences.push(difference(path, Some(before), Some(after))),
    }
}

fn compare_members(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    differences: &mut Vec<Difference>,
) {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let path = format!("{path}.{name}");
        match (before.get(name), after.get(name)) {
            (Some(before), Some(after)) => compare(&path, before, after, differences),
            (before, after) => differences.push(difference(&path, before, after)),
        }
    }
}

fn difference(path: &str, before: Option<&Value>, after: Option<&Value>) -> Difference {
    let said = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    Difference { path: path.to_owned(), before: said(before), after: said(after) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(document: Value) -> ProfileSet {
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn each_field_that_differs_is_reported_with_its_path() {
        let stored = set(json!({
            "acmeProfile": [{ "name": "web", "labels": { "team": "a" } }, { "name": "old" }],
            "raProfile": [{ "name": "short", "issuer": "issuing" }],
        }));
        let wanted = set(json!({
            "acmeProfile": [{ "name": "web", "raProfile": "short", "labels": { "team": "b" } }],
            "raProfile": [{ "name": "short", "issuer": "issuing", "certificateValidity": { "default": 60, "maximum": 7776000 } }],
        }));
        let found = wanted.difference(&stored).unwrap();
        let fields: Vec<_> = found.iter().map(|d| (d.path.as_str(), d.before.clone(), d.after.clone())).collect();
        assert_eq!(fields[0].0, "acmeProfile.old");
        assert!(fields[0].1.is_some() && fields[0].2.is_none(), "it will be gone");
        assert_eq!(
            fields[1..],
            [
                ("acmeProfile.web.labels.team", Some(json!("a")), Some(json!("b"))),
                ("acmeProfile.web.raProfile", None, Some(json!("short"))),
                ("raProfile.short.certificateValidity.default", Some(json!(7_776_000)), Some(json!(60))),
            ]
        );
        assert_eq!(wanted.difference(&wanted).unwrap(), []);
    }
}
