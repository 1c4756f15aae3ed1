//! The plan of a CA as properties of a template: names and values, all of them text, because
//! CloudFormation converts every value to text. An empty or absent property has its default.
//!
//! | property | what | default |
//! |---|---|---|
//! | `StackName` | name of the stack, by which the keys know the roles of the functions | unknown |
//! | `RootKeyId`, `IssuingKeyId` | the keys, as the signer names them (on KMS: ARNs) | – |
//! | `RootName`, `IssuingName` | common names | `serverless-acme Root CA`, `serverless-acme Issuing CA` |
//! | `Organization` | in both names | none |
//! | `RootDays`, `IssuingDays` | lives | 7300, 3650 |
//! | `CrlShards` | how many CRLs share the revocations of the issuing CA, for ever | 1 |
//! | `ProfileName` | of the first ACME Profile and RA Profile | `default` |
//! | `Open` | whether anyone may register, without a key from the operator | `false` |
//! | `AllowedIdentifiers` | names, addresses, `.suffixes` and networks that are issued for, with commas | all |
//! | `ChallengeTypes` | of `http-01`, `dns-01`, `tls-alpn-01`, with commas | all |
//! | `AllowedNetworks` | special-purpose networks that validation may reach, with commas | none |
//! | `CertificateDays` | life of certificates, by default and at most | 90; 7 without a status URL |

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use acme::{ChallengeType, ProfileName};
use ca::{AuthorityName, KeyHandle};
use ipnet::IpNet;
use issuing::{Hierarchy, IssuerPlan};
use jiff::SignedDuration;
use serde_json::{Map, Value};
use store::{AcmeProfile, IdentifierRule, Limits, Preset, RaProfile, Validity};

use crate::Plan;

/// Parses the plan. `longest_validity` is the longest lifetime of a certificate in seconds, if
/// there is such a limit.
///
/// # Errors
/// The first property that is missing, unknown or invalid.
pub fn plan(properties: Value, longest_validity: Option<u32>) -> Result<Plan, PropertyError> {
    let Value::Object(properties) = properties else { return Err(PropertyError::NoProperties) };
    let mut properties = Properties(properties);
    // CloudFormation adds this property.
    properties.text("ServiceToken")?;
    properties.text("ServiceTimeout")?;
    let plan = properties.plan(longest_validity)?;
    match properties.0.keys().next() {
        None => Ok(plan),
        Some(name) => Err(PropertyError::Unknown(name.clone())),
    }
}

/// Why the properties are not a valid plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// The resource has no properties.
    #[error("the resource has no properties")]
    NoProperties,
    /// A property without a default is missing.
    #[error("the property {0} is missing")]
    Missing(&'static str),
    /// A property is unknown.
    #[error("there is no property {0}")]
    Unknown(String),
    /// A property has an invalid value.
    #[error("the property {property} is \"{value}\"; it should be {allowed}")]
    Invalid {
        /// The name of the property.
        property: &'static str,
        /// The present value.
        value: String,
        /// A description of valid values.
        allowed: String,
    },
}

/// The text of a property; `None` if it is empty or absent.
pub(crate) fn text_of(properties: &Value, property: &'static str) -> Option<String> {
    let value = properties.get(property)?.clone();
    Properties(Map::from_iter([(property.to_owned(), value)])).text(property).ok().flatten()
}

/// The properties that have not been read yet.
struct Properties(Map<String, Value>);

