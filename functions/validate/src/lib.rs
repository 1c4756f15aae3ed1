//! Queue worker: runs the probes of a challenge and records their results.
//!
//! Transient errors get three attempts: at once, after three and after ten seconds. Each failed
//! attempt is visible in the challenge while it is still `processing`.

mod pace;
mod places;
mod settings;
mod shares;

#[cfg(feature = "lambda")]
pub mod lambda;

use std::{net::IpAddr, time::Duration};

use acme::{ChallengeType, Observation, Problem, ProblemType};
use authority::{OnceAMinute, ValidationTask};
use ipnet::IpNet;
use perspective::{Perspectives, Uncorroborated};
use ra::{Error, Finding, ValidationJob, Validations};
use validation::{CaaTerms, Failure, Probe, Rules, address::AddressRules};

pub use pace::{Pace, Sleep};
pub use places::{Place, Places};
pub use settings::ValidationSettings;
pub use shares::Shares;

/// Performs one task. Performing it twice is harmless, because results are written conditionally.
///
/// # Errors
/// The task could not be finished and should be retried.
pub async fn work(
    validations: &Validations,
    settings: &ValidationSettings,
    task: ValidationTask,
    pace: &dyn Pace,
) -> Result<(), Error> {
    match run(validations, settings, task, pace).await {
        // The challenge was completed or its authorization deactivated in the meantime; the result
        // is not needed.
        Err(Error::Failed(authority::Failure::Transition(_))) => Ok(()),
        other => other,
    }
}

async fn run(
    validations: &Validations,
    settings: &ValidationSettings,
    task: ValidationTask,
    pace: &dyn Pace,
) -> Result<(), Error> {
    let Some(mut job) = validations.job(task).await? else { return Ok(()) };
    let probe = probe(settings, &job);
    let mut pauses = PAUSES.into_iter();
    let mut waits = 0;
    loop {
        let (failure, perspectives) = match attempt(validations, settings, task, &job, &probe).await {
            Ok(observations) => {
                if observations.iter().any(|observation| observation.test_switch) {
                    let (challenge, identifier) = (job.challenge, &job.identifier);
                    tracing::warn!(%challenge, %identifier, "a test switch let it through: nothing was validated");
                } else {
                    log(&job, "the identifier was validated", None);
                }
                return validations.succeeded(job, observations).await;
            }
            Err(NotShown::Here(failure)) => (failure, Vec::new()),
            Err(NotShown::Elsewhere(Uncorroborated { problem, guarded, observations })) => {
                (Failure { problem, guarded, may_heal: true, address: None, lack: None }, observations)
            }
        };
        // A failure of this machine says nothing about the client's. The attempt is made again.
        if let Some(lack) = failure.lack {
            if waits == MAX_WAITS {
                return Err(authority::Failure::LocalLack.into());
            }
            waits += 1;
            if let Some(times) = WAITING.happened() {
                tracing::warn!(identifier = %job.identifier, times, "an attempt waits: {lack}");
            }
            pace.pause(WAIT).await;
            continue;
        }
        log(&job, "an attempt failed", Some(&failure));
        let pause = pauses.next().filter(|_| failure.may_heal);
        let Failure { problem, guarded, address, .. } = failure;
        let finding = Finding { problem, guarded, address, perspectives };
        let Some(pause) = pause else { return validations.failed(job, finding).await };
        job = validations.attempt_failed(job, finding).await?;
        pace.pause(pause).await;
    }
}

/// Why an attempt did not show control.
enum NotShown {
    /// The CA itself did not see it.
    Here(Failure),
    /// It did, and too few of the remote perspectives.
    Elsewhere(Uncorroborated),
}

