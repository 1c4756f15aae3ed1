//! The record of an RA Profile.

use acme::{ProfileName, UnknownMembers};
use ca::{CertificateKeyType, ExtendedKeyUsage, LeafExtensions, Policy, SubjectRule};
use serde::{Deserialize, Serialize};

use super::Listed;
use crate::{IssuerId, Preset, RaProfile, Validity};

/// An RA Profile as it is stored; the fields are those of [`RaProfile`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RaProfileRecord {
    name: ProfileName,
    enabled: bool,
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preset: Option<Preset>,
    issuer: IssuerId,
    certificate_validity: ValidityRecord,
    key_types: Vec<Listed<CertificateKeyType>>,
    extended_key_usage: Vec<ExtendedKeyUsage>,
    policies: Vec<Policy>,
    subject: SubjectRule,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extensions: Option<LeafExtensions>,
    #[serde(default)]
    acme_profile: Option<ProfileName>,
    #[serde(flatten)]
    unknown: UnknownMembers,
}

impl RaProfileRecord {
    /// The record of the profile that replaces `stored`. Members of `stored` that a newer version
    /// wrote are kept.
    pub fn of(profile: &RaProfile, stored: Option<&Self>) -> Self {
        let Validity { default, maximum } = profile.certificate_validity;
        Self {
            name: profile.name.clone(),
            enabled: profile.enabled,
            description: profile.description.clone(),
            preset: profile.preset,
            issuer: profile.issuer.clone(),
            certificate_validity: ValidityRecord { default, maximum },
            key_types: Listed::all(&profile.key_types),
            extended_key_usage: profile.extended_key_usage.iter().copied().collect(),
            policies: profile.policies.clone(),
            subject: profile.subject,
            extensions: profile.extensions,
            acme_profile: profile.acme_profile.clone(),
            unknown: stored.map(|stored| stored.unknown.clone()).unwrap_or_default(),
        }
    }

    /// The name of the profile.
    pub fn name(&self) -> &ProfileName {
        &self.name
    }
}

impl From<RaProfileRecord> for RaProfile {
    fn from(record: RaProfileRecord) -> Self {
        let ValidityRecord { default, maximum } = record.certificate_validity;
        Self {
            name: record.name,
            enabled: record.enabled,
            description: record.description,
            preset: record.preset,
            issuer: record.issuer,
            certificate_validity: Validity { default, maximum },
            key_types: record.key_types.into_iter().filter_map(Listed::known).collect(),
            extended_key_usage: record.extended_key_usage.into_iter().collect(),
            policies: record.policies,
            subject: record.subject,
            extensions: record.extensions,
            acme_profile: record.acme_profile,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ValidityRecord {
    default: u32,
    maximum: u32,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{AcmeProfile, AcmeProfileRecord};

    fn acme_profile() -> AcmeProfile {
        let limit = json!({ "maximum": 1, "window": 60 });
        serde_json::from_value(json!({
            "name": "web", "raProfile": "short", "profiles": { "a": { "raProfile": "short", "description": "b" } },
            "dnsResolver": { "address": "192.0.2.1" }, "preApproved": [{ "rule": ".a.test" }],
            "limits": { "newAccounts": limit, "certificates": limit }, "labels": { "a": "b" },
        }))
        .unwrap()
    }

    fn ra_profile() -> RaProfile {
        RaProfile::new("short".parse().unwrap(), "issuing".parse().unwrap())
    }

    #[test]
    fn a_record_has_the_members_of_the_document_and_nothing_else() {
        let acme = acme_profile();
        let record = AcmeProfileRecord::of(&acme, None);
        assert_eq!(serde_json::to_value(&record).unwrap(), serde_json::to_value(&acme).unwrap());
        assert_eq!(AcmeProfile::from(record), acme);
        let ra = ra_profile();
        let record = RaProfileRecord::of(&ra, None);
        assert_eq!(serde_json::to_value(&record).unwrap(), serde_json::to_value(&ra).unwrap());
        assert_eq!(RaProfile::from(record), ra);
    }

    #[test]
    fn what_a_newer_version_wrote_stays_when_the_profile_is_written_again() {
        let with_novel = |mut json: Value| {
            json["novel"] = json!({ "deep": 1 });
            json
        };
        let stored: AcmeProfileRecord =
            serde_json::from_value(with_novel(serde_json::to_value(acme_profile()).unwrap())).unwrap();
        let changed = AcmeProfile { enabled: false, ..acme_profile() };
        let written = serde_json::to_value(AcmeProfileRecord::of(&changed, Some(&stored))).unwrap();
        assert_eq!((&written["enabled"], &written["novel"]), (&json!(false), &json!({ "deep": 1 })));
        let stored: RaProfileRecord =
            serde_json::from_value(with_novel(serde_json::to_value(ra_profile()).unwrap())).unwrap();
        let written = serde_json::to_value(RaProfileRecord::of(&ra_profile(), Some(&stored))).unwrap();
        assert_eq!(written["novel"], json!({ "deep": 1 }));
    }

    #[test]
    fn what_this_version_cannot_do_is_not_offered_and_what_it_must_understand_is_not_guessed() {
        let mut acme = serde_json::to_value(acme_profile()).unwrap();
        acme["challengeTypes"] = json!(["dns-persist-01", "dns-01"]);
        let read: AcmeProfileRecord = serde_json::from_value(acme.clone()).unwrap();
        assert_eq!(AcmeProfile::from(read).challenge_types, [acme::ChallengeType::Dns01]);
        acme["deniedIdentifiers"] = json!(["novel:x"]);
        assert!(serde_json::from_value::<AcmeProfileRecord>(acme).is_err());

        let mut ra = serde_json::to_value(ra_profile()).unwrap();
        ra["keyTypes"] = json!(["ML-DSA-65", "P-256"]);
        let read: RaProfileRecord = serde_json::from_value(ra.clone()).unwrap();
        assert_eq!(RaProfile::from(read).key_types.len(), 1);
        ra["extendedKeyUsage"] = json!(["novel"]);
        assert!(serde_json::from_value::<RaProfileRecord>(ra).is_err());
    }
}
