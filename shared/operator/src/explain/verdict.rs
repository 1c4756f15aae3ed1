//! The current policy for an identifier: the rule that decides, and its profile.

use std::sync::Arc;

use acme::{ChallengeType, Identifier, ProfileName};
use authority::Failure;
use issuing::LoadedIssuer;
use ra::{IdentifierRefusal, NamePolicy};
use serde::{Deserialize, Serialize};
use store::{AcmeProfile, NameRefusal, RaProfile};

use super::listed;
use crate::{Error, Explanations};

/// What an ACME Profile says about an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NameVerdict {
    /// The DNS name or IP address.
    pub name: String,
    /// The name of the ACME Profile.
    pub profile: ProfileName,
    /// Whether a new order for the identifier would be accepted.
    pub allowed: bool,
    /// The rule that decided, and its consequence.
    pub because: String,
}

/// The RA Profile behind a directory now, and its issuer.
pub(super) struct Signing<'a> {
    ra: &'a RaProfile,
    issuer: Option<Arc<LoadedIssuer>>,
    /// Why the issuer cannot sign, if it cannot.
    off: Option<issuing::Error>,
}

impl Signing<'_> {
    /// The policy of the directory, limited to what its issuer can certify.
    pub(super) fn policy<'a>(&'a self, policy: NamePolicy<'a>) -> NamePolicy<'a> {
        match &self.issuer {
            Some(issuer) => policy.below(issuer),
            None => policy,
        }
    }
}