impl Properties {
    fn plan(&mut self, longest_validity: Option<u32>) -> Result<Plan, PropertyError> {
        self.stack_name()?;
        let organization = self.text("Organization")?;
        let root = self.issuer("root", "RootName", "Root CA", &organization, "RootKeyId", ("RootDays", 7_300), 1)?;
        let shards = self.number("CrlShards", 1..=1_024)?.unwrap_or(1);
        let shards = u16::try_from(shards).unwrap_or(u16::MAX);
        let days = ("IssuingDays", 3_650);
        let issuing =
            self.issuer("issuing", "IssuingName", "Issuing CA", &organization, "IssuingKeyId", days, shards)?;
        if root.subject == issuing.subject {
            let allowed = "another name than RootName".to_owned();
            let value = issuing.subject.common_name().to_owned();
            return Err(PropertyError::Invalid { property: "IssuingName", value, allowed });
        }
        if root.key == issuing.key {
            let allowed = "another key than RootKeyId".to_owned();
            return Err(PropertyError::Invalid { property: "IssuingKeyId", value: issuing.key.to_string(), allowed });
        }

        let name = self.text("ProfileName")?.unwrap_or_else(|| "default".to_owned());
        let name: ProfileName = read("ProfileName", &name)?;
        let acme = AcmeProfile {
            description: "Made at deployment".to_owned(),
            ra_profile: Some(name.clone()),
            external_account_required: !self.switch("Open")?.unwrap_or(false),
            allowed_identifiers: self.list::<IdentifierRule>("AllowedIdentifiers")?,
            challenge_types: match self.list::<ChallengeType>("ChallengeTypes")? {
                types if types.is_empty() => ChallengeType::ALL.to_vec(),
                types => types,
            },
            allowed_networks: self.list::<IpNet>("AllowedNetworks")?,
            limits: Limits::bounds_and_rates(),
            ..AcmeProfile::new(name.clone())
        };
        let usual = RaProfile::of_preset(Preset::Private, name.clone(), issuing.id.clone());
        let ra = RaProfile {
            acme_profile: Some(name),
            certificate_validity: self.validity(usual.certificate_validity, longest_validity)?,
            ..usual
        };
        Ok(Plan { hierarchy: Hierarchy { root, issuing }, acme, ra })
    }

    /// The policies of the keys name the roles of the functions by the name of the stack, which
    /// CloudFormation cuts where the name of a role gets too long: the keys would refuse the cut
    /// one.
    fn stack_name(&mut self) -> Result<(), PropertyError> {
        let name = self.text("StackName")?.unwrap_or_default();
        if name.len() <= LONGEST_STACK_NAME {
            return Ok(());
        }
        Err(invalid("StackName", &name, format!("at most {LONGEST_STACK_NAME} characters long")))
    }

    fn issuer(
        &mut self,
        id: &'static str,
        name: &'static str,
        usual_name: &str,
        organization: &Option<String>,
        key: &'static str,
        (days, usual_days): (&'static str, u32),
        crl_shards: u16,
    ) -> Result<IssuerPlan, PropertyError> {
        let common_name = self.text(name)?.unwrap_or_else(|| format!("serverless-acme {usual_name}"));
        let subject = AuthorityName::new(common_name.as_str(), organization.clone());
        let days = self.number(days, 1..=MAX_DAYS)?.unwrap_or(usual_days);
        Ok(IssuerPlan {
            id: read(name, id)?,
            subject: subject.map_err(|error| invalid(name, &common_name, error))?,
            key: KeyHandle::new(self.text(key)?.ok_or(PropertyError::Missing(key))?),
            lifetime: SignedDuration::from_hours(i64::from(days) * 24),
            crl_shards,
        })
    }

    fn validity(&mut self, usual: Validity, longest: Option<u32>) -> Result<Validity, PropertyError> {
        let longest_days = longest.map_or(MAX_DAYS, |longest| longest / DAY);
        let days = self.number("CertificateDays", 1..=longest_days)?;
        let days = days.unwrap_or((usual.default / DAY).min(longest_days));
        Ok(Validity { default: days * DAY, maximum: days * DAY })
    }

    /// A property as text; `None` if it is empty or absent.
    fn text(&mut self, property: &'static str) -> Result<Option<String>, PropertyError> {
        let text = match self.0.remove(property) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Array(values)) => {
                let texts = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                texts.collect::<Vec<_>>().join(",")
            }
            Some(other @ (Value::Bool(_) | Value::Number(_))) => other.to_string(),
            Some(other @ Value::Object(_)) => return Err(invalid(property, &other.to_string(), "text")),
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    fn number(&mut self, property: &'static str, allowed: RangeInclusive<u32>) -> Result<Option<u32>, PropertyError> {
        let Some(text) = self.text(property)? else { return Ok(None) };
        let number = text.parse().ok().filter(|number| allowed.contains(number));
        let words = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        number.map(Some).ok_or_else(|| invalid(property, &text, words))
    }

    fn switch(&mut self, property: &'static str) -> Result<Option<bool>, PropertyError> {
        let Some(text) = self.text(property)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| invalid(property, &text, "true or false"))
    }

    fn list<T: FromStr<Err: Display>>(&mut self, property: &'static str) -> Result<Vec<T>, PropertyError> {
        let text = self.text(property)?.unwrap_or_default();
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| read(property, part)).collect()
    }
}

fn read<T: FromStr<Err: Display>>(property: &'static str, text: &str) -> Result<T, PropertyError> {
    text.parse().map_err(|error| invalid(property, text, format!("something else: {error}")))
}

