//! `template.yaml` as CloudFormation gets it, after SAM's translator, and what CloudFormation makes
//! of its functions: values.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::clients::{Failure, Run, Tool};

use super::repository;

/// The transformed template.
pub struct Transformed(Value);

impl Transformed {
    /// Transforms the project's template; `None` if this machine has no SAM.
    ///
    /// # Errors
    /// Those of [`Transformed::of`].
    pub async fn read() -> Result<Option<Self>, Failure> {
        Self::of(&repository().join("template.yaml")).await
    }

    /// Transforms a file; `None` if this machine has no SAM.
    ///
    /// # Errors
    /// The translator fails, or SAM is missing under `cargo xtask test`.
    pub async fn of(template: &Path) -> Result<Option<Self>, Failure> {
        let Some(sam) = Tool::find("sam")? else { return Ok(None) };
        let folder = TempDir::with_prefix("serverless-acme-transform").map_err(Failure::io("temporary folder"))?;
        let printed = Run::new(sam.path.with_file_name("python"), folder.path())
            .env("PYTHONPYCACHEPREFIX", sam.path.with_file_name("pycache"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/deployed/transform.py"))
            .arg(template)
            .finish()
            .await?;
        Ok(Some(Self(serde_json::from_str(&printed.stdout).unwrap())))
    }

    /// The resources of a type, by logical id.
    pub fn resources(&self, r#type: &str) -> BTreeMap<&str, &Value> {
        let resources = self.0["Resources"].as_object().unwrap().iter();
        let those = resources.filter(|(_, resource)| resource["Type"] == r#type);
        those.map(|(name, resource)| (name.as_str(), resource)).collect()
    }

    /// The template as it is deployed with these parameters, with defaults for the others.
    /// Resources have the ARNs that `arn_of` gives to their logical ids.
    ///
    /// # Panics
    /// The template does not have one of the parameters.
    pub fn deployed<'a>(&'a self, given: &[(&str, &str)], arn_of: impl Fn(&str) -> String + 'a) -> Deployed<'a> {
        let known = self.0["Parameters"].as_object().unwrap().iter();
        let mut parameters: BTreeMap<String, String> =
            known.map(|(name, parameter)| (name.clone(), plain(&parameter["Default"]))).collect();
        for (name, value) in given {
            let before = parameters.insert((*name).to_owned(), (*value).to_owned());
            assert!(before.is_some(), "there is no parameter {name}");
        }
        let (stack, id) = (crate::Aws::STACK.to_owned(), "00000000-0000-0000-0000-000000000000".to_owned());
        Deployed { template: &self.0, parameters, stack, id, arn_of: Box::new(arn_of) }
    }

    /// The names of the parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.0["Parameters"].as_object().unwrap().keys().map(String::as_str)
    }

    /// The values that a parameter may have; none for one whose values are not listed.
    pub fn allowed_values(&self, parameter: &str) -> Vec<String> {
        let listed = self.0["Parameters"][parameter]["AllowedValues"].as_array();
        listed.into_iter().flatten().map(plain).collect()
    }

    /// The default of a parameter; empty where a deployer has to say something.
    pub fn default(&self, parameter: &str) -> String {
        plain(&self.0["Parameters"][parameter]["Default"])
    }

    /// What a parameter says about itself.
    pub fn description(&self, parameter: &str) -> String {
        plain(&self.0["Parameters"][parameter]["Description"])
    }

    /// All resources, by logical id.
    pub fn all(&self) -> &Map<String, Value> {
        self.0["Resources"].as_object().unwrap()
    }

    /// The outputs, by name.
    pub fn outputs(&self) -> &Map<String, Value> {
        self.0["Outputs"].as_object().unwrap()
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The template with the values of its parameters and the names of its resources.
pub struct Deployed<'a> {
    template: &'a Value,
    parameters: BTreeMap<String, String>,
    stack: String,
    /// The last part of the stack's id.
    id: String,
    arn_of: Box<dyn Fn(&str) -> String + 'a>,
}

impl Deployed<'_> {
    /// The same as a stack of another name, and of an id that ends with `id`.
    #[must_use]
    pub fn as_stack(self, stack: &str, id: &str) -> Self {
        Self { stack: stack.to_owned(), id: id.to_owned(), ..self }
    }

    /// The value in which every function of CloudFormation has been evaluated; `Null` for
    /// `AWS::NoValue`.
    ///
    /// # Panics
    /// It uses a function that no template of ours has used so far.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::Array(values) => {
                values.iter().map(|value| self.value(value)).filter(|value| !value.is_null()).collect()
            }
            Value::Object(members) => match members.iter().next() {
                Some((name, argument)) if members.len() == 1 && is_function(name) => self.call(name, argument),
                _ => {
                    let members = members.iter().map(|(name, value)| (name.clone(), self.value(value)));
                    Value::Object(members.filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
                }
            },
            plain => plain.clone(),
        }
    }

