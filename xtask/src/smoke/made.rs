//! What this run made, and nothing else; and how it is taken away again.

use std::collections::BTreeSet;

use super::{
    Fault,
    aws::{Aws, list, text, word},
    stack::{Resource, Stack},
};
use crate::Error;

/// What this run made.
#[derive(Debug, Default)]
pub(super) struct Made {
    stacks: Vec<Stack>,
    resources: BTreeSet<Resource>,
    bucket: Option<String>,
}

impl Made {
    /// Takes a stack, as soon as it was asked for.
    pub(super) fn stack(&mut self, stack: &Stack) {
        if self.stacks.iter().all(|known| known.id != stack.id) {
            self.stacks.push(stack.clone());
        }
    }

    /// Takes what a stack of this run retains when it is deleted.
    pub(super) fn read(&mut self, aws: &Aws, stack: &Stack) -> Result<BTreeSet<Resource>, Fault> {
        let kept: BTreeSet<_> = stack.resources(aws)?.into_iter().filter(Resource::outlives_its_stack).collect();
        self.resources.extend(kept.iter().cloned());
        Ok(kept)
    }

    /// Takes the bucket for the code.
    pub(super) fn bucket(&mut self, name: &str) {
        self.bucket = Some(name.to_owned());
    }

    /// Takes everything away, as far as possible.
    pub(super) fn clean_up(&mut self, aws: &Aws) -> Cleaned {
        let mut cleaned = Cleaned::default();
        for stack in self.stacks.clone().iter().rev() {
            let name = format!("the stack {}", stack.name);
            // Of one that is deleted everything was read before.
            let deleted = stack
                .is_there(aws)
                .and_then(|there| if there { self.read(aws, stack).and_then(|_| stack.delete(aws)) } else { Ok(()) });
            cleaned.take(name, deleted.map(|()| None));
        }
        if let Some(bucket) = &self.bucket {
            self.resources.insert(Resource { kind: BUCKET.to_owned(), id: bucket.clone() });
        }
        for resource in &self.resources {
            let outcome = resource.is_there(aws).and_then(|there| if there { resource.delete(aws) } else { Ok(None) });
            cleaned.take(resource.to_string(), outcome);
        }
        cleaned
    }

    /// What there is of it, for an operator who keeps it.
    pub(super) fn list(&self) -> Vec<String> {
        let stacks = self.stacks.iter().map(|stack| format!("the stack {}", stack.name));
        let bucket = self.bucket.iter().map(|name| format!("the bucket {name}"));
        stacks.chain(self.resources.iter().map(ToString::to_string)).chain(bucket).collect()
    }
}

/// What became of a clean-up.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    /// How many things are gone.
    pub(super) gone: usize,
    /// What goes away by itself later.
    pub(super) pending: Vec<String>,
    /// What is still there, and why.
    pub(super) left: Vec<String>,
}

impl Cleaned {
    fn take(&mut self, what: String, outcome: Result<Option<String>, Fault>) {
        match outcome {
            Ok(None) => self.gone += 1,
            Ok(Some(when)) => self.pending.push(format!("{what}, {when}")),
            Err(fault) => self.left.push(format!("{what}: {fault}")),
        }
    }
}

impl Resource {
    /// Whether the template retains it when its stack is deleted.
    fn outlives_its_stack(&self) -> bool {
        [ALIAS, BUCKET, KEY, LOGS, TABLE].contains(&self.kind.as_str())
    }

    /// Whether it is there; a key that is to be deleted is not.
    pub(super) fn is_there(&self, aws: &Aws) -> Result<bool, Fault> {
        let id = self.id.as_str();
        let described = match self.kind.as_str() {
            TABLE => aws.ask(&["dynamodb", "describe-table", "--table-name", id]),
            KEY | ALIAS => aws.ask(&["kms", "describe-key", "--key-id", id]),
            BUCKET => aws.ask(&["s3api", "head-bucket", "--bucket", id]),
            _ => aws.ask(&["logs", "describe-log-groups", "--log-group-name-prefix", id]),
        };
        match described {
            Ok(answer) if self.kind == KEY => Ok(word(&answer, "/KeyMetadata/KeyState") != "PendingDeletion"),
            Ok(answer) if self.kind == LOGS => {
                let mut groups = list(&answer, "/logGroups");
                Ok(groups.any(|group| word(group, "/logGroupName") == self.id))
            }
            Ok(_) => Ok(true),
            Err(Fault::Program(Error::Failed { output, .. })) if ABSENT.iter().any(|word| output.contains(word)) => {
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Takes it away; says when, if not at once.
    fn delete(&self, aws: &Aws) -> Result<Option<String>, Fault> {
        let id = self.id.as_str();
        match self.kind.as_str() {
            TABLE => {
                aws.ask(&["dynamodb", "delete-table", "--table-name", id])?;
            }
            ALIAS => {
                aws.ask(&["kms", "delete-alias", "--alias-name", id])?;
            }
            BUCKET => {
                aws.say(&["s3", "rb", "--force", &format!("s3://{id}")])?;
            }
            KEY => {
                // The policy of the key refuses a shorter time.
                let days = ["--pending-window-in-days", "30"];
                aws.ask(&[&["kms", "schedule-key-deletion", "--key-id", id], &days[..]].concat())?;
                return Ok(Some("which AWS deletes after 30 days".to_owned()));
            }
            _ => {
                aws.ask(&["logs", "delete-log-group", "--log-group-name", id])?;
            }
        }
        Ok(None)
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind.as_str() {
            ALIAS => "the alias",
            BUCKET => "the bucket",
            KEY => "the key",
            LOGS => "the log group",
            TABLE => "the table",
            other => other,
        };
        write!(to, "{kind} {}", self.id)
    }
}

/// The ARN of a table.
pub(super) fn arn_of_table(aws: &Aws, name: &str) -> Result<String, Fault> {
    text(&aws.ask(&["dynamodb", "describe-table", "--table-name", name])?, "/Table/TableArn")
}

const ALIAS: &str = "AWS::KMS::Alias";
const BUCKET: &str = "AWS::S3::Bucket";
const KEY: &str = "AWS::KMS::Key";
const LOGS: &str = "AWS::Logs::LogGroup";
const TABLE: &str = "AWS::DynamoDB::Table";

/// How the services say that something is not there.
const ABSENT: [&str; 4] = ["NotFoundException", "ResourceNotFound", "(404)", "NoSuchBucket"];
