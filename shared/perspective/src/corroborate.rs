//! The side of the CA: asks all perspectives at once, and counts.

use std::{fmt, sync::Arc, time::Duration};

use acme::{CaaPermission, Observation, Problem, ProblemType, UnknownMembers};
use jiff::{Timestamp, tz::TimeZone};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};
use validation::Probe;

use crate::{Answer, Channel, MAX_MESSAGE, Question, Quorum, Region, Sight, Weakness};

/// A remote perspective: who it must be, and the way to it.
#[derive(Clone)]
pub struct Remote {
    /// Under which it has to answer.
    pub name: String,
    /// From which it has to answer.
    pub region: Region,
    /// The way to it.
    pub channel: Arc<dyn Channel>,
}

/// The remote perspectives of a CA.
pub struct Perspectives {
    remotes: Vec<Remote>,
    quorum: Quorum,
    weaknesses: Vec<Weakness>,
}

impl Perspectives {
    /// These perspectives, which [`check_members`](crate::check_members) accepted, with what they
    /// lack of the rules for public CAs ([`weaknesses`](crate::weaknesses)).
    pub fn new(remotes: Vec<Remote>, weaknesses: Vec<Weakness>) -> Self {
        let quorum = Quorum::of(remotes.iter().map(|remote| remote.region));
        Self { remotes, quorum, weaknesses }
    }

    /// A rule for public CAs that they do not meet at that time; `None` when they meet all.
    pub fn breach(&self, at: Timestamp) -> Option<&Weakness> {
        let today = TimeZone::UTC.to_datetime(at).date();
        self.weaknesses.iter().find(|weakness| weakness.breaks_rules_on(today))
    }

    /// Asks all of them whether they see what the CA saw itself. Returns what each observed, in the
    /// order of the configuration, without what it has in common with the CA's own observation.
    ///
    /// Ends when all have answered, within twelve seconds. When the quorum is reached or cannot be
    /// reached any more, those that are slower have another half second: it is worth knowing which
    /// see something else.
    ///
    /// # Errors
    /// [`Uncorroborated`], when the quorum is not reached.
    pub async fn corroborate(&self, probe: &Probe, own: &Observation) -> Result<Vec<Observation>, Uncorroborated> {
        let mut votes: Vec<Option<Vote>> = self.remotes.iter().map(|_| None).collect();
        // Dropped with this future: nothing goes on in the background.
        let mut asked = JoinSet::new();
        for (index, remote) in self.remotes.iter().cloned().enumerate() {
            let probe = probe.clone();
            let needs_address = own.address.is_some();
            asked.spawn(async move { (index, ask(&remote, &probe, needs_address).await) });
        }
        let mut decision = self.decision(&votes);
        let mut end = Instant::now() + PATIENCE;
        loop {
            let Ok(Some(heard)) = timeout_at(end, asked.join_next()).await else { break };
            let Ok((index, vote)) = heard else { continue };
            if let Some(place) = votes.get_mut(index) {
                *place = Some(vote);
            }
            if decision.is_none() {
                decision = self.decision(&votes);
                if decision.is_some() {
                    end = Instant::now() + SLOWNESS;
                }
            }
        }
        let votes: Vec<_> = votes.into_iter().map(|vote| vote.unwrap_or_else(|| Vote::Unheard(SLOW.into()))).collect();
        let observed = self.remotes.iter().zip(&votes).map(|(remote, vote)| vote.observation(remote, own)).collect();
        if decision == Some(true) { Ok(observed) } else { Err(self.refusal(&votes, observed)) }
    }

    fn decision(&self, votes: &[Option<Vote>]) -> Option<bool> {
        let voted = || self.remotes.iter().zip(votes).filter_map(|(remote, vote)| Some((remote, vote.as_ref()?)));
        let agreed: Vec<_> =
            voted().filter(|(_, vote)| matches!(vote, Vote::Agreed(_))).map(|(remote, _)| remote.region).collect();
        self.quorum.decision(&agreed, voted().count() - agreed.len())
    }

