//! `template.yaml`, or one of `deploy`, as it is written, before CloudFormation transforms it.

use std::{collections::BTreeMap, fs};

use yaml_serde::Value;

use super::repository;

/// All templates of the repository.
pub const TEMPLATES: [&str; 5] =
    ["template.yaml", "deploy/archive.yaml", "deploy/edge.yaml", "deploy/perspective.yaml", "deploy/status.yaml"];

/// The parsed template.
pub struct Template(Value);

impl Template {
    /// Reads and parses the file.
    pub fn read() -> Self {
        Self::at("template.yaml")
    }

    /// The same for another template, by its path from the top of the repository.
    pub fn at(path: &str) -> Self {
        let text = fs::read_to_string(repository().join(path)).unwrap();
        Self(yaml_serde::from_str(&text).unwrap())
    }

    /// The names of the outputs.
    pub fn outputs(&self) -> Vec<&str> {
        self.0["Outputs"].as_mapping().unwrap().keys().filter_map(Value::as_str).collect()
    }

    /// The resources of a type, by logical id.
    pub fn resources(&self, r#type: &str) -> BTreeMap<&str, &Value> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        resources
            .filter(|(_, resource)| resource["Type"] == r#type)
            .map(|(name, resource)| (name.as_str().unwrap(), &resource["Properties"]))
            .collect()
    }

    /// A resource with its attributes, such as its policies for deletion.
    ///
    /// # Panics
    /// The template does not have it.
    pub fn resource(&self, name: &str) -> &Value {
        &self.0["Resources"][name]
    }

    /// A parameter.
    ///
    /// # Panics
    /// The template does not have it.
    pub fn parameter(&self, name: &str) -> &Value {
        &self.0["Parameters"][name]
    }

    /// All parameters, by name.
    pub fn parameters(&self) -> BTreeMap<&str, &Value> {
        let parameters = self.0["Parameters"].as_mapping().unwrap().iter();
        parameters.map(|(name, parameter)| (name.as_str().unwrap(), parameter)).collect()
    }

    /// The parameters in the order and the groups in which the console of CloudFormation asks for
    /// them, as often as they stand there.
    pub fn asked_for(&self) -> Vec<&str> {
        let groups = self.0["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"].as_sequence().unwrap();
        let parameters = groups.iter().flat_map(|group| group["Parameters"].as_sequence().unwrap());
        parameters.map(|name| name.as_str().unwrap()).collect()
    }

    /// The first rule that refuses a deployment with these parameters, and with defaults for the
    /// others.
    pub fn refused_by(&self, given: &[(&str, &str)]) -> Option<String> {
        let known = self.parameters().into_iter();
        let default = |parameter: &Value| match &parameter["Default"] {
            Value::Number(number) => number.to_string(),
            text => text.as_str().unwrap_or_default().to_owned(),
        };
        let mut parameters: BTreeMap<&str, String> =
            known.map(|(name, parameter)| (name, default(parameter))).collect();
        for (name, value) in given {
            assert!(parameters.insert(name, (*value).to_owned()).is_some(), "there is no parameter {name}");
        }
        let mut rules = self.0["Rules"].as_mapping().unwrap().iter();
        let refusal = rules.find(|(_, rule)| !is_kept(rule, &parameters))?;
        refusal.0.as_str().map(str::to_owned)
    }

    /// A property that all functions have unless they say otherwise.
    pub fn of_all_functions(&self, property: &str) -> &Value {
        &self.0["Globals"]["Function"][property]
    }

    /// The functions, by logical id.
    pub fn functions(&self) -> BTreeMap<&str, &Value> {
        self.resources("AWS::Serverless::Function")
    }
}

fn is_kept(rule: &Value, parameters: &BTreeMap<&str, String>) -> bool {
    rule.get("RuleCondition").is_some_and(|condition| !holds(condition, parameters))
        || rule["Assertions"].as_sequence().unwrap().iter().all(|assertion| holds(&assertion["Assert"], parameters))
}

/// The functions for rules that the template uses.
fn holds(condition: &Value, parameters: &BTreeMap<&str, String>) -> bool {
    let Value::Tagged(function) = condition else { panic!("{condition:?}") };
    let arguments = function.value.as_sequence().unwrap();
    match (function.tag.to_string().as_str(), arguments.as_slice()) {
        ("!Not", [inner]) => !holds(inner, parameters),
        ("!Equals", [left, right]) => text(left, parameters) == text(right, parameters),
        ("!Contains", [Value::Sequence(all), one]) => {
            all.iter().any(|each| text(each, parameters) == text(one, parameters))
        }
        // A list without members is one empty text, as the command line gives it.
        ("!EachMemberEquals", [list, one]) => {
            text(list, parameters).split(',').all(|each| each == text(one, parameters))
        }
        other => panic!("no rule has used {other:?} so far"),
    }
}

fn text<'a>(value: &'a Value, parameters: &'a BTreeMap<&str, String>) -> &'a str {
    match value {
        Value::Tagged(reference) => &parameters[reference.value.as_str().unwrap()],
        text => text.as_str().unwrap(),
    }
}

/// The name of the program of a function: `new-nonce` for `NewNonceFunction`.
pub fn program(function: &str) -> String {
    let name = function.strip_suffix("Function").unwrap();
    let mut program = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !program.is_empty() {
            program.push('-');
        }
        program.push(letter.to_ascii_lowercase());
    }
    program
}