impl Explanations {
    /// The issuer of an RA Profile.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub(super) async fn signing<'a>(&self, ra: &'a RaProfile) -> Result<Signing<'a>, Error> {
        match self.issuers.active(&ra.issuer).await {
            Ok(issuer) => Ok(Signing { ra, issuer: Some(issuer), off: None }),
            Err(off @ (issuing::Error::IssuerOff(..) | issuing::Error::Failed(Failure::MissingIssuer(_)))) => {
                Ok(Signing { ra, issuer: None, off: Some(off) })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The verdict on an order for the identifier now. `policy` is that of the profile, and of the
/// account if there is one.
pub(super) fn verdict(
    profile: &AcmeProfile,
    signing: Option<&Signing<'_>>,
    policy: &NamePolicy<'_>,
    is_of_account: bool,
    name: &Identifier,
) -> NameVerdict {
    let (allowed, because) = match out_of_service(profile, signing) {
        Some(reason) => (false, reason),
        None => match policy.refusal(name) {
            Some(refusal) => (false, refused(profile, policy, refusal)),
            None => (true, accepted(profile, policy, is_of_account, name)),
        },
    };
    NameVerdict { name: name.to_string(), profile: profile.name.clone(), allowed, because }
}

fn out_of_service(profile: &AcmeProfile, signing: Option<&Signing<'_>>) -> Option<String> {
    match (profile.enabled, signing) {
        (false, _) => Some("the ACME Profile is disabled".to_owned()),
        (true, None) => Some("it has no RA Profile".to_owned()),
        (true, Some(Signing { ra, .. })) if !ra.enabled => Some(format!("its RA Profile {} is disabled", ra.name)),
        (true, Some(Signing { off, .. })) => off.as_ref().map(ToString::to_string),
    }
}

fn refused(profile: &AcmeProfile, policy: &NamePolicy<'_>, refusal: IdentifierRefusal) -> String {
    match refusal {
        IdentifierRefusal::Rule(NameRefusal::NotAllowed) => {
            format!("no rule of allowedIdentifiers matches: {}", listed(&profile.allowed_identifiers))
        }
        IdentifierRefusal::Rule(NameRefusal::Denied(rule)) => format!("the rule {rule} of deniedIdentifiers"),
        IdentifierRefusal::Rule(NameRefusal::Wildcard) => "allowWildcards is false".to_owned(),
        constrained @ IdentifierRefusal::Constrained(_) => constrained.to_string(),
        other => match policy.external_account() {
            Some(key) if !key.scope.is_empty() => {
                format!("{other}; the scope of the key {} is {}", key.id, listed(&key.scope))
            }
            _ => other.to_string(),
        },
    }
}

fn accepted(profile: &AcmeProfile, policy: &NamePolicy<'_>, is_of_account: bool, name: &Identifier) -> String {
    let rule = match profile.allowed_identifiers.iter().find(|rule| rule.allows(name)) {
        Some(rule) => format!("the rule {rule} of allowedIdentifiers"),
        None => "allowedIdentifiers is empty".to_owned(),
    };
    let challenges = listed(policy.challenges(name).into_iter().map(ChallengeType::as_str));
    let shown =
        if challenges.is_empty() { "no challenge type can validate it".to_owned() } else { format!("by {challenges}") };
    let demand = match (is_of_account, profile.external_account_required, profile.pre_approval(name)) {
        (true, ..) => match policy.pre_approval(name) {
            Some(approval) => format!("pre-approved by {}, no challenge is needed", approval.rule),
            None => shown,
        },
        (false, false, _) => shown,
        (false, true, None) => format!("{shown}; only for accounts with external account binding"),
        (false, true, Some(approval)) => {
            format!("pre-approved by {} for accounts whose key covers it; for others {shown}", approval.rule)
        }
    };
    format!("{rule}; {demand}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use store::IdentifierRule;

    use super::*;

    /// Whether an account without a binding may order the identifier, and why.
    fn of(fields: Value, name: &str) -> (bool, String) {
        let mut document = json!({ "name": "web" });
        document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let profile: AcmeProfile = serde_json::from_value(document).unwrap();
        let ra = RaProfile::new("web".parse().unwrap(), "issuing".parse().unwrap());
        let Ok(IdentifierRule::Exactly(name)) = name.parse() else { panic!("{name}") };
        let signing = Signing { ra: &ra, issuer: None, off: None };
        let verdict = verdict(&profile, Some(&signing), &NamePolicy::of_anyone(&profile), false, &name);
        (verdict.allowed, verdict.because)
    }

    #[test]
    fn a_verdict_names_the_rule_that_decided() {
        let rules = json!({ "allowedIdentifiers": [".example.com"], "deniedIdentifiers": [".secret.example.com"] });
        for (name, allowed, because) in [
            ("a.example.com", true, "the rule .example.com of allowedIdentifiers; by http-01, dns-01, tls-alpn-01"),
            ("*.example.com", true, "the rule .example.com of allowedIdentifiers; by dns-01"),
            ("a.secret.example.com", false, "the rule .secret.example.com of deniedIdentifiers"),
            ("example.org", false, "no rule of allowedIdentifiers matches: .example.com"),
        ] {
            assert_eq!(of(rules.clone(), name), (allowed, because.to_owned()), "{name}");
        }
        for (fields, name, because) in [
            (json!({ "allowWildcards": false }), "*.example.com", "allowWildcards is false"),
            (json!({ "enabled": false }), "example.com", "the ACME Profile is disabled"),
            (
                json!({ "challengeTypes": ["http-01"] }),
                "*.example.com",
                "wildcard names need the dns-01 challenge, which this directory does not offer",
            ),
        ] {
            assert_eq!(of(fields, name), (false, because.to_owned()), "{name}");
        }
    }

    #[test]
    fn what_is_pre_approved_is_so_for_whom_the_key_covers() {
        let rules = json!({ "externalAccountRequired": true, "preApproved": [{ "rule": ".apps.example.com" }] });
        let (allowed, because) = of(rules.clone(), "a.apps.example.com");
        assert!(allowed && because.contains("pre-approved by .apps.example.com for accounts whose key covers it"));
        let (allowed, because) = of(rules, "example.com");
        assert!(allowed && because.ends_with("only for accounts with external account binding"), "{because}");
    }
}
