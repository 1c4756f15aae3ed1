use std::sync::atomic::{AtomicUsize, Ordering};

use acme::{ChallengeToken, ChallengeType, Identifier, KeyAuthorization};
use async_trait::async_trait;
use tokio::time::sleep;
use validation::{CaaTerms, Rules};

use super::*;
use crate::ChannelError;

/// How a perspective of a test answers.
#[derive(Clone, Copy)]
enum Manner {
    Agrees,
    AgreesAfter(Duration),
    Differs,
    Hangs,
    Breaks,
    AnswersAnother,
    HasAnotherName,
    IsElsewhere,
    ForgetsCaa,
    SaysNoMore,
    SaysNothing,
    Babbles,
    NeverEnds,
    PassesOnAnother,
}

struct Scripted(Manner, &'static AtomicUsize);

#[async_trait]
impl Channel for Scripted {
    async fn exchange(&self, question: &[u8]) -> Result<Vec<u8>, ChannelError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let question: Question = serde_json::from_slice(question).unwrap();
        let caa = question.asks_for_caa().then(CaaPermission::default);
        let seen = Observation { caa, ..Observation::default() }.with_seen("_acme-challenge.a.example");
        let region = question.perspective.split('-').next().unwrap().to_owned();
        let sight = Sight::Proof(Box::new(seen.clone()));
        let good = Answer {
            request_id: question.request_id.clone(),
            perspective: question.perspective.clone(),
            region,
            version: None,
            sight,
        };
        let answer = match self.0 {
            Manner::Agrees => good,
            Manner::AgreesAfter(pause) => {
                sleep(pause).await;
                good
            }
            Manner::Differs => Answer {
                sight: Sight::Problem {
                    r#type: ProblemType::IncorrectResponse,
                    detail: "found \"x\"\u{7}".to_owned(),
                    guarded: "found something".to_owned(),
                },
                ..good
            },
            Manner::Hangs => std::future::pending().await,
            Manner::Breaks => return Err(ChannelError("connection refused".to_owned())),
            Manner::AnswersAnother => Answer { request_id: "0".repeat(32), ..good },
            Manner::HasAnotherName => Answer { perspective: "ripe-9".to_owned(), ..good },
            Manner::IsElsewhere => Answer { region: "mars".to_owned(), ..good },
            Manner::ForgetsCaa => Answer { sight: Sight::Proof(Box::new(Observation { caa: None, ..seen })), ..good },
            Manner::SaysNoMore => Answer { sight: Sight::Proof(Box::new(Observation { seen: None, ..seen })), ..good },
            Manner::SaysNothing => Answer { sight: Sight::Nothing { reason: "no descriptors".to_owned() }, ..good },
            Manner::Babbles => return Ok(b"<html>".to_vec()),
            Manner::NeverEnds => return Ok(vec![b' '; MAX_MESSAGE + 1]),
            Manner::PassesOnAnother => {
                let other = Observation { perspective: Some("x".to_owned()), ..seen };
                Answer { sight: Sight::Proof(Box::new(other)), ..good }
            }
        };
        Ok(serde_json::to_vec(&answer).unwrap())
    }
}

static UNCOUNTED: AtomicUsize = AtomicUsize::new(0);

fn perspectives(manners: &[(Region, Manner)]) -> Perspectives {
    let remote = |(index, (region, manner)): (usize, &(Region, Manner))| Remote {
        name: format!("{region}-{index}"),
        region: *region,
        channel: Arc::new(Scripted(*manner, &UNCOUNTED)),
    };
    Perspectives::new(manners.iter().enumerate().map(remote).collect(), Vec::new())
}

/// Five perspectives in three regions, with others in the place of the last ones.
fn five(others: &[Manner]) -> Perspectives {
    use Region::{Apnic, Arin, Ripe};
    let mut manners = vec![
        (Arin, Manner::Agrees),
        (Ripe, Manner::Agrees),
        (Apnic, Manner::Agrees),
        (Arin, Manner::Agrees),
        (Ripe, Manner::Agrees),
    ];
    for (place, manner) in manners.iter_mut().rev().zip(others) {
        place.1 = *manner;
    }
    perspectives(&manners)
}

fn probe() -> Probe {
    let token = ChallengeToken::from_random([7; 32]);
    let thumbprint = "A".repeat(43).parse().unwrap();
    Probe {
        challenge: ChallengeType::Dns01,
        identifier: Identifier::Dns("a.example".parse().unwrap()),
        key_authorization: KeyAuthorization::new(&token, &thumbprint),
        token,
        rules: Rules::default(),
        caa: Some(CaaTerms { identities: vec!["ca.example".to_owned()], ..CaaTerms::default() }),
    }
}

async fn run(perspectives: &Perspectives) -> Result<Vec<Observation>, Uncorroborated> {
    let own = Observation { caa: Some(CaaPermission::default()), ..Observation::default() };
    perspectives.corroborate(&probe(), &own.with_seen("_acme-challenge.a.example")).await
}

