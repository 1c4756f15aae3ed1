//! What a validation worker asks of the authority: the job, and where to write what came of it.
//!
//! Delivery may be double and workers may die. Every result is a conditional write on an
//! authorization that is still waiting for it; a result that comes too late changes nothing.

use std::{net::IpAddr, sync::Arc};

use acme::{
    Attempt, Authorization, AuthorizationEvent, AuthorizationStatus, ChallengeState, ChallengeToken, ChallengeType,
    EventKind, Identifier, KeyAuthorization, Observation, Problem, ValidationFacts,
};
use authority::{Clock, Events, Failure, ValidationTask};
use store::{AcmeProfile, AuthorizationStore, Versioned};

use crate::{
    Directories, Error, Limits,
    authorization::{apply_to_authorization, lifetime},
    limit,
};

/// A challenge that waits for its result.
#[derive(Clone, Debug)]
pub struct ValidationJob {
    authorization: Versioned<Authorization>,
    /// Which way.
    pub challenge: ChallengeType,
    /// The name to be probed, without `*.`.
    pub identifier: Identifier,
    /// Where the proof is.
    pub token: ChallengeToken,
    /// The proof.
    pub key_authorization: KeyAuthorization,
    /// Resolver and networks.
    pub profile: AcmeProfile,
}

/// Takes the results of validations.
pub struct Validations {
    authorizations: Arc<dyn AuthorizationStore>,
    directories: Arc<Directories>,
    limits: Arc<Limits>,
    events: Events,
    clock: Arc<dyn Clock>,
}

impl Validations {
    /// Of authorizations of this store.
    pub fn new(
        authorizations: Arc<dyn AuthorizationStore>,
        directories: Arc<Directories>,
        limits: Arc<Limits>,
        events: Events,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { authorizations, directories, limits, events, clock }
    }

    /// The job behind a task; `None` when there is nothing to do any more.
    ///
    /// # Errors
    /// When the store or the directory cannot answer.
    pub async fn job(&self, task: ValidationTask) -> Result<Option<ValidationJob>, Error> {
        let Some(authorization) = self.authorizations.authorization(task.account, task.authorization).await? else {
            return Ok(None);
        };
        let now = self.clock.now();
        let Some(challenge) = authorization.challenge(task.challenge) else { return Ok(None) };
        let ChallengeState::Processing(validation) = &challenge.state else { return Ok(None) };
        if authorization.status(now) != AuthorizationStatus::Pending || validation.deadline <= now {
            return Ok(None);
        }
        let serving = self.directories.directory(&authorization.directory).await?;
        Ok(Some(ValidationJob {
            challenge: task.challenge,
            identifier: authorization.identifier.base(),
            token: challenge.token.clone().ok_or(Failure::RecordLost("token of a challenge"))?,
            key_authorization: validation.key_authorization.clone(),
            profile: serving.acme.clone(),
            authorization,
        }))
    }

    /// An attempt failed and another will follow: the reason is visible from now on.
    ///
    /// # Errors
    /// [`Failure::Transition`] when the challenge no longer waits.
    pub async fn attempt_failed(
        &self,
        job: ValidationJob,
        problem: Problem,
        address: Option<IpAddr>,
    ) -> Result<ValidationJob, Error> {
        let event = AuthorizationEvent::AttemptFailed(job.challenge, self.attempt(problem, address));
        let authorization =
            apply_to_authorization(self.authorizations.as_ref(), job.authorization.clone(), event).await?;
        Ok(ValidationJob { authorization, ..job })
    }

    /// Control was validated, as was observed from here.
    ///
    /// # Errors
    /// [`Failure::Transition`] when the challenge no longer waits.
    pub async fn succeeded(&self, job: ValidationJob, observation: Observation) -> Result<(), Error> {
        let serving = self.directories.directory(&job.authorization.directory).await?;
        let event = AuthorizationEvent::Succeeded {
            r#type: job.challenge,
            at: acme::whole_seconds(self.clock.now()),
            observations: vec![observation],
            lifetime: lifetime(&serving),
        };
        apply_to_authorization(self.authorizations.as_ref(), job.authorization, event).await.map(drop)
    }

    /// The last attempt failed.
    ///
    /// # Errors
    /// [`Failure::Transition`] when the challenge no longer waits.
    pub async fn failed(&self, job: ValidationJob, problem: Problem, address: Option<IpAddr>) -> Result<(), Error> {
        let event = AuthorizationEvent::Failed(job.challenge, self.attempt(problem.clone(), address));
        let failed = apply_to_authorization(self.authorizations.as_ref(), job.authorization, event).await?;
        self.events.emit(EventKind::ValidationFailed(ValidationFacts {
            directory: failed.directory.clone(),
            account: failed.account,
            authorization: failed.id,
            names: vec![failed.identifier.to_string()],
            challenge: job.challenge,
            problem: problem.r#type,
            detail: problem.detail,
        }));
        let serving = self.directories.directory(&failed.directory).await?;
        match self.limits.count(&serving, &[limit::of_failed_validation(&serving, failed.account)]).await {
            // It has failed already; what is refused is the next one.
            Err(Error::LimitReached(_)) => Ok(()),
            other => other,
        }
    }

    fn attempt(&self, problem: Problem, address: Option<IpAddr>) -> Attempt {
        Attempt { at: acme::whole_seconds(self.clock.now()), address, problem }
    }
}
