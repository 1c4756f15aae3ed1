//! Challenges: reading one, and saying that one is ready (RFC 8555 §7.5.1).

use std::sync::Arc;

use acme::{
    Account, Authorization, AuthorizationEvent, AuthorizationId, AuthorizationStatus, ChallengeState, ChallengeStatus,
    ChallengeType, KeyAuthorization, Validation,
};
use authority::{Failure, Rounds, ValidationTask, applied, versioned};
use jiff::SignedDuration;
use store::Versioned;

use crate::{Authorizations, Directory, Error, Limits, limit};

/// Starts validations.
pub struct Challenges {
    authorizations: Arc<Authorizations>,
    limits: Arc<Limits>,
}

impl Challenges {
    /// Of these authorizations.
    pub fn new(authorizations: Arc<Authorizations>, limits: Arc<Limits>) -> Self {
        Self { authorizations, limits }
    }

    /// The authorization that holds the challenge.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for a type that the authorization does not offer.
    pub async fn authorization(
        &self,
        account: &Account,
        id: AuthorizationId,
        r#type: ChallengeType,
    ) -> Result<Authorization, Error> {
        let authorization = self.authorizations.authorization(account, id).await?;
        authorization.challenge(r#type).is_some().then_some(authorization).ok_or(Error::NotFound)
    }

    /// The client is ready: starts the validation, once. While it runs, asks for the next attempt
    /// at once. A settled challenge stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::AuthorizationEnded`] when the challenge was never answered and
    /// no longer can be; [`Error::LimitReached`] when too many validations of the account failed.
    pub async fn initiate(
        &self,
        serving: &Directory,
        account: &Account,
        id: AuthorizationId,
        r#type: ChallengeType,
    ) -> Result<Authorization, Error> {
        let task = ValidationTask { account: account.id, authorization: id, challenge: r#type };
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.authorizations.owned(account, id).await?;
            let challenge = before.challenge(r#type).ok_or(Error::NotFound)?;
            let now = self.authorizations.clock.now();
            match (before.status(now), challenge.status(now)) {
                (AuthorizationStatus::Pending, ChallengeStatus::Pending) => {}
                (AuthorizationStatus::Pending, ChallengeStatus::Processing) => {
                    self.authorizations.hand_over_orphaned_validations(&before).await?;
                    self.authorizations.validation_queue.hurry(task).await?;
                    return Ok(before.value);
                }
                (AuthorizationStatus::Valid, _) | (_, ChallengeStatus::Valid | ChallengeStatus::Invalid) => {
                    return Ok(before.value);
                }
                (ended, _) => return Err(Error::AuthorizationEnded(ended)),
            }
            self.limits.check_room(serving, &limit::of_failed_validation(serving, account.id)).await?;
            let token = challenge.token.as_ref().ok_or(Failure::RecordLost("token of a challenge"))?;
            let validation = Validation {
                lease_until: now + LEASE,
                deadline: now + DEADLINE,
                key_authorization: KeyAuthorization::new(token, &account.key.thumbprint()),
            };
            let after = versioned(before.transition(AuthorizationEvent::Requested(r#type, validation))?)?;
            if applied(self.authorizations.authorizations.update_authorization(&before, &after).await)? {
                self.authorizations.validation_queue.validate(task).await?;
                return Ok(after.value);
            }
            // Another request was faster: it starts the validation, and the next round finds it
            // running.
        }
    }
}

impl Authorizations {
    /// Hands over again what a lost worker left behind: validations whose lease ran out.
    pub(crate) async fn hand_over_orphaned_validations(
        &self,
        authorization: &Versioned<Authorization>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        if authorization.status(now) != AuthorizationStatus::Pending {
            return Ok(());
        }
        for challenge in &authorization.challenges {
            let ChallengeState::Processing(validation) = &challenge.state else { continue };
            if validation.lease_until > now || validation.deadline <= now {
                continue;
            }
            let event = AuthorizationEvent::Resumed(challenge.r#type, now + LEASE);
            let after = versioned(authorization.transition(event)?)?;
            // Whoever came between has the lease or the result.
            if !applied(self.authorizations.update_authorization(authorization, &after).await)? {
                return Ok(());
            }
            let task = ValidationTask {
                account: authorization.account,
                authorization: authorization.id,
                challenge: challenge.r#type,
            };
            self.validation_queue.validate(task).await?;
            return Ok(());
        }
        Ok(())
    }
}

/// For how long one worker has a validation: more than its attempts take at their slowest.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// When a validation that nobody settled counts as failed.
const DEADLINE: SignedDuration = SignedDuration::from_mins(5);
