//! What API Gateway says when it imports the API that SAM's translator makes of `template.yaml`.
//!
//! API Gateway reads the API as an OpenAPI document with swagger-parser, and shows the parser's
//! messages as "Parse issue: …". A message is a warning, with which the import goes on unless
//! `FailOnWarnings` is set (Developer Guide, "Errors and warnings from importing your API").

use serde_json::{Value, json};
use tests::{
    clients::{Failure, Run, Tool},
    deployed::transformed::Transformed,
};

/// A message that comes up, and why the API is imported all the same.
///
/// Without these messages the template would have to write the document out, each route, parameter
/// and integration, instead of an event for each route beside its function.
struct Explained {
    /// The text, in which `*` stands for any text.
    text: &'static str,
    why: &'static str,
}

const EXPLAINED: [Explained; 3] = [
    Explained {
        text: "attribute .servers.url is missing",
        why: "SAM writes `DisableExecuteApiEndpoint` as an extension of a server without a URL: \
              aws/serverless-application-model#2424, where only `FailOnWarnings` made the deployment fail",
    },
    Explained {
        text: "attribute paths.'/api/v1/protocols/acme/*'(*).parameters.[*].content is missing",
        why: "SAM writes the parameters of paths without a schema since aws/serverless-application-model#1510, \
              two years before the parser demanded one (swagger-api/swagger-parser#1647)",
    },
    Explained {
        text: "paths. Resource $default should start with /",
        why: "the name of the default route: aws/serverless-application-model#2297, where only `FailOnWarnings` \
              made the deployment fail; with it, SAM writes another name",
    },
];

#[tokio::test]
async fn api_gateway_imports_the_api_and_every_message_that_it_shows_is_explained() -> Result<(), Failure> {
    let Some((api, messages)) = imported(Api::Public, |body| body).await? else { return Ok(()) };
    println!("{} messages", messages.len());
    let faults = faults(&messages, &api["FailOnWarnings"]);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for Explained { text, why } in EXPLAINED {
        assert!(messages.iter().any(|message| fits(text, message)), "{text} is explained in vain: {why}");
    }
    Ok(())
}

/// The explanations name all that is wrong: without those faults the parser has nothing to say.
#[tokio::test]
async fn a_document_without_the_explained_faults_is_imported_without_a_message() -> Result<(), Failure> {
    let mended = |mut body: Value| {
        body["servers"][0]["url"] = json!("/");
        let paths = body["paths"].as_object_mut().unwrap();
        let default = paths.remove("$default").unwrap();
        paths.insert("/$default".to_owned(), default);
        let operations = paths.values_mut().flat_map(|path| path.as_object_mut().unwrap().values_mut());
        for parameter in operations.filter_map(|operation| operation["parameters"].as_array_mut()).flatten() {
            parameter["schema"] = json!({"type": "string"});
        }
        body
    };
    let Some((_, messages)) = imported(Api::Public, mended).await? else { return Ok(()) };
    assert_eq!(messages, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn the_private_api_is_imported_without_a_message() -> Result<(), Failure> {
    let Some((_, messages)) = imported(Api::Private, |body| body).await? else { return Ok(()) };
    assert_eq!(messages, [""; 0]);
    Ok(())
}

#[test]
fn a_message_that_is_not_explained_and_any_message_where_warnings_fail_are_faults() {
    let known = "attribute .servers.url is missing".to_owned();
    let unknown = "attribute openapi is missing".to_owned();
    assert!(faults(std::slice::from_ref(&known), &Value::Null).is_empty());
    assert_eq!(faults(&[known.clone(), unknown.clone()], &Value::Null).len(), 1);
    assert_eq!(faults(&[known, unknown], &json!(true)).len(), 2);
    assert!(faults(&[], &json!(true)).is_empty());
}

/// What of an import has to be mended.
fn faults(messages: &[String], fail_on_warnings: &Value) -> Vec<String> {
    let fails = !matches!(fail_on_warnings, Value::Null | Value::Bool(false));
    let is_explained = |message: &str| EXPLAINED.iter().any(|known| fits(known.text, message));
    let wrong = messages.iter().filter(|message| fails || !is_explained(message));
    wrong.map(|message| format!("{message}{}", if fails { ", and warnings fail the deployment" } else { "" })).collect()
}

/// Matches a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(first) else { return false };
    (0..=text.len()).any(|at| text.is_char_boundary(at) && fits(rest, &text[at..]))
}

/// An API of the template.
#[derive(Clone, Copy)]
enum Api {
    /// The HTTP API.
    Public,
    /// The REST API for VPC endpoints.
    Private,
}

/// The properties of the API, and the messages of the parser about its document after a change;
/// `None` if this machine has no SAM or no parser.
async fn imported(of: Api, change: impl FnOnce(Value) -> Value) -> Result<Option<(Value, Vec<String>)>, Failure> {
    let (Some(parser), Some(_)) = (Tool::find("openapi-generator-cli")?, Tool::find("java")?) else { return Ok(None) };
    let Some(template) = Transformed::read().await? else { return Ok(None) };
    let arn = |name: &str| format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}");
    let deployed = template.deployed(&[("VpcEndpointIds", "vpce-0123456789abcdef0")], arn);
    let api = match of {
        Api::Public => template.resources("AWS::ApiGatewayV2::Api")["HttpApi"],
        Api::Private => template.resources("AWS::ApiGateway::RestApi")["PrivateApi"],
    };
    let api = deployed.value(&api["Properties"]);

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("body.json"), change(api["Body"].clone()).to_string()).unwrap();
    let parsed = Run::new(&parser.path, folder.path()).args(["validate", "--input-spec", "body.json"]).finish().await;
    let output = match parsed {
        Ok(finished) => finished.stdout + &finished.stderr,
        // It fails when it has something to say.
        Err(Failure::Ended { output, .. }) => output,
        Err(other) => return Err(other),
    };
    let messages = messages(&output);
    let said = if messages.is_empty() {
        "No validation issues detected.".to_owned()
    } else {
        format!("Spec has {} errors.", messages.len())
    };
    assert!(output.contains(&said), "the parser did not finish: {output}");
    Ok(Some((api, messages)))
}

/// The messages in the parser's output, which wraps their lines.
fn messages(output: &str) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for line in output.lines() {
        if let Some(begin) = line.strip_prefix("\t- ") {
            messages.push(begin.trim_end().to_owned());
        } else if let (Some(rest), Some(last)) = (line.strip_prefix("\t  "), messages.last_mut()) {
            last.push(' ');
            last.push_str(rest.trim_end());
        }
    }
    messages
}
