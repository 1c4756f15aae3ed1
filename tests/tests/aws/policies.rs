//! The permissions of each function, as `template.yaml` grants them.

use std::{collections::BTreeMap, fs};

use tests::{Aws, deployed::repository};
use yaml_serde::Value;

/// A statement that allows something.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The function that has the permission.
    pub(crate) function: String,
    actions: Vec<String>,
    resources: Vec<String>,
    /// Operator, condition key, and the patterns that its values must match.
    conditions: Vec<(String, String, Vec<String>)>,
}

impl Statement {
    /// Whether it is about this action, on this resource where one is given.
    pub(crate) fn is_about(&self, action: &str, resource: Option<&str>) -> bool {
        self.actions.iter().any(|own| own == action)
            && resource.is_none_or(|resource| self.resources.iter().any(|own| own == resource))
    }

    /// Whether it holds whatever else is true of a request.
    pub(crate) fn is_unconditional(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The nouns of the table's keys that it is about: `ORDER` of `ORDER#*`.
    pub(crate) fn nouns(&self) -> impl Iterator<Item = &str> {
        // `Null` says that the key has to be there, and not what it is.
        let is_about_keys = |operator: &str, key: &str| key == "dynamodb:LeadingKeys" && operator != "Null";
        let leading = self.conditions.iter().filter(move |(operator, key, _)| is_about_keys(operator, key));
        leading.flat_map(|(_, _, patterns)| patterns).map(|pattern| pattern.split('#').next().unwrap_or_default())
    }
}

/// The template, with the default values of its parameters and the names of this cloud.
pub(crate) struct Policies<'a> {
    template: Value,
    aws: &'a Aws,
}

impl<'a> Policies<'a> {
    pub(crate) fn read(aws: &'a Aws) -> Self {
        let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
        Self { template: yaml_serde::from_str(&text).unwrap(), aws }
    }

    /// All statements of all functions.
    pub(crate) fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (name, resource) in self.template["Resources"].as_mapping().unwrap() {
            if resource["Type"] != "AWS::Serverless::Function" {
                continue;
            }
            // Managed policies only refuse (`tests/template`).
            let policies = resource["Properties"]["Policies"].as_sequence().into_iter().flatten();
            let policies = policies.map(|policy| match policy {
                // One that a parameter brings.
                Value::Tagged(tagged) if tagged.tag == "If" => &tagged.value[1],
                policy => policy,
            });
            for policy in policies.filter(|policy| policy.is_mapping()) {
                for statement in policy["Statement"].as_sequence().unwrap() {
                    assert_eq!(statement["Effect"], "Allow");
                    statements.push(self.statement(name.as_str().unwrap(), statement));
                }
            }
        }
        statements
    }

    fn statement(&self, function: &str, statement: &Value) -> Statement {
        let mut conditions = Vec::new();
        for (operator, keys) in statement.get("Condition").and_then(Value::as_mapping).into_iter().flatten() {
            for (key, values) in keys.as_mapping().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                conditions.push((text(operator), text(key), self.texts(values)));
            }
        }
        Statement {
            function: function.to_owned(),
            actions: self.texts(&statement["Action"]),
            resources: self.texts(&statement["Resource"]),
            conditions,
        }
    }

    /// A value that is a text or a list of texts.
    fn texts(&self, value: &Value) -> Vec<String> {
        match value {
            Value::Sequence(values) => values.iter().map(|value| self.text(value)).collect(),
            one => vec![self.text(one)],
        }
    }

    /// A text, with the intrinsic functions that policies use resolved.
    fn text(&self, value: &Value) -> String {
        let Value::Tagged(tagged) = value else { return value.as_str().unwrap().to_owned() };
        let argument = &tagged.value;
        match tagged.tag.to_string().as_str() {
            "!Ref" => self.reference(argument.as_str().unwrap()),
            "!GetAtt" => self.aws.arn_of(argument.as_str().unwrap().strip_suffix(".Arn").unwrap()),
            "!If" => {
                let [condition, then, otherwise] = argument.as_sequence().unwrap().as_slice() else {
                    panic!("{argument:?}")
                };
                self.text(if self.holds(condition.as_str().unwrap()) { then } else { otherwise })
            }
            "!FindInMap" => {
                let [map, first, second] = argument.as_sequence().unwrap().as_slice() else { panic!("{argument:?}") };
                let entry = &self.template["Mappings"][self.text(map).as_str()][self.text(first).as_str()];
                self.text(&entry[self.text(second).as_str()])
            }
            "!Sub" => match argument.as_sequence().map(Vec::as_slice) {
                Some([text, names]) => {
                    let names = names.as_mapping().unwrap().iter();
                    let names = names.map(|(name, value)| (name.as_str().unwrap().to_owned(), self.text(value)));
                    self.substituted(text.as_str().unwrap(), &names.collect())
                }
                _ => self.substituted(argument.as_str().unwrap(), &BTreeMap::new()),
            },
            other => panic!("no policy has used {other} so far"),
        }
    }

    fn substituted(&self, text: &str, names: &BTreeMap<String, String>) -> String {
        let mut parts = text.split("${");
        let mut result = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            result += &names.get(name).cloned().unwrap_or_else(|| self.reference(name));
            result += rest;
        }
        result
    }

    fn reference(&self, name: &str) -> String {
        match (name, self.template["Parameters"].get(name)) {
            ("AWS::Partition", _) => "aws".to_owned(),
            ("AWS::Region", _) => cloud::REGION.to_owned(),
            ("AWS::AccountId", _) => cloud::ACCOUNT.to_owned(),
            ("AWS::StackName", _) => Aws::STACK.to_owned(),
            // The function exists only if the parameter names a bus.
            ("EventBusName", _) => Aws::EVENT_BUS.to_owned(),
            (_, Some(parameter)) => parameter["Default"].as_str().unwrap().to_owned(),
            _ => self.aws.arn_of(name).rsplit([':', '/']).next().unwrap().to_owned(),
        }
    }

    /// Whether a condition of the template holds; all conditions that policies use compare a
    /// parameter.
    fn holds(&self, condition: &str) -> bool {
        let Value::Tagged(condition) = &self.template["Conditions"][condition] else { panic!("{condition}") };
        assert_eq!(condition.tag.to_string(), "!Equals");
        let [left, right] = condition.value.as_sequence().unwrap().as_slice() else { panic!("{condition:?}") };
        self.text(left) == self.text(right)
    }
}