    fn refusal(&self, votes: &[Vote], observations: Vec<Observation>) -> Uncorroborated {
        let (asked, needed) = (self.quorum.asked(), self.quorum.needed());
        let agreed = votes.iter().filter(|vote| matches!(vote, Vote::Agreed(_))).count();
        let seen = votes.iter().find_map(|vote| match vote {
            Vote::Differed { r#type, detail, guarded } => Some((*r#type, detail, guarded)),
            Vote::Agreed(_) | Vote::Unheard(_) => None,
        });
        let counted = format!("{agreed} of the {asked} other networks from which the CA looked saw the same");
        let (problem, guarded) = match seen {
            Some((r#type, detail, guarded)) if agreed < needed => {
                let problem = |detail: &str| {
                    let text = format!("{counted}, and {needed} are needed. One saw this: {detail}");
                    Problem::new(r#type, text)
                };
                (problem(detail), problem(guarded))
            }
            _ if agreed >= needed => {
                let problem = Problem::new(
                    ProblemType::ServerInternal,
                    format!("{counted}, and all of them are in one region of the Internet. Try again later."),
                );
                (problem.clone(), problem)
            }
            _ => {
                let problem = Problem::new(
                    ProblemType::ServerInternal,
                    format!("{counted}, and {needed} are needed; the others did not answer. Try again later."),
                );
                (problem.clone(), problem)
            }
        };
        Uncorroborated { problem, guarded, observations }
    }
}

impl fmt::Debug for Perspectives {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.remotes.iter().map(|remote| &remote.name)).finish()
    }
}

/// Not enough perspectives saw what the CA saw.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problem.detail)]
pub struct Uncorroborated {
    /// What is wrong, for the client.
    pub problem: Problem,
    /// The same without what was read from the target.
    pub guarded: Problem,
    /// What each perspective observed.
    pub observations: Vec<Observation>,
}

/// What one perspective adds to the count.
enum Vote {
    Agreed(Box<Observation>),
    Differed { r#type: ProblemType, detail: String, guarded: String },
    Unheard(String),
}

impl Vote {
    fn observation(&self, remote: &Remote, own: &Observation) -> Observation {
        let said = match self {
            Self::Agreed(observation) => beside(own, observation),
            Self::Differed { detail, .. } => {
                Observation { problem: Some(bounded(detail, Observation::MAX_SEEN)), ..Observation::default() }
            }
            Self::Unheard(reason) => {
                Observation { unheard: Some(bounded(reason, Observation::MAX_SEEN)), ..Observation::default() }
            }
        };
        Observation { perspective: Some(remote.name.clone()), region: Some(remote.region.to_string()), ..said }
    }
}

/// What a perspective observed, without what the CA observed itself: most often they are the same,
/// and evidence is kept for each certificate.
fn beside(own: &Observation, observed: &Observation) -> Observation {
    let differing = |observed: &Option<String>, own: &Option<String>| {
        observed.as_deref().filter(|text| own.as_deref() != Some(text)).map(|text| bounded(text, Observation::MAX_SEEN))
    };
    let caa = observed.caa.as_ref().filter(|caa| own.caa.as_ref() != Some(caa)).map(|caa| {
        let text = |text: &Option<String>| text.as_deref().map(|text| bounded(text, Observation::MAX_SEEN));
        CaaPermission {
            domain: text(&caa.domain),
            record: text(&caa.record),
            identity: text(&caa.identity),
            authenticated: caa.authenticated,
            unknown: UnknownMembers::default(),
        }
    });
    Observation {
        address: observed.address.filter(|address| own.address != Some(*address)),
        resolver: observed.resolver,
        authenticated: observed.authenticated,
        seen: differing(&observed.seen, &own.seen),
        caa,
        ..Observation::default()
    }
}

async fn ask(remote: &Remote, probe: &Probe, needs_address: bool) -> Vote {
    match timeout(PATIENCE, heard(remote, probe, needs_address)).await {
        Ok(Ok(vote)) => vote,
        Ok(Err(reason)) => Vote::Unheard(reason),
        Err(_) => Vote::Unheard(SLOW.into()),
    }
}

/// The vote of a perspective, or why what it said does not count.
async fn heard(remote: &Remote, probe: &Probe, needs_address: bool) -> Result<Vote, String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| error.to_string())?;
    let id: String = random.iter().map(|octet| format!("{octet:02x}")).collect();
    let question = Question::new(id, &remote.name, probe);
    let octets = serde_json::to_vec(&question).map_err(|error| error.to_string())?;
    let octets = remote.channel.exchange(&octets).await.map_err(|error| error.to_string())?;
    read(&octets, &question, remote, needs_address)
}

