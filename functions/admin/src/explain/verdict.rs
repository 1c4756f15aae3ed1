//! The words about the current policy for an identifier.

use operator::{IssuerObstacle, NameObstacle, NamePermit, NameVerdict, Proof};

use super::{NameLine, listed};

/// The verdict, with the rule that decided and its consequence.
pub(super) fn line(verdict: NameVerdict) -> NameLine {
    let because = match &verdict.decision {
        Ok(permit) => accepted(permit),
        Err(obstacle) => refused(obstacle),
    };
    NameLine { name: verdict.name.to_string(), profile: verdict.profile, allowed: verdict.decision.is_ok(), because }
}

fn refused(obstacle: &NameObstacle) -> String {
    match obstacle {
        NameObstacle::AcmeProfileDisabled => "the ACME Profile is disabled".to_owned(),
        NameObstacle::Denied(rule) => format!("the rule {rule} of deniedIdentifiers"),
        NameObstacle::Issuer(IssuerObstacle::Missing(issuer)) => format!("there is no issuer {issuer}"),
        NameObstacle::Issuer(IssuerObstacle::NotValid(failure)) => failure.clone(),
        NameObstacle::Issuer(IssuerObstacle::Off(issuer, state)) => format!("issuer {issuer} is {state}"),
        NameObstacle::NameConstraints(refusal) | NameObstacle::Policy(refusal, None) => refusal.to_string(),
        NameObstacle::NoRaProfile => "it has no RA Profile".to_owned(),
        NameObstacle::NotAllowed(rules) => format!("no rule of allowedIdentifiers matches: {}", listed(rules)),
        NameObstacle::Policy(refusal, Some((key, scope))) => {
            format!("{refusal}; the scope of the key {key} is {}", listed(scope))
        }
        NameObstacle::RaProfileDisabled(ra) => format!("its RA Profile {ra} is disabled"),
        NameObstacle::Wildcard => "allowWildcards is false".to_owned(),
    }
}

fn accepted(permit: &NamePermit) -> String {
    let rule = match &permit.rule {
        Some(rule) => format!("the rule {rule} of allowedIdentifiers"),
        None => "allowedIdentifiers is empty".to_owned(),
    };
    let challenges = listed(&permit.challenges);
    let validated =
        if challenges.is_empty() { "no challenge type can validate it".to_owned() } else { format!("by {challenges}") };
    let proof = match &permit.proof {
        Proof::ByChallenge => validated,
        Proof::ByChallengeOfBoundAccount => format!("{validated}; only for accounts with external account binding"),
        Proof::PreApproved(rule) => format!("pre-approved by {rule}, no challenge is needed"),
        Proof::PreApprovedForCoveringKeys(rule) => {
            format!("pre-approved by {rule} for accounts whose key covers it; for others {validated}")
        }
    };
    format!("{rule}; {proof}")
}

#[cfg(test)]
mod tests {
    use acme::{ChallengeType, ExternalAccountKeyId, Identifier};
    use jiff::Timestamp;
    use ra::IdentifierRefusal;
    use store::{IdentifierRule, IssuerId, IssuerState};

    use super::*;

    fn rule(text: &str) -> IdentifierRule {
        text.parse().unwrap()
    }

    fn permit(challenges: &[ChallengeType], proof: Proof) -> NamePermit {
        NamePermit { rule: Some(rule(".example.com")), challenges: challenges.to_vec(), proof }
    }

    #[test]
    fn a_verdict_names_the_rule_that_decided() {
        let issuer: IssuerId = "issuing".parse().unwrap();
        let key = ExternalAccountKeyId::new(Timestamp::UNIX_EPOCH, [7; 10]);
        let out_of_scope = || IdentifierRefusal::Policy("out of scope");
        for (obstacle, because) in [
            (NameObstacle::AcmeProfileDisabled, "the ACME Profile is disabled".to_owned()),
            (NameObstacle::Denied(rule(".b.test")), "the rule .b.test of deniedIdentifiers".to_owned()),
            (NameObstacle::Issuer(IssuerObstacle::Missing(issuer.clone())), "there is no issuer issuing".to_owned()),
            (NameObstacle::Issuer(IssuerObstacle::NotValid("it ended".to_owned())), "it ended".to_owned()),
            (
                NameObstacle::Issuer(IssuerObstacle::Off(issuer, IssuerState::Retired)),
                "issuer issuing is retired".to_owned(),
            ),
            (
                NameObstacle::NotAllowed(vec![rule(".a.test"), rule("b.test")]),
                "no rule of allowedIdentifiers matches: .a.test, b.test".to_owned(),
            ),
            (NameObstacle::Policy(out_of_scope(), None), "out of scope".to_owned()),
            (
                NameObstacle::Policy(out_of_scope(), Some((key, vec![rule(".a.test")]))),
                format!("out of scope; the scope of the key {key} is .a.test"),
            ),
            (NameObstacle::Wildcard, "allowWildcards is false".to_owned()),
        ] {
            assert_eq!(refused(&obstacle), because);
        }
    }

    #[test]
    fn a_permit_says_who_has_to_validate_and_how() {
        let both = [ChallengeType::Http01, ChallengeType::Dns01];
        for (proof, expected) in [
            (Proof::ByChallenge, "by http-01, dns-01"),
            (Proof::ByChallengeOfBoundAccount, "by http-01, dns-01; only for accounts with external account binding"),
            (Proof::PreApproved(rule(".x.test")), "pre-approved by .x.test, no challenge is needed"),
            (
                Proof::PreApprovedForCoveringKeys(rule(".x.test")),
                "pre-approved by .x.test for accounts whose key covers it; for others by http-01, dns-01",
            ),
        ] {
            let expected = format!("the rule .example.com of allowedIdentifiers; {expected}");
            assert_eq!(accepted(&permit(&both, proof)), expected);
        }
        let open = NamePermit { rule: None, ..permit(&[], Proof::ByChallenge) };
        assert_eq!(accepted(&open), "allowedIdentifiers is empty; no challenge type can validate it");
    }

    #[test]
    fn the_line_of_a_verdict_says_whether_an_order_is_accepted() {
        let name = Identifier::Dns("a.example.com".parse().unwrap());
        let profile: acme::ProfileName = "web".parse().unwrap();
        let allowed = Ok(permit(&[ChallengeType::Dns01], Proof::ByChallenge));
        for (decision, allowed) in [(allowed, true), (Err(NameObstacle::Wildcard), false)] {
            let line = line(NameVerdict { name: name.clone(), profile: profile.clone(), decision });
            assert_eq!((line.name.as_str(), line.allowed), ("a.example.com", allowed));
        }
    }
}
