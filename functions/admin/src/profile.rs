//! Profiles: reading, applying and deleting them, and converting the documents of operators.

use std::collections::BTreeMap;

use acme::ProfileName;
use operator::Parts;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use store::{AcmeProfile, Difference, Preset, ProfileKind, ProfileSet, RaProfile};

use crate::{Action, AdminError, Listed, page};

/// Shows all stored profiles.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShowProfiles {}

impl Action for ShowProfiles {
    type Answer = ProfileSet;

    const NAME: &str = "profiles";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<ProfileSet, AdminError> {
        Ok(parts.profiles.all().await?)
    }
}

/// Lists the profiles of one kind by name, in pages.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListProfiles {
    /// The kind of profiles to list.
    pub kind: ProfileKind,
    /// The last name of the previous page.
    #[serde(default)]
    pub after: Option<ProfileName>,
    /// The maximum number of entries, 1 to 1,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u16>,
}

impl Action for ListProfiles {
    type Answer = Listed<StoredProfile>;

    const NAME: &str = "list-profiles";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<Listed<StoredProfile>, AdminError> {
        let (after, limit) = (self.after.as_ref(), page::size(self.limit)?);
        Ok(match self.kind {
            ProfileKind::Acme => Listed::from(parts.profiles.acme_page(after, limit).await?)
                .map(|profile| StoredProfile::Acme(Box::new(profile))),
            ProfileKind::Ra => Listed::from(parts.profiles.ra_page(after, limit).await?).map(StoredProfile::Ra),
        })
    }
}

/// A profile of either kind.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum StoredProfile {
    /// An ACME Profile, as its document.
    Acme(Box<AcmeProfile>),
    /// An RA Profile, as its document.
    Ra(RaProfile),
}

impl StoredProfile {
    /// The name of the profile.
    pub fn name(&self) -> &ProfileName {
        match self {
            Self::Acme(profile) => &profile.name,
            Self::Ra(profile) => &profile.name,
        }
    }
}

/// Applies profiles: all of them, or none if one is refused.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApplyProfiles {
    /// The profiles as the operator wrote them; omitted fields keep their values. Those that
    /// presets fill in are reset where a document names another preset.
    pub profiles: ProfileDocuments,
    /// Whether the documents are complete: fields that they omit are reset to their defaults, and
    /// profiles that they omit are deleted. Otherwise whatever they omit stays as it is stored.
    #[serde(default)]
    pub exact: bool,
    /// Whether the changes are only shown, and not applied.
    #[serde(default)]
    pub dry_run: bool,
    /// The differences that the operator confirmed. The request is refused if they have changed
    /// since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Vec<Difference>>,
}

impl Action for ApplyProfiles {
    type Answer = Applied;

    const NAME: &str = "apply-profiles";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<Applied, AdminError> {
        let stored = if self.exact { ProfileSet::default() } else { parts.profiles.all().await? };
        let wanted = ProfileSet {
            acme_profile: overlaid(ProfileKind::Acme, self.profiles.acme_profile, stored.acme_profile)?,
            ra_profile: overlaid(ProfileKind::Ra, self.profiles.ra_profile, stored.ra_profile)?,
        };
        let differences = parts.profiles.compare(&wanted).await?;
        if self.dry_run {
            return Ok(Applied { differences, applied: false });
        }
        if let Some(shown) = self.shown
            && differences != shown
        {
            return Err(AdminError::Stale);
        }
        Ok(Applied { differences: parts.profiles.apply(actor, &wanted).await?, applied: true })
    }

    fn is_act(&self) -> bool {
        !self.dry_run
    }
}

/// Deletes a profile that no other profile refers to.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeleteProfile {
    /// Whether it is an ACME Profile or an RA Profile.
    pub kind: ProfileKind,
    /// The name of the profile.
    pub name: ProfileName,
    /// Whether the profile of the other kind that it refers to is deleted, too. Two profiles that
    /// refer to each other can only be deleted together.
    #[serde(default)]
    pub pair: bool,
}

impl Action for DeleteProfile {
    type Answer = Applied;

