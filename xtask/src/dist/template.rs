//! The template with the zips as the code of its functions.
//!
//! The text is edited, not parsed and written again: order and comments stay as they are in
//! `template.yaml`, and what is deployed can be compared with it by eye.

use std::collections::BTreeSet;

use super::Architecture;
use crate::Error;

/// A template whose functions have zips, and the names of these.
///
/// Its parameter `Architecture` has only the processor that the zips are for, so that
/// CloudFormation refuses the other.
///
/// # Errors
///
/// The template is not written as this expects.
pub(super) fn packaged(template: &str, architecture: Architecture) -> Result<(String, BTreeSet<String>), Error> {
    let mut lines: Vec<String> = Vec::new();
    let mut named = BTreeSet::new();
    let (mut id, mut is_built) = ("", false);
    let (mut defaults, mut allowed) = (0, 0);
    for line in template.lines() {
        if let Some(name) = line.strip_prefix("  ").and_then(|rest| rest.strip_suffix(':'))
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
        {
            (id, is_built) = (name, false);
        }
        match line {
            "    CodeUri: ." | "    CodeUri: .." => {
                // With the comment above it.
                while lines.last().is_some_and(|last| last.trim_start().starts_with('#')) {
                    lines.pop();
                }
            }
            "    Metadata: { BuildMethod: makefile }" => is_built = true,
            "    Properties:" if is_built => {
                let name = program(id);
                lines.push(line.to_owned());
                lines.push(format!("      CodeUri: {name}.zip"));
                named.insert(name);
            }
            "    Default: x86_64" if id == "Architecture" => {
                defaults += 1;
                lines.push(format!("    Default: {architecture}"));
            }
            "    AllowedValues: [x86_64, arm64]" if id == "Architecture" => {
                allowed += 1;
                lines.push(format!("    AllowedValues: [{architecture}]"));
            }
            line => lines.push(line.to_owned()),
        }
    }
    if (defaults, allowed) != (1, 1) {
        return Err(Error::Template("the parameter Architecture is not written as expected".to_owned()));
    }
    lines.push(String::new());
    Ok((lines.join("\n"), named))
}

/// The program of a function: `new-nonce` for `NewNonceFunction`.
pub(crate) fn program(id: &str) -> String {
    let name = id.strip_suffix("Function").unwrap_or(id);
    let mut program = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !program.is_empty() {
            program.push('-');
        }
        program.push(letter.to_ascii_lowercase());
    }
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "\
Parameters:
  Architecture:
    Type: String
    Default: x86_64
    AllowedValues: [x86_64, arm64]
Globals:
  Function:
    # One build makes all.
    CodeUri: .
    Handler: bootstrap
Resources:
  # Nonces.
  NewNonceFunction:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: makefile }
    Properties:
      Policies: []
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {}
";

    #[test]
    fn a_function_names_its_zip_and_the_parameter_only_the_processor_that_the_zips_are_for() {
        let expected = "\
Parameters:
  Architecture:
    Type: String
    Default: arm64
    AllowedValues: [arm64]
Globals:
  Function:
    Handler: bootstrap
Resources:
  # Nonces.
  NewNonceFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: new-nonce.zip
      Policies: []
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {}
";
        let (text, named) = packaged(TEMPLATE, Architecture::Arm64).unwrap();
        assert_eq!(text, expected);
        assert_eq!(named, BTreeSet::from(["new-nonce".to_owned()]));
        let below = TEMPLATE.replace("CodeUri: .", "CodeUri: ..");
        assert_eq!(packaged(&below, Architecture::Arm64).unwrap().0, expected, "one of another folder");
    }

    #[test]
    fn a_parameter_that_is_written_otherwise_is_refused() {
        let other = TEMPLATE.replace("[x86_64, arm64]", "[arm64, x86_64]");
        packaged(&other, Architecture::X86_64).unwrap_err();
    }
}
