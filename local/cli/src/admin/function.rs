//! The functions for operators on AWS, invoked with the `aws` command line tool and the operator's
//! own configuration and credentials.

use std::{io, process::Output};

use admin::{
    Action,
    ceremony::{CeremonyFunction, FindCeremonyFunction},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::{fs, process::Command};

/// The admin function of a CA on AWS, or that for its ceremonies.
pub(super) struct Function {
    name: String,
}

impl Function {
    pub(super) fn new(name: String) -> Self {
        Self { name }
    }

    /// Has the root sign: invokes the function for that, which this one names.
    pub(super) async fn hold(&self, request: Value) -> Result<Value, FunctionError> {
        let Some(name) = self.for_ceremonies().await? else { return self.ask(request, true).await };
        match Self::new(name.clone()).ask(request, true).await {
            Err(FunctionError::Tool(reason)) => Err(FunctionError::Ceremony { name, reason }),
            asked => asked,
        }
    }

    /// The function for ceremonies, if it is another one.
    async fn for_ceremonies(&self) -> Result<Option<String>, FunctionError> {
        let question = FindCeremonyFunction {}.request()?;
        match self.ask(question, false).await {
            Ok(answer) => Ok(serde_json::from_value::<CeremonyFunction>(answer)?.function),
            // A function of before 0.1.0 does not know the question, and performs ceremonies.
            Err(FunctionError::Refused(reason)) if reason.starts_with("there is no action") => Ok(None),
            Err(FunctionError::Tool(reason)) => Err(FunctionError::Unfound(reason)),
            Err(other) => Err(other),
        }
    }

    /// Invokes it exactly once: an act must not be repeated because its answer took long.
    pub(super) async fn ask(&self, mut request: Value, is_act: bool) -> Result<Value, FunctionError> {
        if is_act
            && let Some(members) = request.as_object_mut()
            && let Ok(arn) = self.caller().await
        {
            members.insert("actor".to_owned(), arn.into());
        }
        // Not readable by others, because external account keys pass through it.
        let folder = tempfile::tempdir().map_err(FunctionError::Files)?;
        let (payload, answer) = (folder.path().join("request"), folder.path().join("answer"));
        fs::write(&payload, request.to_string()).await.map_err(FunctionError::Files)?;
        let payload = format!("fileb://{}", payload.display());
        let mut command = aws();
        command.args([
            "lambda",
            "invoke",
            "--output",
            "json",
            "--cli-read-timeout",
            "0",
            "--function-name",
            &self.name,
        ]);
        command.args(["--payload", &payload]).arg(&answer).env("AWS_MAX_ATTEMPTS", "1");
        let said = finish(&mut command).await?;
        let invoked: Invoked = serde_json::from_slice(&said.stdout)?;
        let answer: Value = serde_json::from_slice(&fs::read(&answer).await.map_err(FunctionError::Files)?)?;
        match invoked.function_error {
            None => Ok(answer),
            Some(kind) => Err(FunctionError::Refused(
                answer.get("errorMessage").and_then(Value::as_str).unwrap_or(&kind).to_owned(),
            )),
        }
    }

    /// The caller's ARN, for the audit record.
    async fn caller(&self) -> Result<String, FunctionError> {
        let said = finish(aws().args(["sts", "get-caller-identity", "--query", "Arn", "--output", "text"])).await?;
        Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
    }
}

/// What `aws lambda invoke` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Invoked {
    function_error: Option<String>,
}

/// Why a function could not be asked, or what it refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FunctionError {
    /// The `aws` command line tool is not installed.
    #[error("the `aws` command line tool is not on PATH; install it, or invoke the function by other means")]
    NoTool,
    /// The `aws` command line tool failed.
    #[error("aws: {0}")]
    Tool(String),
    /// The admin function cannot be asked which function performs ceremonies.
    #[error(
        "the function for what the root signs is not known, because the admin function, which names it, cannot be asked (the alias view is enough); or give that function itself with --function: it is the output CeremonyFunctionArn of the stack. aws: {0}"
    )]
    Unfound(String),
    /// The `aws` command line tool could not invoke the function for ceremonies.
    #[error(
        "what the root signs takes a right of its own: to invoke the function {name}, beside what the admin function allows. aws: {reason}"
    )]
    Ceremony {
        /// The name or ARN of the function.
        name: String,
        /// What the tool said.
        reason: String,
    },
    /// The function refused the request or failed.
    #[error("{0}")]
    Refused(String),
    /// The temporary files for the `aws` program could not be written or read.
    #[error("temporary files cannot be used: {0}")]
    Files(#[source] io::Error),
    /// The output of `aws`, or the answer of the function, is not the expected JSON.
    #[error("the output of aws cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

fn aws() -> Command {
    let mut command = Command::new("aws");
    command.env("AWS_PAGER", "").kill_on_drop(true);
    command
}

async fn finish(command: &mut Command) -> Result<Output, FunctionError> {
    let output = command.output().await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FunctionError::NoTool,
        _ => FunctionError::Tool(error.to_string()),
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(FunctionError::Tool(said.split_whitespace().collect::<Vec<_>>().join(" ")))
}
