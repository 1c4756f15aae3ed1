//! `template.yaml` as it is written, before CloudFormation transforms it.

use std::{collections::BTreeMap, fs};

use yaml_serde::Value;

use super::repository;

/// The parsed template.
pub struct Template(Value);

impl Template {
    /// Reads and parses the file.
    pub fn read() -> Self {
        let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
        Self(yaml_serde::from_str(&text).unwrap())
    }

    /// The resources of a type, by logical id.
    pub fn resources(&self, r#type: &str) -> BTreeMap<&str, &Value> {
        let resources = self.0["Resources"].as_mapping().unwrap().iter();
        resources
            .filter(|(_, resource)| resource["Type"] == r#type)
            .map(|(name, resource)| (name.as_str().unwrap(), &resource["Properties"]))
            .collect()
    }

    /// The functions, by logical id.
    pub fn functions(&self) -> BTreeMap<&str, &Value> {
        self.resources("AWS::Serverless::Function")
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
