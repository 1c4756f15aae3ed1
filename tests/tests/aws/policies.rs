//! The permissions of each function, as `template.yaml` grants them.

use std::{collections::BTreeMap, fs};

use cloud::Access;
use tests::{Aws, deployed::repository};
use yaml_serde::Value;

/// A statement that allows something.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The function that has the permission.
    pub(crate) function: String,
    /// The `Sid` of the statement.
    pub(crate) sid: String,
    actions: Vec<String>,
    resources: Vec<String>,
    /// Operator, condition key, and the patterns that its values must match.
    conditions: Vec<(String, String, Vec<String>)>,
}

impl Statement {
    /// Whether it allows this access to its function.
    pub(crate) fn allows(&self, access: &Access) -> bool {
        self.actions.contains(&access.action)
            && self.resources.iter().any(|pattern| fits(pattern, &access.resource))
            && self.conditions.iter().all(|(operator, key, patterns)| holds(operator, key, patterns, access))
    }

    /// Its parts that none of these accesses uses: actions with the patterns of their conditions,
    /// and resources. A statement allows each of its actions with each pattern, so each such pair
    /// must be in use.
    pub(crate) fn unused<'a>(&self, accesses: impl Iterator<Item = &'a Access> + Clone) -> Vec<String> {
        let uses: Vec<&Access> = accesses.filter(|access| self.allows(access)).collect();
        let mut unused = Vec::new();
        let mut note = |what: &str, is_used: bool| {
            if !is_used {
                unused.push(format!("{} {}: {what}", self.function, self.sid));
            }
        };
        for action in &self.actions {
            let uses: Vec<&&Access> = uses.iter().filter(|access| access.action == *action).collect();
            note(action, !uses.is_empty());
            for (_, key, patterns) in self.conditions.iter().filter(|(operator, ..)| operator != "Null") {
                for pattern in patterns {
                    let is_used = uses.iter().any(|access| access.values(key).any(|value| fits(pattern, value)));
                    note(&format!("{action} with {pattern}"), is_used);
                }
            }
        }
        for resource in &self.resources {
            note(resource, uses.iter().any(|access| fits(resource, &access.resource)));
        }
        unused
    }
}

impl Statement {
    /// Whether it is about this action, on this resource where one is given.
    pub(crate) fn is_about(&self, action: &str, resource: Option<&str>) -> bool {
        self.actions.iter().any(|own| own == action)
            && resource.is_none_or(|resource| self.resources.iter().any(|own| own == resource))
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
            // Managed policies only refuse (`tests/template.rs`).
            let policies = resource["Properties"]["Policies"].as_sequence().into_iter().flatten();
            for policy in policies.filter(|policy| policy.is_mapping()) {
                for statement in policy["Statement"].as_sequence().unwrap() {
                    assert_eq!(statement["Effect"], "Allow");
                    statements.push(self.statement(name.as_str().unwrap(), statement));
                }
            }
        }
        statements
    }

    /// The statements of the policy of a key that allow something, and those that deny it. Whom
    /// they are about is the account in every allowing one, and everybody in every denying one.
    pub(crate) fn of_key(&self, key: &str) -> (Vec<Statement>, Vec<Statement>) {
        let statements = self.template["Resources"][key]["Properties"]["KeyPolicy"]["Statement"].as_sequence();
        let (allow, deny): (Vec<&Value>, Vec<&Value>) =
            statements.unwrap().iter().partition(|statement| statement["Effect"] == "Allow");
        let account = format!("arn:aws:iam::{}:root", cloud::ACCOUNT);
        assert!(allow.iter().all(|statement| self.text(&statement["Principal"]["AWS"]) == account), "{key}");
        assert!(deny.iter().all(|statement| statement["Principal"] == "*"), "{key}");
        let read = |statements: Vec<&Value>| statements.into_iter().map(|one| self.statement(key, one)).collect();
        (read(allow), read(deny))
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
            sid: statement["Sid"].as_str().unwrap().to_owned(),
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

fn holds(operator: &str, key: &str, patterns: &[String], access: &Access) -> bool {
    let mut values = access.values(key).peekable();
    let is_there = values.peek().is_some();
    let all_fit = values.all(|value| patterns.iter().any(|pattern| fits(pattern, value)));
    match operator {
        // According to IAM this also holds for a request without the key, which would not be a
        // protection.
        "ForAllValues:StringLike" | "StringEquals" => is_there && all_fit,
        "ArnLike" => is_there && all_fit,
        "ArnNotLike" => !(is_there && all_fit),
        "NumericLessThan" => {
            let number = |text: &str| text.parse::<f64>().unwrap();
            let least = patterns.iter().map(|bound| number(bound)).fold(f64::INFINITY, f64::min);
            is_there && access.values(key).all(|value| number(value) < least)
        }
        // Whether the key is absent.
        "Null" => patterns.iter().all(|absent| *absent == (!is_there).to_string()),
        other => panic!("no policy has used {other} so far"),
    }
}

/// Matches a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => {
            let Some(rest) = text.strip_prefix(head) else { return false };
            (0..=rest.len()).any(|at| rest.is_char_boundary(at) && fits(tail, &rest[at..]))
        }
    }
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, text, fit) in
        [("a", "a", true), ("a", "ab", false), ("a#*", "a#", true), ("a#*", "b#c", false), ("*/c", "a/b/c", true)]
    {
        assert_eq!(fits(pattern, text), fit, "{pattern} {text}");
    }
}
