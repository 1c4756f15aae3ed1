//! The current policy for an identifier: the rule that decides, and its profile.

use std::sync::Arc;

use acme::{ChallengeType, ExternalAccountKeyId, Identifier, ProfileName};
use authority::Failure;
use issuing::LoadedIssuer;
use ra::{IdentifierRefusal, NamePolicy};
use store::{AcmeProfile, IdentifierRule, IssuerId, IssuerState, NameRefusal, RaProfile};

use crate::{Error, Explanations};

/// What an ACME Profile says about a new order for an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameVerdict {
    /// The identifier as a client would order it, perhaps a wildcard.
    pub name: Identifier,
    /// The name of the ACME Profile.
    pub profile: ProfileName,
    /// Whether the order would be accepted, and what decides that.
    pub decision: Result<NamePermit, NameObstacle>,
}

/// Why an order for an identifier would be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePermit {
    /// The rule of `allowedIdentifiers` that allows it; `None` if the profile has no such rules.
    pub rule: Option<IdentifierRule>,
    /// The challenge types that can validate the identifier.
    pub challenges: Vec<ChallengeType>,
    /// Who has to use them.
    pub proof: Proof,
}

/// Who has to prove control of an identifier by a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Every account has to.
    ByChallenge,
    /// Every account has to, and only accounts with an external account binding are accepted.
    ByChallengeOfBoundAccount,
    /// This account need not: the rule pre-approves the identifier.
    PreApproved(IdentifierRule),
    /// Accounts have to whose external account key does not cover it; for others, this rule
    /// pre-approves it.
    PreApprovedForCoveringKeys(IdentifierRule),
}

/// Why an order for an identifier would be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameObstacle {
    /// The ACME Profile is disabled.
    AcmeProfileDisabled,
    /// A rule of `deniedIdentifiers` refuses it.
    Denied(IdentifierRule),
    /// The issuer of the RA Profile does not sign.
    Issuer(IssuerObstacle),
    /// The issuer may not certify it.
    NameConstraints(IdentifierRefusal),
    /// The ACME Profile refers to no RA Profile.
    NoRaProfile,
    /// No rule of `allowedIdentifiers` matches it; these are the rules.
    NotAllowed(Vec<IdentifierRule>),
    /// Another policy refuses it, perhaps because of this external account key and its scope.
    Policy(IdentifierRefusal, Option<(ExternalAccountKeyId, Vec<IdentifierRule>)>),
    /// The RA Profile of this name is disabled.
    RaProfileDisabled(ProfileName),
    /// The ACME Profile does not issue for wildcard names.
    Wildcard,
}

/// Why an issuer does not sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerObstacle {
    /// It does not exist.
    Missing(IssuerId),
    /// The failure says when it and the CAs above it are valid: at another time.
    NotValid(String),
    /// It is retired or has no certificate yet.
    Off(IssuerId, IssuerState),
}

/// The RA Profile behind a directory now, and its issuer.
pub(super) struct Signing<'a> {
    ra: &'a RaProfile,
    issuer: Result<Arc<LoadedIssuer>, IssuerObstacle>,
}

impl Signing<'_> {
    /// The policy of the directory, limited to what its issuer can certify.
    pub(super) fn policy<'a>(&'a self, policy: NamePolicy<'a>) -> NamePolicy<'a> {
        match &self.issuer {
            Ok(issuer) => policy.below(issuer),
            Err(_) => policy,
        }
    }
}