#[tokio::test(start_paused = true)]
async fn threat_24_one_that_lies_stops_nothing_and_is_on_record() {
    let observed = run(&five(&[Manner::Differs])).await.unwrap();
    assert_eq!(observed.iter().filter(|observation| observation.agrees()).count(), 4);
    let liar = &observed[4];
    assert_eq!((liar.perspective.as_deref(), liar.region.as_deref()), (Some("ripe-4"), Some("ripe")));
    assert_eq!(liar.problem.as_deref(), Some("found \"x\"?"));
    // What all of them saw is kept once.
    let agreed = Observation { perspective: Some("arin-0".into()), region: Some("arin".into()), ..Default::default() };
    assert_eq!(observed[0], agreed);
}

#[tokio::test(start_paused = true)]
async fn threat_24_two_that_differ_refuse_in_the_words_of_the_first() {
    let refused = run(&five(&[Manner::Differs, Manner::Differs])).await.unwrap_err();
    assert_eq!(refused.problem.r#type, ProblemType::IncorrectResponse);
    assert_eq!(
        refused.problem.detail,
        "3 of the 5 other networks from which the CA looked saw the same, and 4 are needed. One saw this: found \"x\"?"
    );
    assert!(refused.guarded.detail.ends_with("One saw this: found something"), "{}", refused.guarded.detail);
    assert_eq!(refused.observations.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_answer_to_this_question_does_not_count() {
    let manners = [
        (Manner::Breaks, "connection refused"),
        (Manner::AnswersAnother, "it answers another question"),
        (Manner::HasAnotherName, "\"ripe-9\" answered"),
        (Manner::IsElsewhere, "it answered from the region \"mars\""),
        (Manner::ForgetsCaa, "it did not look up CAA records"),
        (Manner::SaysNoMore, "it did not say what it saw"),
        (Manner::SaysNothing, "it could not look: no descriptors"),
        (Manner::Babbles, "it is no answer"),
        (Manner::NeverEnds, "longer than 65536 octets"),
        (Manner::PassesOnAnother, "it did not look itself"),
        (Manner::Hangs, "no answer in time"),
    ];
    for (manner, reason) in manners {
        let observed = run(&five(&[manner])).await.unwrap();
        let unheard = observed[4].unheard.as_deref().unwrap();
        assert!(unheard.contains(reason), "{unheard}");

        let refused = run(&five(&[manner, manner])).await.unwrap_err();
        assert_eq!(refused.problem.r#type, ProblemType::ServerInternal, "{reason}");
        assert!(
            refused.problem.detail.contains("4 are needed; the others did not answer"),
            "{}",
            refused.problem.detail
        );
        assert!(!refused.problem.detail.contains(reason), "clients do not learn why: {}", refused.problem.detail);
    }
}

#[tokio::test(start_paused = true)]
async fn threat_24_those_that_agree_in_one_region_alone_are_not_enough() {
    use Region::{Arin, Ripe};
    let one_region = [(Arin, Manner::Agrees), (Arin, Manner::Agrees), (Arin, Manner::Agrees), (Ripe, Manner::Breaks)];
    let refused = run(&perspectives(&one_region)).await.unwrap_err();
    assert!(refused.problem.detail.contains("all of them are in one region"), "{}", refused.problem.detail);
    let differing = [(Arin, Manner::Agrees), (Arin, Manner::Agrees), (Arin, Manner::Agrees), (Ripe, Manner::Differs)];
    let refused = run(&perspectives(&differing)).await.unwrap_err();
    assert!(refused.problem.detail.contains("all of them are in one region"), "{}", refused.problem.detail);
    // An operator who has no other region is warned at the start, and goes on.
    assert!(run(&perspectives(&one_region[..3])).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_end_is_bounded_and_comes_soon_after_it_is_decided() {
    let began = Instant::now();
    assert!(run(&five(&[])).await.is_ok());
    assert_eq!(began.elapsed(), Duration::ZERO);

    // One that is a little slow is heard; one that hangs delays by the bound for slow ones.
    let observed = run(&five(&[Manner::AgreesAfter(SLOWNESS / 2)])).await.unwrap();
    assert!(observed[4].agrees() && began.elapsed() == SLOWNESS / 2);
    let began = Instant::now();
    assert!(run(&five(&[Manner::Hangs])).await.is_ok());
    assert_eq!(began.elapsed(), SLOWNESS);

    // A refusal does, too, so that it says how many saw the same.
    let began = Instant::now();
    let refused = run(&five(&[Manner::Hangs, Manner::Differs, Manner::Differs])).await.unwrap_err();
    assert!(refused.problem.detail.starts_with("2 of the 5"), "{}", refused.problem.detail);
    assert_eq!(began.elapsed(), SLOWNESS);
    let began = Instant::now();
    assert!(run(&five(&[Manner::Hangs; 5])).await.is_err());
    assert_eq!(began.elapsed(), PATIENCE);
}

#[tokio::test]
async fn without_perspectives_nothing_is_corroborated() {
    assert!(run(&perspectives(&[])).await.is_err());
}

#[tokio::test]
async fn every_perspective_is_asked_once() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let remote = |index: usize| Remote {
        name: format!("ripe-{index}"),
        region: Region::Ripe,
        channel: Arc::new(Scripted(Manner::Agrees, &ASKED)),
    };
    assert!(run(&Perspectives::new((0..6).map(remote).collect(), Vec::new())).await.is_ok());
    assert_eq!(ASKED.load(Ordering::SeqCst), 6);
}
