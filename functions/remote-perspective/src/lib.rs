//! A perspective of a CA in a region of AWS: runs the probe of a question, and says what it saw.
//!
//! It has no store, no keys and no queue, and its role may write to its own log alone. Where it is
//! follows from the region that Lambda names; the CA has the same table.

#[cfg(feature = "lambda")]
pub mod lambda;

use perspective::{AwsRegion, Standpoint};
use serde_json::Value;
use validation::{Rules, VariableError};

/// A place to look from.
#[derive(Debug)]
pub struct Outlook(Standpoint);

impl Outlook {
    /// That of the region of the variable `AWS_REGION`, which Lambda sets, with the rules of
    /// [`Rules::from_variables`].
    ///
    /// # Errors
    /// [`NoOutlook`].
    pub fn from_variables<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Result<Self, NoOutlook> {
        let name = variable(REGION).unwrap_or_default();
        let AwsRegion { name, region, .. } =
            AwsRegion::named(name).ok_or_else(|| NoOutlook::Region(name.to_owned()))?;
        Ok(Self(Standpoint { name: name.to_owned(), region, rules: Rules::from_variables(variable)? }))
    }

    /// Looks, and says what was seen.
    ///
    /// # Errors
    /// [`NotAnswered`], when this is no question.
    pub async fn answer(&self, question: &Value) -> Result<Value, NotAnswered> {
        let answer = perspective::answer(&self.0, question.to_string().as_bytes()).await;
        Ok(serde_json::to_value(answer.ok_or(NotAnswered::NoQuestion)?)?)
    }
}

/// Why the function cannot look.
#[derive(Debug, thiserror::Error)]
pub enum NoOutlook {
    /// The version of the CA's program that knows the region is needed on both sides.
    #[error("this version does not know where the region \"{0}\" of AWS is")]
    Region(String),
    /// A rule is invalid.
    #[error(transparent)]
    Variable(#[from] VariableError),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NotAnswered {
    /// The CA has another version, or something else invoked the function.
    #[error("it is no question to a perspective")]
    NoQuestion,
    /// It could not be written.
    #[error("the answer cannot be written: {0}")]
    Answer(#[from] serde_json::Error),
}

const REGION: &str = "AWS_REGION";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outlook(region: &'static str, port: &'static str) -> Result<Outlook, NoOutlook> {
        Outlook::from_variables(|name| match name {
            "AWS_REGION" => Some(region),
            "HTTP_PORT" => Some(port),
            _ => None,
        })
    }

    #[test]
    fn it_does_not_look_from_nowhere_or_with_broken_rules() {
        assert!(outlook("sa-east-1", "").is_ok());
        assert!(outlook("mars-1", "").unwrap_err().to_string().contains("mars-1"));
        assert!(outlook("", "").is_err());
        assert!(outlook("sa-east-1", "no").unwrap_err().to_string().starts_with("HTTP_PORT is \"no\""));
    }

    #[tokio::test]
    async fn what_is_no_question_is_refused_and_a_question_for_another_region_sees_nothing() {
        let outlook = outlook("sa-east-1", "").unwrap();
        for nothing in [json!({}), json!(null), json!({"requestId": "1", "perspective": "sa-east-1"})] {
            assert!(outlook.answer(&nothing).await.is_err(), "{nothing}");
        }
        let question = json!({
            "requestId": "1", "perspective": "eu-west-1", "challenge": "http-01",
            "identifier": {"type": "dns", "value": "a.test"}, "token": "A".repeat(43),
            "keyAuthorization": format!("{}.{}", "A".repeat(43), "B".repeat(43)),
        });
        let answer = outlook.answer(&question).await.unwrap();
        assert_eq!((&answer["perspective"], &answer["region"]), (&json!("sa-east-1"), &json!("lacnic")));
        assert!(answer["sight"]["nothing"]["reason"].as_str().unwrap().contains("eu-west-1"), "{answer}");
    }
}
