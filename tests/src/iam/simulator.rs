//! `@cloud-copilot/iam-simulate`, which decides whether IAM allows a request.

use std::{collections::BTreeMap, fs, path::PathBuf};

use cloud::Access;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::clients::{Failure, Tool};

/// An installation of the simulator.
pub struct Simulator {
    node: PathBuf,
    packages: PathBuf,
}

/// Policies by the names under which questions refer to them.
pub type Policies = BTreeMap<String, Value>;

/// A request of a principal, and the policies that apply to it.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    /// The ARN of the principal; `None` for a request that is not signed.
    pub principal: Option<String>,
    /// The action, the resource and the condition keys.
    #[serde(flatten)]
    pub access: Access,
    /// The account of the resource.
    pub account: String,
    /// The names of the policies of the principal.
    pub identity: Vec<String>,
    /// The name of the principal's permissions boundary, if it has one.
    pub boundary: Option<String>,
    /// The name of the resource's policy, if it has one.
    #[serde(rename = "resourcePolicy")]
    pub resource_policy: Option<String>,
}

/// What IAM decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Verdict {
    /// A policy allows the request, and none denies it.
    Allowed,
    /// A statement denies it.
    #[serde(rename = "ExplicitlyDenied")]
    Denied,
    /// No policy allows it.
    #[serde(rename = "ImplicitlyDenied")]
    NotAllowed,
}

/// Something that can be asked of a service, as the Service Authorization Reference describes it.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// The action, such as `dynamodb:PutItem`.
    pub action: String,
    /// The resource; `*` for an action without one.
    pub resource: String,
    /// The condition keys of the action.
    pub keys: Vec<String>,
}

impl Simulator {
    /// Finds it; `None`, loudly, if it is not installed.
    ///
    /// # Errors
    /// Those of [`Tool::find`].
    pub fn find() -> Result<Option<Self>, Failure> {
        let (Some(node), Some(packages)) = (Tool::find("node")?, Tool::find("iam-simulate")?) else { return Ok(None) };
        // What is found is the stamp in the folder.
        let packages = packages.path.parent().unwrap().to_owned();
        Ok(Some(Self { node: node.path, packages }))
    }

    /// The verdict on each question, in their order.
    ///
    /// # Panics
    /// It cannot decide one: a policy is not valid, or an action, its resource or a condition key
    /// is unknown.
    pub async fn verdicts(&self, policies: &Policies, questions: &[Question]) -> Vec<Verdict> {
        let asked = questions.iter().map(|question| serde_json::to_string(question).unwrap());
        let answers = self.answers(policies, asked.collect()).await;
        assert_eq!(answers.len(), questions.len(), "it has answered every question");
        let verdict = |(question, answer): (&Question, String)| match serde_json::from_str(&answer).unwrap() {
            Answer::Decided { verdict, ignored } if ignored.is_empty() => verdict,
            Answer::Decided { ignored, .. } => panic!("{question:?} has no condition keys {ignored:?}"),
            Answer::Refused { error } => panic!("{question:?}: {error}"),
        };
        questions.iter().zip(answers).map(verdict).collect()
    }

    /// All that can be asked of some services about some resources.
    ///
    /// # Panics
    /// It does not know one of the services.
    pub async fn requests(&self, services: &[&str], resources: &[String]) -> Vec<Request> {
        let ask = |service: &&str| json!({"service": service, "resources": resources}).to_string();
        let answers = self.answers(&Policies::new(), services.iter().map(ask).collect()).await;
        answers.iter().flat_map(|answer| serde_json::from_str::<Vec<Request>>(answer).unwrap()).collect()
    }

    async fn answers(&self, policies: &Policies, questions: Vec<String>) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("questions");
        let policies = serde_json::to_string(policies).unwrap();
        fs::write(&input, [vec![policies], questions].concat().join("\n")).unwrap();
        let script = folder.path().join("simulate.mjs");
        fs::write(&script, include_str!("simulate.mjs")).unwrap();
        let mut node = Command::new(&self.node);
        node.arg(&script).arg(&self.packages).stdin(fs::File::open(&input).unwrap());
        let output = node.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Decided { verdict: Verdict, ignored: Vec<String> },
    Refused { error: String },
}
