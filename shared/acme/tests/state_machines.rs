//! Properties of the state machines of RFC 8555 §7.1.6: whatever the events and their order, what
//! is settled stays settled.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "what does not go well fails the test")]

use std::num::NonZeroU128;

use acme::{
    AccountId, Attempt, Authorization, AuthorizationEvent, AuthorizationId, AuthorizationState, AuthorizationStatus,
    CertificateId, Challenge, ChallengeState, ChallengeStatus, ChallengeToken, ChallengeType, Identifier, Issuance,
    KeyAuthorization, Order, OrderEvent, OrderId, OrderState, OrderStatus, Problem, ProblemType, ProfileName, Serial,
    Validation,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn profile() -> ProfileName {
    "web".parse().unwrap()
}

fn name(text: &str) -> Identifier {
    Identifier::Dns(text.parse().unwrap())
}

fn authorization(number: u8) -> Authorization {
    let token = ChallengeToken::from_random([number; 32]);
    Authorization {
        id: AuthorizationId::new(at(0), [number; 10]),
        account: AccountId::new(at(0), [1; 10]),
        directory: "default".parse().unwrap(),
        identifier: name(&format!("{number}.test")),
        created_at: at(0),
        expires_at: at(3600),
        state: AuthorizationState::Pending,
        challenges: ChallengeType::ALL.map(|r#type| Challenge::new(r#type, token.clone())).to_vec(),
        pre_approval: None,
        evidence: None,
    }
}

fn order(authorizations: &[Authorization]) -> Order {
    Order {
        id: OrderId::new(at(0), [2; 10]),
        account: AccountId::new(at(0), [1; 10]),
        directory: "default".parse().unwrap(),
        identifiers: authorizations.iter().map(|authorization| authorization.identifier.clone()).collect(),
        authorizations: authorizations.iter().map(|authorization| authorization.id).collect(),
        created_at: at(0),
        expires_at: at(3600),
        not_before: None,
        not_after: None,
        profile: None,
        replaces: None,
        is_renewal: false,
        state: OrderState::Open,
    }
}

fn validation(requested: i64) -> Validation {
    let token = ChallengeToken::from_random([9; 32]);
    Validation {
        lease_until: at(requested + 60),
        deadline: at(requested + 300),
        key_authorization: KeyAuthorization::new(
            &token,
            &"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".parse().unwrap(),
        ),
        account_urls: Vec::new(),
    }
}

fn problem() -> Problem {
    Problem::new(ProblemType::Connection, "refused")
}

fn attempt(ended: i64) -> Attempt {
    Attempt { at: at(ended), address: None, problem: problem(), found: None, perspectives: Vec::new() }
}

fn issuance() -> Issuance {
    let certificate = CertificateId::new(vec![1; 20], Serial::from(NonZeroU128::MIN));
    Issuance { certificate, csr_digest: vec![4; 32], began_at: at(1), not_after: at(9999), ra_profile: None }
}

fn authorization_event() -> impl Strategy<Value = AuthorizationEvent> {
    use AuthorizationEvent as E;
    (0..3usize, 0..6u8, 0..400i64).prop_map(|(which, event, second)| {
        let r#type = ChallengeType::ALL[which];
        match event {
            0 => E::Requested(r#type, validation(second)),
            1 => E::Resumed(r#type, at(second + 60)),
            2 => E::AttemptFailed(r#type, attempt(second)),
            3 => E::Succeeded {
                r#type,
                at: at(second),
                observations: Vec::new(),
                profile: profile(),
                lifetime: SignedDuration::from_hours(1),
            },
            4 => E::Failed(r#type, attempt(second)),
            _ => E::Deactivated,
        }
    })
}

fn order_event() -> impl Strategy<Value = OrderEvent> {
    prop_oneof![
        Just(OrderEvent::IssuanceBegan(issuance())),
        Just(OrderEvent::Issued),
        Just(OrderEvent::Failed(problem())),
    ]
}

fn is_settled(challenge: &Challenge) -> bool {
    matches!(challenge.state, ChallengeState::Valid { .. } | ChallengeState::Invalid { .. })
}

proptest! {
    #[test]
    fn n3_a_settled_challenge_does_not_move(events in prop::collection::vec(authorization_event(), 1..40)) {
        let mut now = authorization(1);
        for event in events {
            let Ok(next) = now.transition(event) else { continue };
            for (before, after) in now.challenges.iter().zip(&next.challenges) {
                prop_assert!(!is_settled(before) || before == after);
            }
            let before_is_final = matches!(now.state, AuthorizationState::Invalid | AuthorizationState::Deactivated);
            prop_assert!(!before_is_final || now == next);
            now = next;
        }
    }

    #[test]
    fn an_authorization_is_valid_exactly_when_one_challenge_is(events in prop::collection::vec(authorization_event(), 1..40)) {
        let mut now = authorization(1);
        for event in events {
            now = now.transition(event).unwrap_or(now);
        }
        let shown = now.challenges.iter().any(|challenge| matches!(challenge.state, ChallengeState::Valid { .. }));
        let decided_valid = now.state == AuthorizationState::Valid;
        prop_assert!(shown || !decided_valid);
        prop_assert!(!shown || decided_valid || now.state == AuthorizationState::Deactivated);
    }

    #[test]
    fn an_order_begins_one_issuance_at_most(events in prop::collection::vec(order_event(), 1..20)) {
        let mut now = order(&[authorization(1)]);
        let mut begun = 0;
        for event in events {
            let begins = matches!(event, OrderEvent::IssuanceBegan(_));
            let Ok(next) = now.transition(event) else { continue };
            begun += usize::from(begins);
            prop_assert!(!matches!(now.state, OrderState::Valid(_) | OrderState::Invalid(_)));
            now = next;
        }
        prop_assert!(begun <= 1);
    }

    #[test]
    fn n3_an_order_is_ready_only_when_all_its_authorizations_are_valid(
        states in prop::collection::vec(0..4u8, 1..6),
        missing in any::<prop::sample::Index>(),
        one_is_missing: bool,
    ) {
        let mut authorizations: Vec<Authorization> = states.iter().enumerate().map(|(number, state)| {
            let fresh = authorization(number as u8);
            let requested = || fresh.transition(AuthorizationEvent::Requested(ChallengeType::Http01, validation(0))).unwrap();
            match state {
                0 => fresh,
                1 => requested()
                    .transition(AuthorizationEvent::Succeeded {
                        r#type: ChallengeType::Http01, at: at(1), observations: Vec::new(), profile: profile(),
                        lifetime: SignedDuration::from_hours(1),
                    })
                    .unwrap(),
                2 => requested().transition(AuthorizationEvent::Failed(ChallengeType::Http01, attempt(1))).unwrap(),
                _ => fresh.transition(AuthorizationEvent::Deactivated).unwrap(),
            }
        }).collect();
        let order = order(&authorizations);
        if one_is_missing {
            authorizations.remove(missing.index(authorizations.len()));
        }
        let all_valid = states.iter().all(|state| *state == 1) && !one_is_missing;
        let status = order.status(&authorizations, at(2));
        prop_assert_eq!(status == OrderStatus::Ready, all_valid);
        prop_assert_eq!(order.error(&authorizations, at(2)).is_some(), status == OrderStatus::Invalid);
    }
}

#[test]
fn nothing_is_processing_for_ever() {
    let requested =
        authorization(1).transition(AuthorizationEvent::Requested(ChallengeType::Dns01, validation(0))).unwrap();
    let challenge = requested.challenge(ChallengeType::Dns01).unwrap();
    assert_eq!(challenge.status(at(299)), ChallengeStatus::Processing);
    assert_eq!(challenge.status(at(300)), ChallengeStatus::Invalid);
    assert!(challenge.error(at(300)).is_some());
    assert_eq!(requested.status(at(300)), AuthorizationStatus::Invalid);
    let too_late = AuthorizationEvent::Succeeded {
        r#type: ChallengeType::Dns01,
        at: at(300),
        observations: Vec::new(),
        profile: profile(),
        lifetime: SignedDuration::from_hours(1),
    };
    assert!(requested.transition(too_late).is_err());
}

#[test]
fn n11_a_valid_order_stays_valid_after_its_expiry() {
    let valid =
        order(&[]).transition(OrderEvent::IssuanceBegan(issuance())).unwrap().transition(OrderEvent::Issued).unwrap();
    assert_eq!(valid.status(&[], at(1_000_000)), OrderStatus::Valid);
    assert_eq!(valid.error(&[], at(1_000_000)), None);
}

#[test]
fn an_open_order_expires_with_a_reason() {
    let expired = order(&[authorization(1)]);
    assert_eq!(expired.status(&[authorization(1)], at(3600)), OrderStatus::Invalid);
    let error = expired.error(&[authorization(1)], at(3600)).unwrap();
    assert!(!error.subproblems.is_empty() || error.detail.contains("expired"), "{error:?}");
}
