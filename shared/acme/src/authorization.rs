//! Authorizations (RFC 8555 §7.1.4): an account may obtain certificates for an identifier once one
//! of the authorization's challenges was validated.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Attempt, AuthorizationId, Challenge, ChallengeObject, ChallengeState, ChallengeStatus, ChallengeType,
    DirectoryId, Identifier, IdentifierObject, Problem, TransitionError, Urls, Validation,
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
    /// The challenges offered, in the order of [`ChallengeType::ALL`].
    pub challenges: Vec<Challenge>,
    /// The operator's rule that made the authorization valid on creation; `None` when a challenge
    /// is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_approval: Option<String>,
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
        /// The address that gave the response; `None` for a DNS answer.
        address: Option<IpAddr>,
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
        if let Event::Deactivated = event {
            return match self.state {
                AuthorizationState::Pending | AuthorizationState::Valid => {
                    next.state = AuthorizationState::Deactivated;
                    next.stop_waiting();
                    Ok(next)
                }
                _ => Err(refused("deactivation")),
            };
        }
        if self.state != AuthorizationState::Pending {
            return Err(refused("validation"));
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
            Event::Succeeded { r#type, at, address, lifetime } => {
                // An authorization that clients saw as invalid or expired must not become valid.
                if self.status(at) != AuthorizationStatus::Pending {
                    return Err(refused("a result that comes too late"));
                }
                next.settle(r#type, ChallengeState::Valid { at, address })?;
                next.state = AuthorizationState::Valid;
                next.expires_at = at.checked_add(lifetime).unwrap_or(self.expires_at);
            }
            Event::Failed(r#type, attempt) => {
                next.settle(r#type, ChallengeState::Invalid { at: attempt.at, error: attempt.problem.clone() })?;
                next.challenge_mut(r#type)?.attempts.push(attempt);
                next.state = AuthorizationState::Invalid;
            }
            Event::Deactivated => {}
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
