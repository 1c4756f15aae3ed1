//! Authorizations (RFC 8555 §7.1.4): an account may obtain certificates for an identifier once one
//! of the authorization's challenges was validated.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

use crate::{
    AccountId, Attempt, AuthorizationId, Challenge, ChallengeObject, ChallengeState, ChallengeStatus, ChallengeType,
    DirectoryId, Family, Identifier, IdentifierObject, Observation, Problem, ProfileName, TransitionError,
    UnknownMembers, Urls, Validation, ValidationEvidence,
};

/// An authorization with its challenges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// The id, which is also in the authorization's URL.
    pub id: AuthorizationId,
    /// The account that it was created for.
    pub account: AccountId,
    /// The directory of the account.
    pub directory: DirectoryId,
    /// The identifier, including `*.` when the authorization was created for a wildcard.
    pub identifier: Identifier,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The state, as far as it is stored; [`Authorization::status`] adds expiry.
    pub state: AuthorizationState,
    /// The challenges offered, of a valid one those that the client asked for, in the order of
    /// [`ChallengeType::ALL`]. Those of a type that this version does not know are skipped when the
    /// record is read, and lost when it is written again.
    #[serde(deserialize_with = "known_challenges")]
    pub challenges: Vec<Challenge>,
    /// The operator's rule that made the authorization valid on creation; `None` when a challenge
    /// is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_approval: Option<String>,
    /// How it was validated; `None` before it was, and where an earlier version validated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<ValidationEvidence>,
}

/// The stored state of an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthorizationState {
    /// No challenge has been settled.
    Pending,
    /// A challenge was validated.
    Valid,
    /// A challenge failed.
    Invalid,
    /// The client deactivated it (RFC 8555 §7.5.2).
    Deactivated,
}

/// The events that change an authorization.
#[derive(Clone, Debug)]
pub enum AuthorizationEvent {
    /// The client responded to a challenge, and its validation starts.
    Requested(ChallengeType, Validation),
    /// A worker takes over a validation whose lease expired; its new lease lasts until the given
    /// time.
    Resumed(ChallengeType, Timestamp),
    /// An attempt failed and will be repeated.
    AttemptFailed(ChallengeType, Attempt),
    /// The challenge was validated.
    Succeeded {
        /// The type of the challenge.
        r#type: ChallengeType,
        /// When the response was accepted.
        at: Timestamp,
        /// What was observed, once for each network perspective; the first is that of the CA
        /// itself.
        observations: Vec<Observation>,
        /// The ACME Profile whose rules applied.
        profile: ProfileName,
        /// How long the authorization stays valid, from `at`.
        lifetime: SignedDuration,
    },
    /// The last attempt failed.
    Failed(ChallengeType, Attempt),
    /// The client deactivates it (RFC 8555 §7.5.2).
    Deactivated,
}

impl Authorization {
    /// The status at `now`: the stored state, with expiry.
    pub fn status(&self, now: Timestamp) -> AuthorizationStatus {
        match self.state {
            AuthorizationState::Deactivated => AuthorizationStatus::Deactivated,
            AuthorizationState::Invalid => AuthorizationStatus::Invalid,
            AuthorizationState::Pending
                if self.challenges.iter().any(|c| c.status(now) == ChallengeStatus::Invalid) =>
            {
                AuthorizationStatus::Invalid
            }
            _ if self.expires_at <= now => AuthorizationStatus::Expired,
            AuthorizationState::Pending => AuthorizationStatus::Pending,
            AuthorizationState::Valid => AuthorizationStatus::Valid,
        }
    }

    /// The ACME Profile under whose rules control was shown. `None` before it was shown, and where
    /// an earlier version validated in a directory behind which another profile may have stood
    /// since.
    pub fn shown_under(&self) -> Option<&ProfileName> {
        let evidence = self.evidence.as_ref().map(|evidence| evidence.profile.as_ref());
        match (self.state, evidence, self.directory.family) {
            (AuthorizationState::Valid, Some(Some(profile)), _) => Some(profile),
            // A directory of this family has the name of its profile.
            (AuthorizationState::Valid, _, Family::AcmeProfile) => Some(&self.directory.name),
            _ => None,
        }
    }

    /// Whether nothing was validated for it, because a switch for testing clients was on.
    pub fn is_unvalidated(&self) -> bool {
        let observed = self.evidence.iter().flat_map(|evidence| &evidence.observations);
        observed.into_iter().any(|observation| observation.test_switch)
    }

