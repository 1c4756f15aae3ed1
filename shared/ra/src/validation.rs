//! What a validation worker needs from the authority: the job, and a way to record its result.
//!
//! A task may be delivered twice, and workers may die. Every result is a conditional write to an
//! authorization that is still waiting for it; a result that comes too late changes nothing.

use std::{net::IpAddr, sync::Arc};

use acme::{
    Attempt, Authorization, AuthorizationEvent, AuthorizationStatus, ChallengeState, ChallengeToken, ChallengeType,
    DisagreementFacts, EventKind, Identifier, KeyAuthorization, Observation, Problem, ProblemType, ValidationFacts,
};
use authority::{Clock, Events, Failure, ValidationTask};
use jiff::Timestamp;
use store::{AcmeProfile, AuthorizationStore, Versioned};

use crate::{
    Directories, Error, Limits, NamePolicy, Refusal,
    authorization::{apply_to_authorization, valid_lifetime},
    limit,
};

/// A challenge that waits for the result of its validation.
#[derive(Clone, Debug)]
pub struct ValidationJob {
    authorization: Versioned<Authorization>,
    /// The type of the challenge.
    pub challenge: ChallengeType,
    /// The identifier to be validated, without `*.`.
    pub identifier: Identifier,
    /// Whether the certificate is for the wildcard below the identifier.
    pub is_wildcard: bool,
    /// The URLs by which CAA records may name the account (RFC 8657 §3).
    pub account_urls: Vec<String>,
    /// The token of the challenge.
    pub token: ChallengeToken,
    /// The key authorization that is expected.
    pub key_authorization: KeyAuthorization,
    /// The ACME Profile, for its resolver and its allowed networks.
    pub profile: AcmeProfile,
}

/// What an attempt found instead of what it looked for.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The whole reason.
    pub problem: Problem,
    /// The reason without what was read from the target.
    pub guarded: Problem,
    /// The address of the last connection.
    pub address: Option<IpAddr>,
    /// What remote perspectives observed, if they were asked: then the CA itself had seen control.
    pub perspectives: Vec<Observation>,
}

impl From<Problem> for Finding {
    /// A reason in which nothing was read from a target.
    fn from(problem: Problem) -> Self {
        Self { guarded: problem.clone(), problem, address: None, perspectives: Vec::new() }
    }
}

/// Records the results of validations.
pub struct Validations {
    authorizations: Arc<dyn AuthorizationStore>,
    directories: Arc<Directories>,
    limits: Arc<Limits>,
    events: Events,
    clock: Arc<dyn Clock>,
}

impl Validations {
    /// Records the results of validations in this store.
    pub fn new(
        authorizations: Arc<dyn AuthorizationStore>,
        directories: Arc<Directories>,
        limits: Arc<Limits>,
        events: Events,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { authorizations, directories, limits, events, clock }
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The job of a task; `None` if there is nothing left to do. A validation that the present
    /// rules do not allow any more has failed with it.
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
        let job = ValidationJob {
            challenge: task.challenge,
            identifier: authorization.identifier.base(),
            is_wildcard: authorization.identifier.is_wildcard(),
            account_urls: validation.account_urls.clone(),
            token: challenge.token.clone().ok_or(Failure::RecordLost("token of a challenge"))?,
            key_authorization: validation.key_authorization.clone(),
            profile: serving.acme.clone(),
            authorization,
        };
        let policy = NamePolicy::of_anyone(&job.profile);
        let is_offered = policy.challenges(&job.authorization.identifier).contains(&job.challenge);
        if is_offered && policy.refusal_by_rule(&job.authorization.identifier).is_none() {
            return Ok(Some(job));
        }
        // The rules became narrower after the validation was requested.
        let problem = Problem::new(ProblemType::Unauthorized, WITHDRAWN);
        self.failed(job, problem.into()).await.map(|()| None)
    }

    /// Records a failed attempt that another one will follow; clients see the reason from now on.
    ///
    /// # Errors
    /// [`Failure::Transition`] if the challenge no longer waits.
    pub async fn attempt_failed(&self, job: ValidationJob, finding: Finding) -> Result<ValidationJob, Error> {
        self.tell_of_disagreement(&job, &finding.perspectives, false);
        let event = AuthorizationEvent::AttemptFailed(job.challenge, self.attempt(&job, finding));
        let authorization =
            apply_to_authorization(self.authorizations.as_ref(), job.authorization.clone(), event).await?;
        Ok(ValidationJob { authorization, ..job })
    }

    /// Records a successful validation, with what the CA and the remote perspectives observed.
    ///
    /// # Errors
    /// [`Failure::Transition`] if the challenge no longer waits.
    pub async fn succeeded(&self, job: ValidationJob, observations: Vec<Observation>) -> Result<(), Error> {
        self.tell_of_disagreement(&job, &observations, true);
        let serving = self.directories.directory(&job.authorization.directory).await?;
        let event = AuthorizationEvent::Succeeded {
            r#type: job.challenge,
            at: acme::whole_seconds(self.clock.now()),
            observations,
            profile: job.profile.name,
            lifetime: valid_lifetime(&serving),
        };
        apply_to_authorization(self.authorizations.as_ref(), job.authorization, event).await.map(drop)
    }

    /// Records that the last attempt failed.
    ///
    /// # Errors
    /// [`Failure::Transition`] if the challenge no longer waits.
    pub async fn failed(&self, job: ValidationJob, finding: Finding) -> Result<(), Error> {
        self.tell_of_disagreement(&job, &finding.perspectives, false);
        let problem = finding.problem.clone();
        let event = AuthorizationEvent::Failed(job.challenge, self.attempt(&job, finding));
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
            // This validation has already failed; the limit only refuses the next one.
            Err(Error::Refused(Refusal::LimitReached(_))) => Ok(()),
            other => other,
        }
    }

    /// Networks that see different things are what a hijack of a route looks like, or a record that
    /// has not reached all name servers. Perspectives that were not heard tell nothing.
    fn tell_of_disagreement(&self, job: &ValidationJob, observations: &[Observation], corroborated: bool) {
        let Some(detail) = observations.iter().find_map(|observation| observation.problem.clone()) else { return };
        let named = |is_meant: fn(&Observation) -> bool| {
            let meant = observations.iter().filter(|observation| is_meant(observation));
            meant.filter_map(|observation| observation.perspective.clone()).collect()
        };
        self.events.emit(EventKind::PerspectivesDisagree(DisagreementFacts {
            directory: job.authorization.directory.clone(),
            account: job.authorization.account,
            authorization: job.authorization.id,
            names: vec![job.authorization.identifier.to_string()],
            challenge: job.challenge,
            corroborated,
            agreeing: named(Observation::agrees),
            differing: named(|observation| observation.problem.is_some()),
            detail,
        }));
    }

    /// What is kept of the attempt. Where anyone can have private networks probed, what was read
    /// there is for operators alone.
    fn attempt(&self, job: &ValidationJob, finding: Finding) -> Attempt {
        let Finding { problem, guarded, address, perspectives } = finding;
        let is_guarded = job.profile.guards_findings() && problem != guarded;
        let (problem, found) = if is_guarded { (guarded, Some(problem)) } else { (problem, None) };
        Attempt { at: acme::whole_seconds(self.clock.now()), address, problem, found, perspectives }
    }
}

const WITHDRAWN: &str = "The directory no longer validates this identifier by this challenge. Create a new order.";