    /// Whether a resource exists, according to its condition.
    pub fn exists(&self, resource: &Value) -> bool {
        resource["Condition"].as_str().is_none_or(|condition| self.holds(condition))
    }

    fn holds(&self, condition: &str) -> bool {
        self.value(&self.template["Conditions"][condition]) == json!(true)
    }

    fn call(&self, function: &str, argument: &Value) -> Value {
        let arguments = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (function, arguments) {
            ("Ref", _) => self.reference(text(argument)),
            ("Condition", _) => json!(self.holds(text(argument))),
            ("Fn::GetAtt", [name, attribute]) => json!(self.attribute(text(name), text(attribute))),
            ("Fn::If", [condition, then, otherwise]) => {
                self.value(if self.holds(text(condition)) { then } else { otherwise })
            }
            ("Fn::Equals", [left, right]) => json!(self.value(left) == self.value(right)),
            ("Fn::Not", [inner]) => json!(self.value(inner) != json!(true)),
            ("Fn::And", all) => json!(all.iter().all(|one| self.value(one) == json!(true))),
            ("Fn::Or", all) => json!(all.iter().any(|one| self.value(one) == json!(true))),
            ("Fn::FindInMap", [map, first, second]) => {
                let key = |value: &Value| text(&self.value(value)).to_owned();
                self.template["Mappings"][key(map)][key(first)][key(second)].clone()
            }
            ("Fn::Join", [separator, parts]) => {
                let parts = self.value(parts);
                let parts: Vec<&str> = parts.as_array().unwrap().iter().map(text).collect();
                json!(parts.join(text(separator)))
            }
            ("Fn::Split", [separator, whole]) => text(&self.value(whole)).split(text(separator)).collect(),
            ("Fn::Select", [index, list]) => {
                let index = index.as_u64().or_else(|| index.as_str()?.parse().ok()).unwrap();
                self.value(list)[usize::try_from(index).unwrap()].clone()
            }
            ("Fn::Sub", [pattern, names]) => json!(self.substituted(text(pattern), &self.value(names))),
            ("Fn::Sub", []) => json!(self.substituted(text(argument), &Value::Null)),
            _ => panic!("no template has used {function} {argument} so far"),
        }
    }

    fn substituted(&self, pattern: &str, names: &Value) -> String {
        let mut parts = pattern.split("${");
        let mut result = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            let value = match (names.get(name), name.split_once('.')) {
                (Some(given), _) => given.clone(),
                (None, Some((name, attribute))) => json!(self.attribute(name, attribute)),
                (None, None) => self.reference(name),
            };
            result += text(&value);
            result += rest;
        }
        result
    }

    fn reference(&self, name: &str) -> Value {
        match name {
            "AWS::NoValue" => Value::Null,
            "AWS::Partition" => json!("aws"),
            "AWS::Region" => json!(cloud::REGION),
            "AWS::AccountId" => json!(cloud::ACCOUNT),
            "AWS::StackName" => json!(self.stack),
            "AWS::StackId" => json!(format!(
                "arn:aws:cloudformation:{}:{}:stack/{}/{}",
                cloud::REGION,
                cloud::ACCOUNT,
                self.stack,
                self.id
            )),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            _ => match (self.parameters.get(name), &self.template["Parameters"][name]["Type"]) {
                (Some(list), kind) if kind == "CommaDelimitedList" => list.split(',').collect(),
                (Some(value), _) => json!(value),
                (None, _) => json!(last_part(&(self.arn_of)(name))),
            },
        }
    }

    fn attribute(&self, name: &str, attribute: &str) -> String {
        let arn = (self.arn_of)(name);
        if attribute == "Arn" { arn } else { last_part(&arn).to_owned() }
    }
}

fn is_function(name: &str) -> bool {
    name.starts_with("Fn::") || name == "Ref" || name == "Condition"
}

fn last_part(arn: &str) -> &str {
    arn.rsplit([':', '/']).next().unwrap_or(arn)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