fn invalid(property: &'static str, value: &str, allowed: impl Display) -> PropertyError {
    PropertyError::Invalid { property, value: value.to_owned(), allowed: allowed.to_string() }
}

/// 64 octets of a role's name, less `-PublishCrlFunctionRole-` and twelve random characters.
const LONGEST_STACK_NAME: usize = 28;
/// A hundred years in days.
const MAX_DAYS: u32 = 36_500;
const DAY: u32 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(property: &str, value: Value) -> Result<Plan, PropertyError> {
        let mut properties = json!({ "RootKeyId": "root key", "IssuingKeyId": "issuing key", "ServiceToken": "arn" });
        properties[property] = value;
        plan(properties, None)
    }

    #[test]
    fn what_is_left_out_or_empty_has_its_documented_default() {
        for value in [Value::Null, json!(""), json!([])] {
            let Plan { hierarchy, acme, ra } = with("Organization", value).unwrap();
            assert_eq!(hierarchy.root.subject.common_name(), "serverless-acme Root CA");
            assert_eq!(hierarchy.issuing.subject.common_name(), "serverless-acme Issuing CA");
            assert_eq!(hierarchy.issuing.subject.organization(), None);
            assert_eq!(hierarchy.root.lifetime, SignedDuration::from_hours(7_300 * 24));
            assert_eq!(hierarchy.issuing.lifetime, SignedDuration::from_hours(3_650 * 24));
            assert_eq!((hierarchy.root.crl_shards, hierarchy.issuing.crl_shards), (1, 1));
            assert!(acme.external_account_required, "registration is closed unless it is opened");
            assert_eq!(acme.limits, Limits::bounds_and_rates(), "others reach it");
            assert!(acme.allowed_identifiers.is_empty() && acme.allowed_networks.is_empty());
            assert_eq!(acme.challenge_types, ChallengeType::ALL);
            assert_eq!(ra.certificate_validity, Validity { default: 45 * DAY, maximum: 45 * DAY });
            assert_eq!((acme.ra_profile.as_ref(), ra.acme_profile.as_ref()), (Some(&ra.name), Some(&acme.name)));
        }
    }

    #[test]
    fn values_are_read_from_the_text_that_cloudformation_makes_of_them() {
        assert!(!with("Open", json!("true")).unwrap().acme.external_account_required);
        assert_eq!(with("CrlShards", json!("4")).unwrap().hierarchy.issuing.crl_shards, 4);
        let rules = with("AllowedIdentifiers", json!(".corp.example, 10.0.0.0/8")).unwrap().acme.allowed_identifiers;
        assert_eq!(rules.iter().map(ToString::to_string).collect::<Vec<_>>(), [".corp.example", "10.0.0.0/8"]);
        let types = with("ChallengeTypes", json!(["dns-01"])).unwrap().acme.challenge_types;
        assert_eq!(types, [ChallengeType::Dns01]);
    }

    #[test]
    fn without_a_status_url_certificates_live_seven_days_at_most() {
        let longest = Some(7 * DAY);
        let mut properties = json!({ "RootKeyId": "root key", "IssuingKeyId": "issuing key" });
        let validity = plan(properties.clone(), longest).unwrap().ra.certificate_validity;
        assert_eq!(validity, Validity { default: 7 * DAY, maximum: 7 * DAY });
        properties["CertificateDays"] = json!("8");
        let error = plan(properties, longest).unwrap_err();
        let text = r#"the property CertificateDays is "8"; it should be a whole number from 1 to 7"#;
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (property, value) in [
            ("StackName", "a-name-of-twenty-nine-letters"),
            ("RootDays", "0"),
            ("IssuingDays", "soon"),
            ("CrlShards", "-1"),
            ("Open", "yes"),
            ("AllowedIdentifiers", "10.0.0.0/99"),
            ("ChallengeTypes", "dns-02"),
            ("ProfileName", "raProfile"),
            ("IssuingName", "serverless-acme Root CA"),
            ("IssuingKeyId", "root key"),
        ] {
            let error = with(property, json!(value)).unwrap_err();
            assert!(matches!(error, PropertyError::Invalid { property: named, .. } if named == property), "{error:?}");
        }
        assert_eq!(with("RootKeyId", json!("")).unwrap_err(), PropertyError::Missing("RootKeyId"));
        assert_eq!(with("RotDays", json!("1")).unwrap_err(), PropertyError::Unknown("RotDays".to_owned()));
        assert_eq!(plan(json!([]), None).unwrap_err(), PropertyError::NoProperties);
    }
}
