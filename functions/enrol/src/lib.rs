//! External account keys that principals of IAM mint for themselves.
//!
//! The function has a function URL that only signed requests reach (`AuthType: AWS_IAM`). Lambda
//! verifies the signature, asks IAM, and says in the event who the caller is: nothing else of a
//! request decides what the caller gets. Who may invoke the function otherwise writes the event
//! itself, and is anyone it likes: docs/operations/enrolment.md says who must not.

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{DirectoryId, Family, Problem, ProblemType, ProfileName, Urls};
use jose::base64url;
use operator::{EnrolledKey, Enrolment, Error, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the function answers with.
pub struct Enroller {
    /// Who may mint what.
    pub enrolment: Enrolment,
    /// The URLs of directories.
    pub urls: Urls,
}

impl Enroller {
    /// Answers the event of a request to the function URL.
    pub async fn answer(&self, event: &Value) -> Value {
        match self.minted(event).await {
            Ok(key) => answer(201, "application/json", &self.shown(&key)),
            Err(problem) => {
                tracing::info!(status = problem.status, reason = problem.detail, "no key was minted");
                answer(problem.status, "application/problem+json", &*problem)
            }
        }
    }

    async fn minted(&self, event: &Value) -> Result<EnrolledKey, Box<Problem>> {
        let asked = Asked::read(event)?;
        let minted = self.enrolment.mint(&asked.caller, asked.profile.as_ref()).await;
        let key = minted.map_err(|error| refusal(&error, &asked.caller))?;
        tracing::info!(caller = asked.caller, key = %key.minted.id, profile = %key.profile, "a key was minted");
        Ok(key)
    }

    fn shown(&self, key: &EnrolledKey) -> Value {
        let EnrolledKey { minted, profile } = key;
        json!({
            "kid": minted.id,
            "hmacKey": base64url::encode(&minted.mac_key),
            "expires": minted.expires_at,
            "directory": self.urls.directory(&DirectoryId { family: Family::AcmeProfile, name: profile.clone() }),
        })
    }
}

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// The ARN of the caller, which Lambda has proven.
    pub caller: String,
    /// The ACME Profile; that of the only grant when absent.
    pub profile: Option<ProfileName>,
}

impl Asked {
    /// Reads the event of a request to the function URL (payload 2.0).
    ///
    /// # Errors
    /// It is not a POST, it names no caller, or what it asks for cannot be read.
    pub fn read(event: &Value) -> Result<Self, Box<Problem>> {
        let malformed = |detail: &str| Problem::new(ProblemType::Malformed, detail);
        let event =
            Event::deserialize(event).map_err(|_| malformed("the event is not that of a request to a function URL"))?;
        let Context { http, authorizer } = event.request_context;
        let caller = authorizer.and_then(|authorizer| authorizer.iam).map(|iam| iam.user_arn);
        let caller = caller.ok_or_else(|| Problem::new(ProblemType::Unauthorized, "IAM has proven no caller"))?;
        if http.method != "POST" {
            return Err(malformed("a key is minted by POST").with_status(405).into());
        }
        let profile = event.query_string_parameters.and_then(|query| query.profile);
        let profile = profile.map(|name| name.parse()).transpose();
        let profile = profile.map_err(|_| malformed("profile is not the name of an ACME Profile"))?;
        Ok(Self { caller, profile })
    }
}

/// Why no key was minted.
fn refusal(error: &Error, caller: &str) -> Problem {
    match error {
        Error::Refused(Refusal::NotGranted) => {
            Problem::new(ProblemType::Unauthorized, format!("{caller} has no grant for this"))
        }
        Error::Refused(refusal) => Problem::new(ProblemType::Malformed, refusal.to_string()),
        Error::Failed(failure) => {
            tracing::error!(error = failure as &dyn std::error::Error, caller, "no key could be minted");
            Problem::new(ProblemType::ServerInternal, "the CA could not mint the key; try again")
        }
    }
}

/// The event, as far as it is of interest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: Context,
    query_string_parameters: Option<Query>,
}

#[derive(Deserialize)]
struct Context {
    http: Http,
    authorizer: Option<Authorizer>,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

#[derive(Deserialize)]
struct Authorizer {
    iam: Option<Iam>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Iam {
    user_arn: String,
}

#[derive(Deserialize)]
struct Query {
    profile: Option<String>,
}

fn answer(status: u16, content_type: &str, body: &impl Serialize) -> Value {
    let body = serde_json::to_string(body).unwrap_or_default();
    let headers = json!({"content-type": content_type, "cache-control": "no-store"});
    json!({"statusCode": status, "headers": headers, "body": body})
}