/// What the CA observed, and then the remote perspectives, if they are to see it, too. They are
/// asked only when the CA itself saw what the challenge asks for: a client that shows nothing
/// causes no requests elsewhere.
async fn attempt(
    validations: &Validations,
    settings: &ValidationSettings,
    task: ValidationTask,
    job: &ValidationJob,
    probe: &Probe,
) -> Result<Vec<Observation>, NotShown> {
    if settings.always_valid {
        return Ok(vec![Observation { test_switch: true, ..Observation::default() }]);
    }
    // A place is only held during a probe, so that a task that waits for its next attempt does not
    // delay others.
    let _place = settings.places.take(task.account).await;
    let observed = validation::probe(probe).await.map_err(NotShown::Here)?;
    let network = observed.address.and_then(|address| needed_network(settings, probe, address));
    let own = Observation { network: network.map(|network| network.to_string()), ..observed };
    if !job.profile.demands_perspectives() {
        return Ok(vec![own]);
    }
    let Some(perspectives) = usable(validations, settings, job) else {
        let problem = Problem::new(ProblemType::ServerInternal, NO_PERSPECTIVES);
        let guarded = problem.clone();
        return Err(NotShown::Elsewhere(Uncorroborated { guarded, problem, observations: Vec::new() }));
    };
    let others = perspectives.corroborate(probe, &own).await;
    for silent in others.as_ref().unwrap_or_else(|uncorroborated| &uncorroborated.observations) {
        if let (Some(name), Some(reason)) = (&silent.perspective, &silent.unheard) {
            tracing::warn!(perspective = name, reason, "a perspective was not heard");
        }
    }
    Ok([vec![own], others.map_err(NotShown::Elsewhere)?].concat())
}

/// The perspectives of this CA, if they are what the profile demands: a public one demands those of
/// the rules for public CAs.
fn usable<'a>(
    validations: &Validations,
    settings: &'a ValidationSettings,
    job: &ValidationJob,
) -> Option<&'a Perspectives> {
    let breach = match &settings.perspectives {
        None => "there are none".to_owned(),
        Some(perspectives) => match perspectives.breach(validations.now()).filter(|_| job.profile.is_public()) {
            None => return Some(perspectives),
            Some(breach) => breach.to_string(),
        },
    };
    tracing::error!(profile = %job.profile.name, breach, "this CA does not have the perspectives that a profile demands");
    None
}

/// The network of the profile without which the address could not have been contacted: the largest,
/// if there are several.
fn needed_network(settings: &ValidationSettings, probe: &Probe, address: IpAddr) -> Option<IpNet> {
    let is_allowed = |networks: &[IpNet]| AddressRules::new(networks).check(address).is_ok();
    if is_allowed(&settings.allowed_networks) {
        return None;
    }
    let networks = probe.rules.allowed_networks.iter().filter(|network| is_allowed(std::slice::from_ref(network)));
    networks.min_by_key(|network| network.prefix_len()).copied()
}

fn probe(settings: &ValidationSettings, job: &ValidationJob) -> Probe {
    let resolver = job.profile.dns_resolver.map(|resolver| resolver.socket_address());
    let networks = job.profile.allowed_networks.iter().chain(&settings.allowed_networks);
    Probe {
        challenge: job.challenge,
        identifier: job.identifier.clone(),
        token: job.token.clone(),
        key_authorization: job.key_authorization.clone(),
        caa: job.profile.enforces_caa().then(|| CaaTerms {
            identities: job.profile.caa_identities.clone(),
            account_urls: job.account_urls.clone(),
            is_wildcard: job.is_wildcard,
        }),
        rules: Rules {
            resolver: resolver.or(settings.resolver),
            validates: job.profile.demands_dnssec(),
            allowed_networks: networks.copied().collect(),
            http_port: settings.http_port,
            tls_port: settings.tls_port,
            ..Rules::default()
        },
    }
}

fn log(job: &ValidationJob, what: &str, failure: Option<&Failure>) {
    let challenge: ChallengeType = job.challenge;
    let reason = failure.map(|failure| failure.problem.detail.as_str());
    let address = failure.and_then(|failure| failure.address).map(|address| address.to_string());
    tracing::info!(%challenge, identifier = %job.identifier, reason, address, "{what}");
}

const NO_PERSPECTIVES: &str = "This directory validates from several networks, and the CA does not have those that it \
                               needs. Tell its operator.";

/// The pauses before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(7)];

/// All validations of this process wait for the same.
static WAITING: OnceAMinute = OnceAMinute::new();

/// Between attempts that this machine could not make.
const WAIT: Duration = Duration::from_secs(1);
const MAX_WAITS: usize = 60;
