//! Stacks, made as `sam deploy` makes them: a change set, which is executed, and a look at what
//! became of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    Fault,
    aws::{Aws, list, text, word},
};
use crate::Error;

/// A stack that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    /// As the operator sees it.
    pub(super) name: String,
    /// Its ARN, by which it is known after its deletion, too.
    pub(super) id: String,
    /// The ARN of the last change set.
    change_set: String,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource {
    /// What CloudFormation calls it, such as `AWS::KMS::Key`.
    pub(super) kind: String,
    /// The name or id that AWS gave it.
    pub(super) id: String,
}

/// What a change set does to a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// There is no stack of the name yet.
    Create,
    /// The change set gets this name.
    Update { name: &'static str },
}

/// A template in a bucket, with values for its parameters.
#[derive(Clone, Debug)]
pub(super) struct Wish<'a> {
    /// The URL of the template.
    pub(super) template: &'a str,
    /// Values for parameters; the others keep their default.
    pub(super) parameters: &'a BTreeMap<String, String>,
    /// The tag that everything gets, a name and a value.
    pub(super) tag: [&'a str; 2],
}

impl Stack {
    /// Asks for a stack of this name, or a change of it. The change has only begun when this
    /// returns.
    pub(super) fn ask(aws: &Aws, name: &str, change: Change, wish: &Wish<'_>) -> Result<Self, Fault> {
        let (kind, set) = match change {
            Change::Create => ("CREATE", "create"),
            Change::Update { name } => ("UPDATE", name),
        };
        let parameters: Value = wish
            .parameters
            .iter()
            .map(|(name, value)| json!({ "ParameterKey": name, "ParameterValue": value }))
            .collect();
        let parameters = format!("file://{}", aws.file("parameters.json", parameters.to_string())?.display());
        let [tag, value] = wish.tag;
        let made = aws.ask(&[
            "cloudformation",
            "create-change-set",
            "--stack-name",
            name,
            "--change-set-name",
            set,
            "--change-set-type",
            kind,
            "--template-url",
            wish.template,
            "--parameters",
            &parameters,
            "--capabilities",
            "CAPABILITY_IAM",
            "CAPABILITY_AUTO_EXPAND",
            "--tags",
            &format!("Key={tag},Value={value}"),
        ])?;
        Ok(Self { name: name.to_owned(), id: text(&made, "/StackId")?, change_set: text(&made, "/Id")? })
    }

    /// Executes the change set that was asked for, and waits until the stack is in a state that
    /// lasts, which must be `wanted`.
    pub(super) fn execute(&self, aws: &Aws, wanted: &'static str) -> Result<(), Fault> {
        let set = ["--change-set-name", self.change_set.as_str()];
        let began = Instant::now();
        loop {
            let now = aws.ask(&[&["cloudformation", "describe-change-set"], &set[..]].concat())?;
            match word(&now, "/Status") {
                "CREATE_COMPLETE" => break,
                "FAILED" => return Err(self.fault("FAILED", "a change set", text(&now, "/StatusReason")?)),
                _ => self.patience(aws, began, "the change set is not ready")?,
            }
        }
        let before = self.describe(aws)?;
        aws.ask(&[&["cloudformation", "execute-change-set"], &set[..]].concat())?;
        // It begins a moment later, and the state before it looks like one that lasts.
        self.lasting(aws, wanted, |now| {
            ["/StackStatus", "/LastUpdatedTime"].iter().any(|member| now.pointer(member) != before.pointer(member))
        })
    }

    /// Deletes it, and waits for the end of it.
    pub(super) fn delete(&self, aws: &Aws) -> Result<(), Fault> {
        self.settled(aws, |_| true)?;
        aws.ask(&["cloudformation", "delete-stack", "--stack-name", &self.id])?;
        self.lasting(aws, "DELETE_COMPLETE", |now| {
            let status = word(now, "/StackStatus");
            status.starts_with("DELETE_")
        })
    }

    /// Whether it is there, in whatever state.
    pub(super) fn is_there(&self, aws: &Aws) -> Result<bool, Fault> {
        Ok(word(&self.describe(aws)?, "/StackStatus") != "DELETE_COMPLETE")
    }

