//! The policies of a deployed template: those of the functions' roles, and those of keys, table and
//! bucket.

use std::collections::BTreeMap;

use cloud::{ACCOUNT, Access, REGION};
use serde_json::{Value, json};

use crate::{
    Aws,
    deployed::transformed::{Deployed, Transformed},
};

use super::simulator::{Policies, Question};

/// Who may do what in a stack.
pub struct Rights {
    policies: Policies,
    /// The roles, by the logical ids of their functions.
    roles: BTreeMap<String, Role>,
    /// The names of the policies of resources, by the ARNs of these.
    of_resources: BTreeMap<String, String>,
}

struct Role {
    arn: String,
    policies: Vec<String>,
    boundary: Option<String>,
}

impl Rights {
    /// Reads them. `arn_of` is that of the deployed template.
    ///
    /// # Panics
    /// A role has a policy that AWS manages and of which there is no copy in `managed.json`, or a
    /// boundary that is not among `boundaries`.
    pub fn of(
        template: &Transformed,
        deployed: &Deployed<'_>,
        arn_of: impl Fn(&str) -> String,
        boundaries: &Policies,
    ) -> Self {
        let mut policies: Policies = serde_json::from_str(include_str!("managed.json")).unwrap();
        policies.extend(boundaries.clone());
        for (name, policy) in template.resources("AWS::IAM::ManagedPolicy") {
            if deployed.exists(policy) {
                policies.insert(name.to_owned(), deployed.value(&policy["Properties"]["PolicyDocument"]));
            }
        }
        let roles = template.resources("AWS::IAM::Role");
        let functions = template.resources("AWS::Lambda::Function");
        let existing = functions.into_iter().filter(|(_, function)| deployed.exists(function));
        let roles = existing.map(|(name, function)| {
            let id = function["Properties"]["Role"]["Fn::GetAtt"][0].as_str().unwrap();
            let properties = deployed.value(&roles[id]["Properties"]);
            let mut names: Vec<String> = texts(&properties["ManagedPolicyArns"]).collect();
            for inline in elements(&properties["Policies"]) {
                names.push(format!("{id}: {}", inline["PolicyName"].as_str().unwrap()));
                policies.insert(names.last().unwrap().clone(), inline["PolicyDocument"].clone());
            }
            let boundary = properties["PermissionsBoundary"].as_str().map(str::to_owned);
            for name in names.iter().chain(&boundary) {
                assert!(policies.contains_key(name), "there is no copy of {name}");
            }
            (name.to_owned(), Role { arn: arn_of(id), policies: names, boundary })
        });
        let roles = roles.collect();

        let mut of_resources = BTreeMap::new();
        for (name, key) in template.resources("AWS::KMS::Key") {
            if deployed.exists(key) {
                policies.insert(name.to_owned(), deployed.value(&key["Properties"]["KeyPolicy"]));
                of_resources.insert(arn_of(name), name.to_owned());
            }
        }
        for (name, table) in template.resources("AWS::DynamoDB::Table") {
            let policy = &table["Properties"]["ResourcePolicy"]["PolicyDocument"];
            if deployed.exists(table) && !policy.is_null() {
                policies.insert(name.to_owned(), deployed.value(policy));
                of_resources.insert(arn_of(name), name.to_owned());
            }
        }
        for (name, policy) in template.resources("AWS::S3::BucketPolicy") {
            if deployed.exists(policy) {
                let properties = deployed.value(&policy["Properties"]);
                policies.insert(name.to_owned(), properties["PolicyDocument"].clone());
                of_resources
                    .insert(format!("arn:aws:s3:::{}", properties["Bucket"].as_str().unwrap()), name.to_owned());
            }
        }
        Self { policies, roles, of_resources }
    }

    /// Adds a policy that a resource got from an operator.
    pub fn set_policy(&mut self, resource: &str, policy: Value) {
        self.policies.insert(resource.to_owned(), policy);
        self.of_resources.insert(resource.to_owned(), resource.to_owned());
    }

    /// Adds a policy for [`Rights::asked_by`].
    pub fn add_policy(&mut self, name: &str, policy: Value) {
        self.policies.insert(name.to_owned(), policy);
    }

    /// All policies, by their names.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The functions that exist with these parameters.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str)
    }

    /// Whether a function may do something.
    ///
    /// # Panics
    /// There is no such function.
    pub fn asked_by_function(&self, function: &str, access: &Access) -> Question {
        let role = &self.roles[function];
        // A session has no path.
        let name = role.arn.rsplit('/').next().unwrap();
        let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{function}");
        Question { boundary: role.boundary.clone(), ..self.asked_by(&session, &role.arn, &role.policies, access) }
    }

    /// Whether another principal may, which has the policies with these names. `arn` is that of its
    /// role or user.
    pub fn asked_by(&self, principal: &str, arn: &str, policies: &[String], access: &Access) -> Question {
        let mut question = self.asked_unsigned(access);
        question.principal = Some(principal.to_owned());
        question.identity = policies.to_vec();
        let account = arn.split(':').nth(4).unwrap().to_owned();
        let context = &mut question.access.context;
        context.insert("aws:PrincipalArn".into(), vec![arn.to_owned()]);
        context.insert("aws:PrincipalAccount".into(), vec![account]);
        question
    }

    /// Whether anyone may, by a request that is not signed.
    pub fn asked_unsigned(&self, access: &Access) -> Question {
        let mut access = access.clone();
        // A condition key without a value is none.
        access.context.retain(|_, values| !values.is_empty());
        for (key, value) in
            [("aws:ResourceAccount", ACCOUNT), ("aws:RequestedRegion", REGION), ("aws:SecureTransport", "true")]
        {
            access.context.insert(key.into(), vec![value.to_owned()]);
        }
        let with_policy = match access.resource.strip_prefix("arn:aws:s3:::") {
            Some(object) => format!("arn:aws:s3:::{}", object.split('/').next().unwrap()),
            None => access.resource.clone(),
        };
        Question {
            principal: None,
            resource_policy: self.of_resources.get(&with_policy).cloned(),
            access,
            account: ACCOUNT.to_owned(),
            identity: Vec::new(),
            boundary: None,
        }
    }
}

/// The ARN of the role that CloudFormation makes for a function of the stack, under a path.
pub fn role_of(function: &str, path: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role{path}{}-{function}Role-1ABCDEFGHIJKL", Aws::STACK)
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    elements(value).map(|text| text.as_str().unwrap_or_else(|| panic!("{} is no text", json!(text))).to_owned())
}
