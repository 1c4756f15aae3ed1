//! Profiles: from documents to what is stored.

use std::{collections::BTreeMap, fmt};

use acme::ProfileName;
use ra::Authority;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use store::{Difference, ProfileSet};

use crate::AdminError;

/// Profiles as an operator writes them: what is left out is not said.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProfileDocuments {
    /// ACME Profiles.
    pub acme_profile: Vec<Map<String, Value>>,
    /// RA Profiles.
    pub ra_profile: Vec<Map<String, Value>>,
}

/// The kinds of profiles, by the names of their lists.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ProfileKind {
    /// ACME Profiles.
    AcmeProfile,
    /// RA Profiles.
    RaProfile,
}

impl fmt::Display for ProfileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AcmeProfile => "acmeProfile",
            Self::RaProfile => "raProfile",
        })
    }
}

/// What came of an application.
#[derive(Clone, Debug, Serialize)]
pub struct Applied {
    /// What differs, by path.
    pub differences: Vec<Difference>,
    /// Whether it is so now.
    pub applied: bool,
}

pub(crate) async fn apply(
    authority: &Authority,
    actor: &str,
    documents: ProfileDocuments,
    exact: bool,
    dry_run: bool,
    shown: Option<Value>,
) -> Result<Applied, AdminError> {
    let stored = if exact { ProfileSet::default() } else { authority.profiles().await? };
    let wanted = ProfileSet {
        acme_profile: overlaid(ProfileKind::AcmeProfile, documents.acme_profile, stored.acme_profile)?,
        ra_profile: overlaid(ProfileKind::RaProfile, documents.ra_profile, stored.ra_profile)?,
    };
    let differences = authority.compare_profiles(&wanted).await?;
    if dry_run {
        return Ok(Applied { differences, applied: false });
    }
    if let Some(shown) = shown
        && serde_json::to_value(&differences).map_err(AdminError::Answer)? != shown
    {
        return Err(AdminError::Stale);
    }
    Ok(Applied { differences: authority.apply_profiles(actor, &wanted).await?, applied: true })
}

pub(crate) async fn delete(
    authority: &Authority,
    actor: &str,
    kind: ProfileKind,
    name: ProfileName,
) -> Result<Applied, AdminError> {
    let stored = authority.profiles().await?;
    let mut wanted = stored.clone();
    match kind {
        ProfileKind::AcmeProfile => wanted.acme_profile.retain(|profile| profile.name != name),
        ProfileKind::RaProfile => wanted.ra_profile.retain(|profile| profile.name != name),
    }
    if wanted == stored {
        return Err(AdminError::NoProfile(kind, name));
    }
    Ok(Applied { differences: authority.apply_profiles(actor, &wanted).await?, applied: true })
}

/// The stored profiles with the documents over them.
fn overlaid<T: DeserializeOwned + Serialize>(
    kind: ProfileKind,
    documents: Vec<Map<String, Value>>,
    stored: Vec<T>,
) -> Result<Vec<T>, AdminError> {
    let mut known: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for profile in stored {
        if let Ok(Value::Object(document)) = serde_json::to_value(profile)
            && let Some(name) = document.get("name").and_then(Value::as_str)
        {
            known.insert(name.to_owned(), document);
        }
    }
    let mut profiles = Vec::with_capacity(documents.len() + known.len());
    for (index, document) in documents.into_iter().enumerate() {
        let name = document.get("name").and_then(Value::as_str).ok_or(AdminError::NamelessProfile(kind, index))?;
        let path = format!("{kind}.{name}");
        let mut whole = known.remove(name).unwrap_or_default();
        whole.extend(document);
        profiles.push(read(&path, whole)?);
    }
    for (name, document) in known {
        profiles.push(read(&format!("{kind}.{name}"), document)?);
    }
    Ok(profiles)
}

/// The profile of a document. Where one field spoils it, the refusal names that field.
fn read<T: DeserializeOwned>(path: &str, document: Map<String, Value>) -> Result<T, AdminError> {
    serde_json::from_value(Value::Object(document.clone())).map_err(|source| {
        let spoils = |field: &&String| {
            let mut others = document.clone();
            others.remove(*field);
            serde_json::from_value::<T>(Value::Object(others)).is_ok()
        };
        let path = match document.keys().find(spoils) {
            Some(field) => format!("{path}.{field}"),
            None => path.to_owned(),
        };
        AdminError::Profile { path, source }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::AcmeProfile;

    use super::*;

    fn overlaid_with(document: Value, stored: Vec<AcmeProfile>) -> Result<Vec<AcmeProfile>, AdminError> {
        let Value::Object(document) = document else { panic!("an object") };
        overlaid(ProfileKind::AcmeProfile, vec![document], stored)
    }

    #[test]
    fn p1_a_field_that_is_left_out_keeps_its_value_and_of_a_new_profile_has_its_default() {
        let web = AcmeProfile { validity: 60, ..AcmeProfile::new("web".parse().unwrap()) };
        let other = AcmeProfile::new("other".parse().unwrap());
        let stored = vec![web.clone(), other.clone()];
        let edited = overlaid_with(json!({ "name": "web", "retryInterval": 7 }), stored).unwrap();
        assert_eq!(edited, [AcmeProfile { retry_interval: 7, ..web }, other]);
        let new = overlaid_with(json!({ "name": "new" }), Vec::new()).unwrap();
        assert_eq!(new, [AcmeProfile::new("new".parse().unwrap())]);
    }

    #[test]
    fn the_field_that_spoils_a_document_is_named_with_what_is_allowed() {
        for (document, expected) in [
            (
                json!({ "name": "web", "validty": 1 }),
                "acmeProfile.web.validty: unknown field `validty`, expected one of",
            ),
            (json!({ "name": "web", "validity": "1" }), "acmeProfile.web.validity: invalid type: string"),
            (
                json!({ "name": "web", "allowedIdentifiers": ["10.0.0.0/33"] }),
                "acmeProfile.web.allowedIdentifiers: a rule for names is a name, an address, a suffix",
            ),
            (json!({ "name": "raProfile" }), "acmeProfile.raProfile: "),
            (json!({ "validity": 1 }), "acmeProfile[0].name: needs a name"),
        ] {
            let refusal = overlaid_with(document, Vec::new()).unwrap_err().to_string();
            assert!(refusal.starts_with(expected), "{refusal}");
        }
    }
}