    const NAME: &str = "delete-profile";
    const IS_ACT: bool = true;

    async fn perform(self, parts: &Parts, actor: &str) -> Result<Applied, AdminError> {
        let Self { kind, name, pair } = self;
        let stored = parts.profiles.all().await?;
        let mut wanted = stored.clone();
        let acme = stored.acme_profile.iter().find(|profile| profile.name == name);
        let ra = stored.ra_profile.iter().find(|profile| profile.name == name);
        let (acme, ra) = match kind {
            ProfileKind::Acme => (Some(&name), acme.and_then(|acme| acme.ra_profile.as_ref()).filter(|_| pair)),
            ProfileKind::Ra => (ra.and_then(|ra| ra.acme_profile.as_ref()).filter(|_| pair), Some(&name)),
        };
        wanted.acme_profile.retain(|profile| Some(&profile.name) != acme);
        wanted.ra_profile.retain(|profile| Some(&profile.name) != ra);
        if wanted == stored {
            return Err(AdminError::NoProfile(kind, name));
        }
        Ok(Applied { differences: parts.profiles.apply(actor, &wanted).await?, applied: true })
    }
}

/// Profiles as an operator writes them, with only the fields that the operator gave.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProfileDocuments {
    /// The documents of ACME Profiles.
    pub acme_profile: Vec<Map<String, Value>>,
    /// The documents of RA Profiles.
    pub ra_profile: Vec<Map<String, Value>>,
}

/// The outcome of applying profiles.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Applied {
    /// The changes, by path.
    pub differences: Vec<Difference>,
    /// Whether the changes were applied.
    pub applied: bool,
}

/// The stored profiles, overlaid with the documents.
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
        let path = format!("{}.{name}", kind.table());
        let mut whole = known.remove(name).unwrap_or_default();
        let preset = whole.get("preset").unwrap_or(&Value::Null);
        if document.get("preset").is_some_and(|named| named != preset) {
            // What the stored profile has of these is what its former preset said, or none.
            whole.retain(|member, _| !Preset::MEMBERS.contains(&member.as_str()));
        }
        whole.extend(document);
        profiles.push(read(&path, whole)?);
    }
    for (name, document) in known {
        profiles.push(read(&format!("{}.{name}", kind.table()), document)?);
    }
    Ok(profiles)
}

/// The profile in a document. If one field makes it invalid, the error names that field.
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

    use super::*;

    fn overlaid_with(document: Value, stored: Vec<AcmeProfile>) -> Result<Vec<AcmeProfile>, AdminError> {
        let Value::Object(document) = document else { panic!("an object") };
        overlaid(ProfileKind::Acme, vec![document], stored)
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
    fn another_preset_resets_what_presets_fill_in_and_the_same_one_resets_nothing() {
        let stored = RaProfile::new("web".parse().unwrap(), "issuing".parse().unwrap());
        let stored = RaProfile { description: "kept".to_owned(), ..stored };
        let overlaid_with = |document: Value, stored: &RaProfile| {
            let Value::Object(document) = document else { panic!("an object") };
            overlaid(ProfileKind::Ra, vec![document], vec![stored.clone()]).unwrap().remove(0)
        };
        let public = overlaid_with(json!({ "name": "web", "preset": "public" }), &stored);
        let filled = RaProfile::of_preset(Preset::Public, stored.name.clone(), stored.issuer.clone());
        assert_eq!(public, RaProfile { description: stored.description.clone(), ..filled });
        let own = RaProfile { policies: Vec::new(), ..public.clone() };
        assert_eq!(overlaid_with(json!({ "name": "web", "preset": "public" }), &own), own);
        assert_eq!(overlaid_with(json!({ "name": "web", "preset": null }), &public), stored);
        let own = RaProfile { subject: public.subject, ..stored.clone() };
        assert_eq!(overlaid_with(json!({ "name": "web", "preset": null }), &own), own);
        let kept = overlaid_with(json!({ "name": "web", "preset": null, "subject": "empty" }), &public);
        assert_eq!(kept, RaProfile { subject: public.subject, ..stored });
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