impl Explanations {
    /// The issuer of an RA Profile.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub(super) async fn signing<'a>(&self, ra: &'a RaProfile) -> Result<Signing<'a>, Error> {
        let issuer = match self.issuers.active(&ra.issuer).await {
            Ok(issuer) => Ok(issuer),
            Err(issuing::Error::IssuerOff(id, state)) => Err(IssuerObstacle::Off(id, state)),
            Err(issuing::Error::Failed(Failure::MissingIssuer(id))) => Err(IssuerObstacle::Missing(id)),
            Err(issuing::Error::Failed(failure @ Failure::IssuerNotValid { .. })) => {
                Err(IssuerObstacle::NotValid(failure.to_string()))
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Signing { ra, issuer })
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
    let decision = match out_of_service(profile, signing) {
        Some(obstacle) => Err(obstacle),
        None => decision(profile, policy, is_of_account, name),
    };
    NameVerdict { name: name.clone(), profile: profile.name.clone(), decision }
}

fn out_of_service(profile: &AcmeProfile, signing: Option<&Signing<'_>>) -> Option<NameObstacle> {
    if !profile.enabled {
        return Some(NameObstacle::AcmeProfileDisabled);
    }
    let Some(Signing { ra, issuer }) = signing else { return Some(NameObstacle::NoRaProfile) };
    if !ra.enabled {
        return Some(NameObstacle::RaProfileDisabled(ra.name.clone()));
    }
    issuer.as_ref().err().cloned().map(NameObstacle::Issuer)
}

fn decision(
    profile: &AcmeProfile,
    policy: &NamePolicy<'_>,
    is_of_account: bool,
    name: &Identifier,
) -> Result<NamePermit, NameObstacle> {
    if let Some(refusal) = policy.refusal(name) {
        return Err(obstacle(profile, policy, refusal));
    }
    Ok(NamePermit {
        rule: profile.allowed_identifiers.iter().find(|rule| rule.allows(name)).cloned(),
        challenges: policy.challenges(name),
        proof: proof(profile, policy, is_of_account, name),
    })
}

fn obstacle(profile: &AcmeProfile, policy: &NamePolicy<'_>, refusal: IdentifierRefusal) -> NameObstacle {
    match refusal {
        IdentifierRefusal::Rule(NameRefusal::NotAllowed) => {
            NameObstacle::NotAllowed(profile.allowed_identifiers.clone())
        }
        IdentifierRefusal::Rule(NameRefusal::Denied(rule)) => NameObstacle::Denied(rule),
        IdentifierRefusal::Rule(NameRefusal::Wildcard) => NameObstacle::Wildcard,
        IdentifierRefusal::Constrained(_) => NameObstacle::NameConstraints(refusal),
        IdentifierRefusal::NotPublic(_) => NameObstacle::Policy(refusal, None),
        IdentifierRefusal::Malformed(_) | IdentifierRefusal::Policy(_) => {
            let key = policy.external_account().filter(|key| !key.scope.is_empty());
            NameObstacle::Policy(refusal, key.map(|key| (key.id, key.scope.clone())))
        }
    }
}

fn proof(profile: &AcmeProfile, policy: &NamePolicy<'_>, is_of_account: bool, name: &Identifier) -> Proof {
    if is_of_account {
        let approval = policy.pre_approval(name);
        return approval.map_or(Proof::ByChallenge, |approval| Proof::PreApproved(approval.rule.clone()));
    }
    if !profile.external_account_required {
        return Proof::ByChallenge;
    }
    let approval = profile.pre_approval(name);
    approval
        .map_or(Proof::ByChallengeOfBoundAccount, |approval| Proof::PreApprovedForCoveringKeys(approval.rule.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn profile(fields: Value) -> AcmeProfile {
        let mut document = json!({ "name": "web" });
        document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(document).unwrap()
    }

    /// Whether an account without a binding may order the identifier, and why.
    fn of(fields: Value, name: &str) -> Result<NamePermit, NameObstacle> {
        let profile = profile(fields);
        let Ok(IdentifierRule::Exactly(name)) = name.parse() else { panic!("{name}") };
        decision(&profile, &NamePolicy::of_anyone(&profile), false, &name)
    }

    fn rule(text: &str) -> IdentifierRule {
        text.parse().unwrap()
    }

    #[test]
    fn a_verdict_has_the_rule_that_decided() {
        let rules = json!({ "allowedIdentifiers": [".example.com"], "deniedIdentifiers": [".secret.example.com"] });
        for (name, challenges) in [
            ("a.example.com", vec![ChallengeType::Http01, ChallengeType::Dns01, ChallengeType::TlsAlpn01]),
            ("*.example.com", vec![ChallengeType::Dns01]),
        ] {
            let permit = NamePermit { rule: Some(rule(".example.com")), challenges, proof: Proof::ByChallenge };
            assert_eq!(of(rules.clone(), name), Ok(permit), "{name}");
        }
        for (fields, name, obstacle) in [
            (rules.clone(), "a.secret.example.com", NameObstacle::Denied(rule(".secret.example.com"))),
            (rules, "example.org", NameObstacle::NotAllowed(vec![rule(".example.com")])),
            (json!({ "allowWildcards": false }), "*.example.com", NameObstacle::Wildcard),
        ] {
            assert_eq!(of(fields, name), Err(obstacle), "{name}");
        }
        let refused = of(json!({ "challengeTypes": ["http-01"] }), "*.example.com");
        assert!(matches!(refused, Err(NameObstacle::Policy(_, None))), "{refused:?}");
    }

    #[test]
    fn what_is_out_of_service_refuses_every_name() {
        let mut ra = RaProfile::new("web".parse().unwrap(), "issuing".parse().unwrap());
        let off = IssuerObstacle::Off(ra.issuer.clone(), IssuerState::Retired);
        let enabled = profile(json!({}));
        let retired = Signing { ra: &ra, issuer: Err(off.clone()) };
        assert_eq!(out_of_service(&enabled, Some(&retired)), Some(NameObstacle::Issuer(off.clone())));
        assert_eq!(out_of_service(&enabled, None), Some(NameObstacle::NoRaProfile));
        let disabled = profile(json!({ "enabled": false }));
        assert_eq!(out_of_service(&disabled, Some(&retired)), Some(NameObstacle::AcmeProfileDisabled));
        ra.enabled = false;
        let disabled = Signing { ra: &ra, issuer: Err(off) };
        let expected = NameObstacle::RaProfileDisabled(ra.name.clone());
        assert_eq!(out_of_service(&enabled, Some(&disabled)), Some(expected));
    }

    #[test]
    fn what_is_pre_approved_is_so_for_whom_the_key_covers() {
        let rules = json!({ "externalAccountRequired": true, "preApproved": [{ "rule": ".apps.example.com" }] });
        let approved = of(rules.clone(), "a.apps.example.com").map(|permit| permit.proof);
        assert_eq!(approved, Ok(Proof::PreApprovedForCoveringKeys(rule(".apps.example.com"))));
        let other = of(rules, "example.com").map(|permit| permit.proof);
        assert_eq!(other, Ok(Proof::ByChallengeOfBoundAccount));
    }
}