    /// The challenge of that type, if it is offered.
    pub fn challenge(&self, r#type: ChallengeType) -> Option<&Challenge> {
        self.challenges.iter().find(|challenge| challenge.r#type == r#type)
    }

    /// The problem that made it invalid, if it is invalid.
    pub fn error(&self, now: Timestamp) -> Option<Problem> {
        let failed = |challenge: &&Challenge| challenge.status(now) == ChallengeStatus::Invalid;
        self.challenges.iter().find(failed).and_then(|challenge| challenge.error(now))
    }

    /// The authorization after `event`.
    ///
    /// # Errors
    /// The present state does not allow the event: a settled challenge does not change any more
    /// (N3), and neither does a challenge of a settled authorization.
    pub fn transition(&self, event: AuthorizationEvent) -> Result<Self, TransitionError> {
        use AuthorizationEvent as Event;
        let refused = |event| TransitionError { object: "authorization", state: self.state.name(), event };
        let mut next = self.clone();
        match (self.state, &event) {
            (AuthorizationState::Pending, _) | (AuthorizationState::Valid, Event::Deactivated) => {}
            (_, Event::Deactivated) => return Err(refused("deactivation")),
            _ => return Err(refused("validation")),
        }
        match event {
            Event::Requested(r#type, validation) => {
                let challenge = next.challenge_mut(r#type)?;
                match challenge.state {
                    ChallengeState::Pending => challenge.state = ChallengeState::Processing(validation),
                    _ => return Err(refused("a second request")),
                }
            }
            Event::Resumed(r#type, lease_until) => next.validation_mut(r#type)?.lease_until = lease_until,
            Event::AttemptFailed(r#type, attempt) => {
                next.validation_mut(r#type)?;
                next.challenge_mut(r#type)?.attempts.push(attempt);
            }
            Event::Succeeded { r#type, at, observations, profile, lifetime } => {
                // An authorization that clients saw as invalid or expired must not become valid.
                if self.status(at) != AuthorizationStatus::Pending {
                    return Err(refused("a result that comes too late"));
                }
                let address = observations.first().and_then(|observation| observation.address);
                // The others are not shown any more, and would be a fifth of the record.
                next.challenges.retain(Challenge::is_asked_for);
                next.settle(r#type, ChallengeState::Valid { at, address })?;
                let unknown = UnknownMembers::default();
                let profile = Some(profile);
                next.evidence = Some(ValidationEvidence { challenge: r#type, at, profile, observations, unknown });
                next.state = AuthorizationState::Valid;
                next.expires_at = at.checked_add(lifetime).unwrap_or(self.expires_at);
            }
            Event::Failed(r#type, attempt) => {
                next.settle(r#type, ChallengeState::Invalid { at: attempt.at, error: attempt.problem.clone() })?;
                next.challenge_mut(r#type)?.attempts.push(attempt);
                next.state = AuthorizationState::Invalid;
            }
            Event::Deactivated => {
                next.stop_waiting();
                next.state = AuthorizationState::Deactivated;
            }
        }
        Ok(next)
    }

    /// The authorization object at `now` (RFC 8555 §7.1.4). Once it is valid, it lists only the
    /// challenge that was validated, as §7.1.4 asks.
    pub fn object(&self, urls: &Urls, now: Timestamp) -> AuthorizationObject {
        let settled = self.state == AuthorizationState::Valid;
        let shown = |challenge: &&Challenge| !settled || matches!(challenge.state, ChallengeState::Valid { .. });
        AuthorizationObject {
            identifier: self.identifier.base(),
            status: self.status(now),
            expires: self.expires_at,
            challenges: self
                .challenges
                .iter()
                .filter(shown)
                .map(|challenge| {
                    let url = urls.challenge(&self.directory, self.id, challenge.r#type);
                    challenge.object(url, now)
                })
                .collect(),
            wildcard: self.identifier.is_wildcard(),
        }
    }

    fn challenge_mut(&mut self, r#type: ChallengeType) -> Result<&mut Challenge, TransitionError> {
        let refused = TransitionError {
            object: "authorization",
            state: self.state.name(),
            event: "a challenge that is not offered",
        };
        self.challenges.iter_mut().find(|challenge| challenge.r#type == r#type).ok_or(refused)
    }

    /// Settles the challenge that decides the authorization; the others are not validated any more.
    fn settle(&mut self, r#type: ChallengeType, state: ChallengeState) -> Result<(), TransitionError> {
        self.validation_mut(r#type)?;
        self.stop_waiting();
        self.challenge_mut(r#type)?.state = state;
        Ok(())
    }

    fn stop_waiting(&mut self) {
        for challenge in &mut self.challenges {
            if matches!(challenge.state, ChallengeState::Processing(_)) {
                challenge.state = ChallengeState::Pending;
            }
        }
    }

    fn validation_mut(&mut self, r#type: ChallengeType) -> Result<&mut Validation, TransitionError> {
        match &mut self.challenge_mut(r#type)?.state {
            ChallengeState::Processing(validation) => Ok(validation),
            _ => Err(TransitionError { object: "challenge", state: "settled or not asked for", event: "a result" }),
        }
    }
}

impl AuthorizationState {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Deactivated => "deactivated",
        }
    }
}

/// The statuses of an authorization (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizationStatus {
    /// No challenge has been settled yet.
    Pending,
    /// A challenge was validated.
    Valid,
    /// A challenge failed.
    Invalid,
    /// The client deactivated it.
    Deactivated,
    /// Its lifetime has ended.
    Expired,
}

/// The authorization object of RFC 8555 §7.1.4.
#[derive(Clone, Debug, Serialize)]
pub struct AuthorizationObject {
    /// The identifier without `*.`.
    pub identifier: Identifier,
    /// The status at the time of the request.
    pub status: AuthorizationStatus,
    /// When it expires.
    pub expires: Timestamp,
    /// The challenges; only the validated one once the authorization is valid.
    pub challenges: Vec<ChallengeObject>,
    /// Present and true if the authorization is for a wildcard.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wildcard: bool,
}

/// The payload of a pre-authorization request (RFC 8555 §7.4.1).
#[derive(Clone, Debug, Deserialize)]
pub struct NewAuthorization {
    /// The identifier to authorize; not a wildcard.
    pub identifier: IdentifierObject,
}

/// The payload of a request to an authorization (RFC 8555 §7.5.2).
#[derive(Clone, Debug, Deserialize)]
pub struct AuthorizationUpdate {
    /// `deactivated` deactivates the authorization; no other value is accepted.
    pub status: Option<String>,
}

/// Reads the challenges whose types are known here. A newer version may offer others.
fn known_challenges<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Challenge>, D::Error> {
    #[derive(Deserialize)]
    struct Typed {
        r#type: String,
    }
    let stored = Vec::<Box<RawValue>>::deserialize(deserializer)?;
    let challenge = |raw: &RawValue| match serde_json::from_str::<Typed>(raw.get()) {
        Ok(typed) if typed.r#type.parse::<ChallengeType>().is_err() => Ok(None),
        _ => serde_json::from_str(raw.get()).map(Some).map_err(de::Error::custom),
    };
    stored.iter().filter_map(|raw| challenge(raw).transpose()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn stored(challenges: Value) -> Value {
        json!({
            "id": AuthorizationId::new(Timestamp::UNIX_EPOCH, [1; 10]),
            "account": AccountId::new(Timestamp::UNIX_EPOCH, [1; 10]),
            "directory": "default", "identifier": { "type": "dns", "value": "a.test" },
            "created_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z", "state": "pending",
            "challenges": challenges,
        })
    }

    #[test]
    fn challenges_of_a_newer_version_are_passed_over_and_broken_ones_are_not() {
        let known = json!({ "type": "dns-01", "token": "abc", "state": "pending" });
        let newer = json!({ "type": "dns-persist-01", "state": { "novel": 1 } });
        let read: Authorization = serde_json::from_value(stored(json!([newer, known]))).unwrap();
        assert_eq!(
            read.challenges.iter().map(|challenge| challenge.r#type).collect::<Vec<_>>(),
            [ChallengeType::Dns01]
        );
        for broken in [json!([{ "type": "dns-01", "state": "novel" }]), json!([{ "state": "pending" }]), json!([1])] {
            assert!(serde_json::from_value::<Authorization>(stored(broken.clone())).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_challenge_without_a_token_reads_and_shows_none() {
        let read: Authorization =
            serde_json::from_value(stored(json!([{ "type": "dns-01", "state": "pending" }]))).unwrap();
        let object = read.challenges[0].object("https://ca.test/chall".to_owned(), Timestamp::UNIX_EPOCH);
        assert!(!serde_json::to_value(object).unwrap().as_object().unwrap().contains_key("token"));
    }
}
