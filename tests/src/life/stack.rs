//! A template with the values of its parameters and every function evaluated.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::deployed::transformed::Transformed;

/// What a stack is to consist of.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Its id, which no other stack ever has.
    pub id: String,
    /// The resources whose conditions hold, by logical id.
    pub resources: BTreeMap<String, Resource>,
    /// The outputs, by name.
    pub outputs: BTreeMap<String, Value>,
    /// How often resources have been replaced, by logical id.
    pub(super) generations: BTreeMap<String, usize>,
}

/// One of its resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What CloudFormation calls it, such as `AWS::KMS::Key`.
    pub kind: String,
    /// As they are given; where they refer to another resource, they have an id of it that changes
    /// when it is replaced.
    pub properties: Value,
    /// `DeletionPolicy`, for the resource that leaves the stack.
    pub deletion: Policy,
    /// `UpdateReplacePolicy`, for the resource that is replaced by a new one.
    pub replacement: Policy,
}

/// What becomes of a resource that its stack does not need any more:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It is deleted, which is the default.
    Delete,
    /// It stays, and also when it was made by an operation that is rolled back.
    Retain,
    /// It stays, but what an operation made that is rolled back is deleted.
    RetainExceptOnCreate,
}

impl Stack {
    /// The stack of this name and id with these parameters, and with defaults for the others.
    ///
    /// # Panics
    /// The template does not have one of the parameters.
    pub fn new(template: &Transformed, name: &str, id: &str, parameters: &[(&str, &str)]) -> Self {
        Self::after(template, name, id, parameters, BTreeMap::new())
    }

    /// The same, after some resources have been replaced.
    pub(super) fn after(
        template: &Transformed,
        name: &str,
        id: &str,
        parameters: &[(&str, &str)],
        generations: BTreeMap<String, usize>,
    ) -> Self {
        let arn_of = |resource: &str| {
            let generation = generations.get(resource).copied().unwrap_or_default();
            format!("arn:aws:any:::{id}.{resource}.{generation}")
        };
        let deployed = template.deployed(parameters, arn_of).as_stack(name, id);
        let existing = template.all().iter().filter(|(_, resource)| deployed.exists(resource));
        let resources = existing.map(|(logical, resource)| {
            let resource = Resource {
                kind: resource["Type"].as_str().unwrap().to_owned(),
                properties: deployed.value(resource.get("Properties").unwrap_or(&json!({}))),
                deletion: Policy::of(&resource["DeletionPolicy"]),
                replacement: Policy::of(&resource["UpdateReplacePolicy"]),
            };
            (logical.clone(), resource)
        });
        let resources = resources.collect();
        let outputs = template.outputs().iter().filter(|(_, output)| deployed.exists(output));
        let outputs = outputs.map(|(name, output)| (name.clone(), deployed.value(&output["Value"]))).collect();
        drop(deployed);
        Self { id: id.to_owned(), resources, outputs, generations }
    }

    /// Which resource it is, of all that ever had this logical id in a stack.
    pub(super) fn physical(&self, logical: &str) -> String {
        format!("{}.{logical}.{}", self.id, self.generations.get(logical).copied().unwrap_or_default())
    }

    /// The resources that keep state.
    pub fn state(&self) -> BTreeSet<&str> {
        let state = self.resources.iter().filter(|(_, resource)| keeps_state(&resource.kind));
        state.map(|(logical, _)| logical.as_str()).collect()
    }
}

impl Policy {
    fn of(value: &Value) -> Self {
        match value.as_str() {
            None | Some("Delete") => Self::Delete,
            Some("Retain") => Self::Retain,
            Some("RetainExceptOnCreate") => Self::RetainExceptOnCreate,
            Some(other) => panic!("no template has used {other} so far"),
        }
    }
}

/// Whether what a resource of this type holds is lost with it: records, keys and their names,
/// files, lines, messages, and the CA that the custom resource stands for.
fn keeps_state(kind: &str) -> bool {
    matches!(
        kind,
        "AWS::DynamoDB::Table"
            | "AWS::KMS::Alias"
            | "AWS::KMS::Key"
            | "AWS::Logs::LogGroup"
            | "AWS::S3::Bucket"
            | "AWS::SQS::Queue"
            | "Custom::CertificateAuthority"
    )
}
