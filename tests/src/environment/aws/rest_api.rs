//! The events and answers of a REST API (payload 1.0), below its stage.
//!
//! As AWS has it, the stage is in the path of the context alone, the query is decoded, each header
//! keeps its spelling and all its values, and an answer has the values of `multiValueHeaders`.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use serde_json::{Map, Value, json};

/// The name of the stage: the first segment of the paths of clients.
pub(crate) const STAGE: &str = "prod";

/// The path below the stage, if the request is one to the REST API.
pub(super) fn own_path(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.strip_prefix(STAGE).filter(|own| own.starts_with('/'))
}

/// The event of a request that matched the template of a resource.
pub(super) fn event(request: &Request<Bytes>, own: &str, template: &str, domain: &str, number: u64) -> Value {
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in request.headers() {
        let values = headers.entry(titled(name)).or_insert_with(|| json!([]));
        values.as_array_mut().unwrap().push(String::from_utf8_lossy(value.as_bytes()).into());
    }
    let last = |all: &Map<String, Value>| -> Map<String, Value> {
        all.iter().map(|(name, values)| (name.clone(), values.as_array().unwrap().last().unwrap().clone())).collect()
    };
    let query = query(request.uri().query().unwrap_or_default());
    let (body, is_base64) = match std::str::from_utf8(request.body()) {
        Ok("") => (Value::Null, false),
        Ok(text) => (text.into(), false),
        Err(_) => (STANDARD.encode(request.body()).into(), true),
    };
    json!({
        "resource": template,
        "path": own,
        "httpMethod": request.method().as_str(),
        "headers": last(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": query.as_ref().map(last),
        "multiValueQueryStringParameters": query,
        "pathParameters": {"proxy": own.trim_start_matches('/')},
        "stageVariables": null,
        "requestContext": {
            "accountId": cloud::ACCOUNT,
            "apiId": "rest",
            "domainName": domain,
            "httpMethod": request.method().as_str(),
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "test", "user": null},
            "path": format!("/{STAGE}{own}"),
            "protocol": "HTTP/1.1",
            "requestId": format!("request-{number}"),
            "requestTime": "23/Nov/2026:12:00:00 +0000",
            "requestTimeEpoch": 1_795_435_200_000_u64,
            "resourceId": "abc123",
            "resourcePath": template,
            "stage": STAGE,
        },
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

/// The response that a function's answer describes. This API has no binary media types, so that it
/// hands on base64 as it is.
pub(super) fn response(answer: &Value) -> Option<Response<Bytes>> {
    let mut response = Response::new(Bytes::from(answer["body"].as_str().unwrap_or_default().to_owned()));
    *response.status_mut() = StatusCode::from_u16(answer["statusCode"].as_u64()?.try_into().ok()?).ok()?;
    for (name, values) in answer["multiValueHeaders"].as_object()? {
        for value in values.as_array()? {
            let value: HeaderValue = value.as_str()?.parse().ok()?;
            response.headers_mut().append(name.parse::<HeaderName>().ok()?, value);
        }
    }
    Some(response)
}

/// `content-type` as `Content-Type`.
fn titled(name: &HeaderName) -> String {
    let word = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    name.as_str().split('-').map(word).collect::<Vec<_>>().join("-")
}

/// The names of the query with their values, if it has any. Nothing here sends escapes.
fn query(query: &str) -> Option<Map<String, Value>> {
    let mut names: Map<String, Value> = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        names.entry(name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(value.into());
    }
    (!names.is_empty()).then_some(names)
}
