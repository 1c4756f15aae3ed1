//! A trial of a resolver that is to validate DNSSEC: one name whose signatures are whole, and one
//! whose signatures are broken.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::proto::{
    op::ResponseCode,
    rr::{Name, RecordType},
};

use crate::{
    exchange::{self, Answer},
    question::Question,
};

/// Why a resolver does not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrialFailure {
    /// It answers for a name whose signatures are broken.
    #[error("it does not validate: it answers for {0}, whose signatures are broken")]
    Believes(String),
    /// It does not call an answer authentic that is.
    #[error("it does not call the answer for {0} authentic")]
    Silent(String),
    /// The trial shows nothing.
    #[error("the trial with {name} shows nothing: {reason}")]
    Nothing {
        /// The name that was asked for.
        name: String,
        /// What kept it from showing something.
        reason: String,
    },
}

/// Tries whether the resolver at `server` validates: whether it calls an answer for `whole`
/// authentic, and refuses to answer for `broken` for no other reason than its signatures. `whole`
/// may be `.`, the root.
///
/// # Errors
/// It does not, or the trial shows nothing.
pub async fn try_resolver(server: SocketAddr, whole: &str, broken: &str) -> Result<(), TrialFailure> {
    let answer = ask(server, whole, RecordType::SOA, Question::with_validation).await?;
    if answer.head.response_code == ResponseCode::ServFail {
        return Err(nothing(whole, "the resolver answered SERVFAIL"));
    }
    if !answer.head.authentic_data {
        return Err(TrialFailure::Silent(whole.to_owned()));
    }
    match ask(server, broken, RecordType::A, Question::with_validation).await?.head.response_code {
        ResponseCode::NoError => return Err(TrialFailure::Believes(broken.to_owned())),
        ResponseCode::ServFail => {}
        code => return Err(nothing(broken, code)),
    }
    // A name server that cannot be reached is no reason that says something of the resolver.
    match ask(server, broken, RecordType::A, Question::without_validation).await?.head.response_code {
        ResponseCode::NoError => Ok(()),
        code => Err(nothing(broken, format!("{code} without validation, too"))),
    }
}

async fn ask(
    server: SocketAddr,
    name: &str,
    r#type: RecordType,
    how: impl Fn(Question) -> Question,
) -> Result<Answer, TrialFailure> {
    let failed = |error: &dyn ToString| nothing(name, error.to_string());
    let absolute = if name.ends_with('.') { name.to_owned() } else { format!("{name}.") };
    let absolute = Name::from_ascii(absolute).map_err(|error| failed(&error))?;
    let question = how(Question::new(&absolute, r#type).map_err(|error| failed(&error))?);
    exchange::ask(server, &question, PATIENCE).await.map_err(|error| failed(&error))
}

fn nothing(name: &str, reason: impl ToString) -> TrialFailure {
    TrialFailure::Nothing { name: name.to_owned(), reason: reason.to_string() }
}

const PATIENCE: Duration = Duration::from_secs(2);
