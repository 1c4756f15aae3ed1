//! The side of the perspective: from a question to its answer.

use validation::Rules;

use crate::{Answer, Question, Region, Sight};

/// What a perspective is.
#[derive(Clone, Debug)]
pub struct Standpoint {
    /// As the CA knows it, which asks for it by this name.
    pub name: String,
    /// As the CA knows it, too.
    pub region: Region,
    /// Its own resolver, ports and limits, and the special-purpose networks that it may contact
    /// where the profile allows them, too.
    pub rules: Rules,
}

/// Looks, and says what was seen. `None` if the octets are no question.
pub async fn answer(standpoint: &Standpoint, octets: &[u8]) -> Option<Answer> {
    let question: Question = serde_json::from_slice(octets).ok()?;
    let sight = if question.perspective == standpoint.name {
        look(standpoint, &question).await
    } else {
        let (asked, name) = (&question.perspective, &standpoint.name);
        Sight::Nothing { reason: format!("the question is for {asked:?}, and this is {name}") }
    };
    Some(Answer {
        request_id: question.request_id,
        perspective: standpoint.name.clone(),
        region: standpoint.region.to_string(),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        sight,
    })
}

async fn look(standpoint: &Standpoint, question: &Question) -> Sight {
    let Some(probe) = question.probe(&standpoint.rules) else {
        return Sight::Nothing { reason: "the identifier cannot be in a certificate".to_owned() };
    };
    match validation::probe(&probe).await {
        Ok(observation) => Sight::Proof(Box::new(observation)),
        Err(failure) => match failure.lack {
            Some(lack) => Sight::Nothing { reason: lack.to_string() },
            None => Sight::Problem {
                r#type: failure.problem.r#type,
                detail: failure.problem.detail,
                guarded: failure.guarded.detail,
            },
        },
    }
}