/// What the octets say, if they answer the question.
pub(crate) fn read_answer(octets: &[u8], question: &Question, name: &str, region: Region) -> Result<Sight, String> {
    if octets.len() > MAX_MESSAGE {
        return Err(format!("the answer is longer than {MAX_MESSAGE} octets"));
    }
    let answer: Answer = serde_json::from_slice(octets).map_err(|error| format!("it is no answer: {error}"))?;
    if answer.request_id != question.request_id {
        return Err("it answers another question".to_owned());
    }
    if answer.perspective != name {
        return Err(format!("{:?} answered", answer.perspective));
    }
    if answer.region != region.as_str() {
        return Err(format!("it answered from the region {:?}", answer.region));
    }
    Ok(answer.sight)
}

fn read(octets: &[u8], question: &Question, remote: &Remote, needs_address: bool) -> Result<Vote, String> {
    match read_answer(octets, question, &remote.name, remote.region)? {
        Sight::Proof(observation) if observation.test_switch || !observation.is_own() => {
            Err("it did not look itself".to_owned())
        }
        Sight::Proof(observation) if question.asks_for_caa() && observation.caa.is_none() => {
            Err("it did not look up CAA records".to_owned())
        }
        // What is not said is kept as what the CA saw itself, so it has to be said.
        Sight::Proof(observation) if observation.seen.is_none() => Err("it did not say what it saw".to_owned()),
        Sight::Proof(observation) if needs_address && observation.address.is_none() => {
            Err("it did not say at which address it saw it".to_owned())
        }
        Sight::Proof(observation) => Ok(Vote::Agreed(observation)),
        Sight::Problem { r#type, detail, guarded } if is_of_validation(r#type) => Ok(Vote::Differed {
            r#type,
            detail: bounded(&detail, LONGEST_DETAIL),
            guarded: bounded(&guarded, LONGEST_DETAIL),
        }),
        Sight::Problem { r#type, .. } => Err(format!("it answered a problem of the type {}", r#type.urn())),
        Sight::Nothing { reason } => Err(format!("it could not look: {reason}")),
    }
}

/// Whether a probe fails with such a problem.
fn is_of_validation(r#type: ProblemType) -> bool {
    use ProblemType::{Caa, Connection, Dns, IncorrectResponse, Malformed, Tls, Unauthorized};
    matches!(r#type, Caa | Connection | Dns | IncorrectResponse | Malformed | Tls | Unauthorized)
}

/// Printable ASCII of at most that many characters.
fn bounded(text: &str, length: usize) -> String {
    text.chars().take(length).map(|sign| if matches!(sign, ' '..='~') { sign } else { '?' }).collect()
}

/// For one answer: longer than a probe may take.
const PATIENCE: Duration = Duration::from_secs(12);
/// For the answers that are missing when it is decided.
const SLOWNESS: Duration = Duration::from_millis(500);
const SLOW: &str = "no answer in time";
const LONGEST_DETAIL: usize = 1_000;

#[cfg(test)]
mod tests;
