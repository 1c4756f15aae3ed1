//! The properties that shape the CA when it is made and never again: an update that changes one of
//! them is refused, because it would be reported as complete and change nothing.
//!
//! CloudFormation answers a refused update with the properties before it, which are those on
//! record, so that the roll-back succeeds.

use std::collections::BTreeMap;

use acme::ProfileName;
use operator::InitialProfiles;
use serde_json::{Value, json};

use crate::{Plan, PropertyError, plan, properties::text_of};

/// The properties that a CA was made with, or that an update asks for: texts by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Founding(BTreeMap<String, String>);

/// Why an update cannot do what its properties say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoundingError {
    /// A property has another value than the one that the CA was made with.
    #[error(
        "the property {property} is {}, but the CA was made with {}: it shapes the CA when it is made, and never \
         again. Leave it as it was; {instead}",
        quoted(.wanted.as_ref()), quoted(.founded.as_ref())
    )]
    Changed {
        /// The name of the property.
        property: &'static str,
        /// What the update asks for; `None` is the default.
        wanted: Option<String>,
        /// What the CA was made with.
        founded: Option<String>,
        /// What to do instead.
        instead: &'static str,
    },
    /// The stack is to be closed while a profile is open.
    #[error(
        "the property Open is \"false\", but anyone may register under the ACME Profile {0}. Demand external accounts \
         there first, with the action apply of the admin function; or leave Open at \"true\""
    )]
    ProfileIsOpen(ProfileName),
}

impl Founding {
    /// What these properties say of it.
    pub fn of(properties: &Value) -> Self {
        let named = ONCE.iter().filter_map(|(name, _)| Some(((*name).to_owned(), text_of(properties, name)?)));
        Self(named.collect())
    }

    /// Checks that a deployment asks for nothing else. `self` is what the CA was made with.
    ///
    /// # Errors
    /// [`FoundingError::Changed`] with the first property that means something else now.
    fn allows(&self, wanted: &Self) -> Result<(), FoundingError> {
        let changed = ONCE.iter().find(|(name, _)| self.meaning_of(name) != wanted.meaning_of(name));
        let Some(&(property, instead)) = changed else { return Ok(()) };
        let (wanted, founded) = (wanted.0.get(property).cloned(), self.0.get(property).cloned());
        Err(FoundingError::Changed { property, wanted, founded, instead })
    }

    /// The plan of a CA for which only this property is set, so that a default that is written out
    /// means the same as one that is left out.
    fn meaning_of(&self, property: &str) -> Result<Plan, PropertyError> {
        let text = self.0.get(property);
        plan(json!({ "RootKeyId": "root", "IssuingKeyId": "issuing", property: text }), None)
    }
}

/// What an existing CA allows a deployment to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    founded: Founding,
    open: Vec<ProfileName>,
}

impl Terms {
    /// Those of the CA in this store. What a CA is made with is recorded here; where nothing is on
    /// record yet, it was made with `before`, the properties that the stack has, or else with
    /// these.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn of(
        profiles: &InitialProfiles,
        properties: &Founding,
        before: Option<Founding>,
    ) -> Result<Self, operator::Error> {
        let Founding(made_with) = before.unwrap_or_else(|| properties.clone());
        Ok(Self { founded: Founding(profiles.founding(made_with).await?), open: profiles.open().await? })
    }

    /// Checks that a deployment asks for nothing else.
    ///
    /// # Errors
    /// What it cannot have, and what to do instead.
    pub fn allow(&self, plan: &Plan, properties: &Founding) -> Result<(), FoundingError> {
        self.founded.allows(properties)?;
        match self.open.first() {
            Some(name) if plan.acme.external_account_required => Err(FoundingError::ProfileIsOpen(name.clone())),
            _ => Ok(()),
        }
    }
}

fn quoted(text: Option<&String>) -> String {
    text.map_or_else(|| "left out".to_owned(), |text| format!("\"{text}\""))
}

const THE_PROFILE: &str = "the action apply of the admin function changes profiles";
const AN_ISSUER: &str = "the admin function adds another issuing CA";
const THE_ROOT: &str = "another root is another stack";

/// Each of them, and what to do instead of changing it.
const ONCE: [(&str, &str); 11] = [
    ("Organization", THE_ROOT),
    ("RootName", THE_ROOT),
    ("RootDays", THE_ROOT),
    ("IssuingName", AN_ISSUER),
    ("IssuingDays", AN_ISSUER),
    ("CrlShards", AN_ISSUER),
    ("ProfileName", THE_PROFILE),
    ("AllowedIdentifiers", THE_PROFILE),
    ("ChallengeTypes", THE_PROFILE),
    ("AllowedNetworks", THE_PROFILE),
    ("CertificateDays", THE_PROFILE),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn founding(properties: &Value) -> Founding {
        Founding::of(properties)
    }

    #[test]
    fn a_property_that_means_the_same_is_no_change() {
        for (before, after) in [
            (json!({}), json!({ "CertificateDays": "45", "CrlShards": "1", "RootName": "serverless-acme Root CA" })),
            (
                json!({ "AllowedIdentifiers": ".a.example,.b.example" }),
                json!({ "AllowedIdentifiers": [".a.example", " .b.example"] }),
            ),
            (json!({ "Open": "true", "RootKeyId": "a" }), json!({ "Open": "false", "RootKeyId": "b" })),
            (json!({ "ChallengeTypes": "" }), json!({ "ChallengeTypes": "http-01,dns-01,tls-alpn-01" })),
        ] {
            assert_eq!(founding(&before).allows(&founding(&after)), Ok(()), "{after}");
            assert_eq!(founding(&after).allows(&founding(&before)), Ok(()), "{before}");
        }
    }

    #[test]
    fn every_property_that_shapes_the_ca_once_is_refused_when_it_changes() {
        for (property, value) in [
            ("Organization", "Example"),
            ("RootName", "Another"),
            ("RootDays", "100"),
            ("IssuingName", "Another"),
            ("IssuingDays", "100"),
            ("CrlShards", "2"),
            ("ProfileName", "web"),
            ("AllowedIdentifiers", ".corp.example"),
            ("ChallengeTypes", "dns-01"),
            ("AllowedNetworks", "10.0.0.0/8"),
            ("CertificateDays", "30"),
        ] {
            let [without, with] = [json!({}), json!({ property: value })].map(|properties| founding(&properties));
            for (founded, wanted) in [(&without, &with), (&with, &without)] {
                let error = founded.allows(wanted).unwrap_err();
                assert!(
                    matches!(error, FoundingError::Changed { property: named, .. } if named == property),
                    "{error}"
                );
            }
        }
        let error = founding(&json!({ "RootDays": "100" })).allows(&founding(&json!({}))).unwrap_err();
        let text = "the property RootDays is left out, but the CA was made with \"100\": it shapes the CA when it is \
                    made, and never again. Leave it as it was; another root is another stack";
        assert_eq!(error.to_string(), text);
    }
}