    /// Its outputs, by name.
    pub(super) fn outputs(&self, aws: &Aws) -> Result<BTreeMap<String, String>, Fault> {
        let described = self.describe(aws)?;
        let outputs = list(&described, "/Outputs");
        outputs.map(|output| Ok((text(output, "/OutputKey")?, text(output, "/OutputValue")?))).collect()
    }

    /// The value of one of its parameters.
    pub(super) fn parameter(&self, aws: &Aws, name: &str) -> Result<String, Fault> {
        let described = self.describe(aws)?;
        let mut parameters = list(&described, "/Parameters");
        let found = parameters.find(|parameter| word(parameter, "/ParameterKey") == name);
        text(found.unwrap_or(&Value::Null), "/ParameterValue")
    }

    /// All that ever belonged to it.
    pub(super) fn resources(&self, aws: &Aws) -> Result<BTreeSet<Resource>, Fault> {
        let listed = aws.ask(&["cloudformation", "describe-stack-events", "--stack-name", &self.id])?;
        let events = list(&listed, "/StackEvents");
        let made = events.filter(|event| !word(event, "/PhysicalResourceId").is_empty());
        made.map(|event| Ok(Resource { kind: text(event, "/ResourceType")?, id: text(event, "/PhysicalResourceId")? }))
            .collect()
    }

    /// What CloudFormation says about failures, the first one first.
    pub(super) fn reasons(&self, aws: &Aws) -> Result<String, Fault> {
        let listed = aws.ask(&["cloudformation", "describe-stack-events", "--stack-name", &self.id])?;
        let events = list(&listed, "/StackEvents");
        let failed = events.filter(|event| word(event, "/ResourceStatus").ends_with("_FAILED"));
        let mut reasons: Vec<_> = failed
            .map(|event| format!("{}: {}", word(event, "/LogicalResourceId"), word(event, "/ResourceStatusReason")))
            .collect();
        reasons.reverse();
        reasons.truncate(REASONS);
        Ok(reasons.join("; "))
    }

    fn lasting(&self, aws: &Aws, wanted: &'static str, is_begun: impl Fn(&Value) -> bool) -> Result<(), Fault> {
        let status = self.settled(aws, is_begun)?;
        if status == wanted {
            return Ok(());
        }
        let reasons = self.reasons(aws)?;
        Err(self.fault(&status, wanted, reasons))
    }

    fn settled(&self, aws: &Aws, is_begun: impl Fn(&Value) -> bool) -> Result<String, Fault> {
        let began = Instant::now();
        loop {
            let now = self.describe(aws)?;
            let status = text(&now, "/StackStatus")?;
            let is_under_way = status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS";
            if !is_under_way && is_begun(&now) {
                return Ok(status);
            }
            self.patience(aws, began, &format!("it is {status}"))?;
        }
    }

    fn patience(&self, aws: &Aws, began: Instant, state: &str) -> Result<(), Fault> {
        if began.elapsed() > PATIENCE {
            let what = format!("the stack {}: {state}", self.name);
            return Err(Fault::Slow { what, minutes: PATIENCE.as_secs() / 60 });
        }
        // CloudFormation works for minutes; a question a second would be throttled.
        aws.interrupt().pause(if began.elapsed() < AT_FIRST { AT_FIRST / 10 } else { AT_FIRST })
    }

    fn describe(&self, aws: &Aws) -> Result<Value, Fault> {
        match aws.ask(&["cloudformation", "describe-stacks", "--stack-name", &self.id]) {
            Ok(described) => Ok(described.pointer("/Stacks/0").cloned().unwrap_or_default()),
            // The emulator forgets a deleted stack when another one has its name.
            Err(Fault::Program(Error::Failed { output, .. })) if output.contains("does not exist") => {
                Ok(json!({ "StackStatus": "DELETE_COMPLETE" }))
            }
            Err(fault) => Err(fault),
        }
    }

    fn fault(&self, status: &str, wanted: &'static str, reasons: String) -> Fault {
        Fault::Stack { stack: self.name.clone(), status: status.to_owned(), wanted, reasons }
    }
}

const REASONS: usize = 5;
/// CloudFront alone can take a quarter of an hour.
const PATIENCE: Duration = Duration::from_secs(45 * 60);
const AT_FIRST: Duration = Duration::from_secs(5);
