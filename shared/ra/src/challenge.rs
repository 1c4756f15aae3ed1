//! Challenges: reading them, and starting their validation (RFC 8555 §7.5.1).

use std::sync::Arc;

use acme::{
    Account, Authorization, AuthorizationEvent, AuthorizationId, AuthorizationStatus, ChallengeState, ChallengeStatus,
    ChallengeType, KeyAuthorization, Validation,
};
use authority::{Failure, Rounds, ValidationTask, applied, versioned};
use jiff::SignedDuration;
use store::Versioned;

use crate::{Authorizations, Directory, Error, Limits, NamePolicy, Refusal, limit};

/// Starts the validation of challenges.
pub struct Challenges {
    authorizations: Arc<Authorizations>,
    limits: Arc<Limits>,
}

impl Challenges {
    /// Starts validations of these authorizations.
    pub fn new(authorizations: Arc<Authorizations>, limits: Arc<Limits>) -> Self {
        Self { authorizations, limits }
    }

    /// The authorization that holds the challenge.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], also for a type that the authorization does not offer.
    pub async fn authorization(
        &self,
        account: &Account,
        id: AuthorizationId,
        r#type: ChallengeType,
    ) -> Result<Authorization, Error> {
        let authorization = self.authorizations.authorization(account, id).await?;
        authorization.challenge(r#type).is_some().then_some(authorization).ok_or(Refusal::NotFound.into())
    }

    /// The client is ready: starts the validation, once. If it is already running, requests its
    /// next attempt now. A challenge in a final state does not change. CAA records may name the
    /// account by `account_urls`.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::AuthorizationEnded`] when the challenge was never started
    /// and no longer can be; [`Refusal::Identifiers`] and [`Refusal::ChallengeWithdrawn`] when the
    /// rules have become narrower; [`Refusal::LimitReached`] when too many validations of the
    /// account have failed.
    pub async fn initiate(
        &self,
        serving: &Directory,
        account: &Account,
        id: AuthorizationId,
        r#type: ChallengeType,
        account_urls: &[String],
    ) -> Result<Authorization, Error> {
        let task = ValidationTask { account: account.id, authorization: id, challenge: r#type };
        let mut rounds = Rounds::default();
        loop {
            rounds.begin()?;
            let before = self.authorizations.owned(account, id).await?;
            let challenge = before.challenge(r#type).ok_or(Refusal::NotFound)?;
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
                (ended, _) => return Err(Refusal::AuthorizationEnded(ended).into()),
            }
            let policy = NamePolicy::of_anyone(&serving.acme);
            if let Some(refusal) = policy.refusal_by_rule(&before.identifier) {
                return Err(Refusal::Identifiers(vec![(before.identifier.clone().into(), refusal)]).into());
            }
            if !policy.challenges(&before.identifier).contains(&r#type) {
                return Err(Refusal::ChallengeWithdrawn(r#type).into());
            }
            self.limits.check_room(serving, &limit::of_failed_validation(serving, account.id)).await?;
            let token = challenge.token.as_ref().ok_or(Failure::RecordLost("token of a challenge"))?;
            let validation = Validation {
                lease_until: now + LEASE,
                deadline: now + DEADLINE,
                key_authorization: KeyAuthorization::new(token, &account.key.thumbprint()),
                account_urls: account_urls.to_vec(),
            };
            let after = versioned(before.transition(AuthorizationEvent::Requested(r#type, validation))?)?;
            if applied(self.authorizations.authorizations.update_authorization(&before, &after).await)? {
                self.authorizations.validation_queue.validate(task).await?;
                if self.authorizations.validation_queue.has_ended(&task).await {
                    return Ok(self.authorizations.owned(account, id).await?.value);
                }
                return Ok(after.value);
            }
            // Another request has started the validation in the meantime; the next round finds it
            // running.
        }
    }
}

impl Authorizations {
    /// Queues the validations again whose lease has expired, because their worker was lost.
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
            // The writer that was faster has the lease or the result.
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

/// The lease of a worker: longer than its slowest attempts take, which is 76 seconds where remote
/// perspectives are asked.
const LEASE: SignedDuration = SignedDuration::from_secs(90);

/// The time after which a validation without a result counts as failed.
const DEADLINE: SignedDuration = SignedDuration::from_mins(5);
