//! The event of a request to API Gateway, made safe for `lambda_http` before that reads it.
//!
//! `lambda_http` panics, which ends the process, on a body that is not base64 although the event
//! says so, on a `Host` that no URL can have, and on a query with `<` in it; and it refuses the
//! whole event for one header with a control character. The tests show it: when one fails after an
//! update of `lambda_http`, its guard can go.

use base64::{DecodeError, Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, uri::PathAndQuery};
use lambda_http::request::LambdaRequest;
use serde_json::{Map, Value};

/// Why an event is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableEvent {
    /// The body is not base64 although the event says that it is.
    #[error("the body of the event is not base64")]
    Body(#[source] DecodeError),
    /// It is not an event of API Gateway.
    #[error("the event is not one of API Gateway: {0}")]
    Kind(#[source] serde_json::Error),
}

/// Reads an event of payload 1.0 or 2.0.
pub(crate) fn read(event: &str) -> Result<LambdaRequest, UnreadableEvent> {
    let mut event: Value = serde_json::from_str(event).map_err(UnreadableEvent::Kind)?;
    if let Some(members) = event.as_object_mut() {
        guard_target(members);
        guard_headers(members);
        guard_body(members)?;
    }
    serde_json::from_value(event).map_err(UnreadableEvent::Kind)
}

/// API Gateway decodes the percent-encoding of paths. Characters that are not allowed in a URL are
/// encoded again, so that the directory in front of them is still found. A path or a query that no
/// request can have, and one that is too long, become `/`, which matches no operation.
fn guard_target(event: &mut Map<String, Value>) {
    let mut fits = true;
    let context = event.get_mut("requestContext").and_then(|context| context.get_mut("path"));
    if let Some(path) = context {
        fits &= guard_path(path);
    }
    for name in ["path", "rawPath"] {
        if let Some(path) = event.get_mut(name) {
            fits &= guard_path(path);
        }
    }
    fits &= event.get("rawQueryString").and_then(Value::as_str).is_none_or(is_query);
    // Names and values of payload 1.0, which are decoded.
    let parameters = ["queryStringParameters", "multiValueQueryStringParameters"].map(|name| event.get(name));
    fits &= parameters.into_iter().flatten().all(|query| query.to_string().len() <= MAX_TARGET_LEN);
    if !fits {
        for name in ["path", "rawPath"] {
            event.entry(name).and_modify(|path| *path = "/".into());
        }
        if let Some(path) = event.get_mut("requestContext").and_then(|context| context.get_mut("path")) {
            *path = "/".into();
        }
        for name in ["rawQueryString", "queryStringParameters", "multiValueQueryStringParameters"] {
            event.remove(name);
        }
    }
}

/// Encodes a path; false when no request can have it.
fn guard_path(path: &mut Value) -> bool {
    let Some(text) = path.as_str() else { return true };
    let mut encoded = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'?' | b'#' | ..=b' ' | 0x7f.. => encoded.push_str(&format!("%{octet:02X}")),
            _ => encoded.push(char::from(octet)),
        }
    }
    let fits = encoded.starts_with('/') && encoded.len() <= MAX_TARGET_LEN && encoded.parse::<PathAndQuery>().is_ok();
    *path = encoded.into();
    fits
}

fn is_query(query: &str) -> bool {
    query.len() <= MAX_TARGET_LEN && format!("/?{query}").parse::<PathAndQuery>().is_ok()
}

/// Leaves out what is no header and what `lambda_http` would make a URL of.
fn guard_headers(event: &mut Map<String, Value>) {
    for name in ["headers", "multiValueHeaders"] {
        if let Some(Value::Object(headers)) = event.get_mut(name) {
            headers.retain(|name, value| is_header(name, value));
        }
    }
    // It would replace what is repeated by its last value.
    let has_all_values = event.get("multiValueHeaders").and_then(Value::as_object).is_some_and(|all| !all.is_empty());
    if has_all_values {
        event.remove("headers");
    }
    // A host that is always valid, and that nothing is made of.
    let headers = event.entry("headers").or_insert_with(|| Value::Object(Map::new()));
    if headers.is_null() {
        *headers = Value::Object(Map::new());
    }
    if let Some(headers) = headers.as_object_mut() {
        headers.insert("host".to_owned(), "api.invalid".into());
    }
}

fn is_header(name: &str, value: &mut Value) -> bool {
    let is_value = |value: &Value| value.as_str().is_none_or(|text| text.parse::<HeaderValue>().is_ok());
    if let Value::Array(values) = value {
        values.retain(is_value);
    }
    let Ok(name) = name.parse::<HeaderName>() else { return false };
    is_value(value) && !OF_URLS.contains(&name.as_str())
}

/// Cuts a body that is too long to be read, so that it costs nothing more; `api` refuses it by its
/// length.
fn guard_body(event: &mut Map<String, Value>) -> Result<(), UnreadableEvent> {
    let is_base64 = event.get("isBase64Encoded").and_then(Value::as_bool) == Some(true);
    if let Some(Value::String(body)) = event.get_mut("body") {
        body.truncate(body.floor_char_boundary(MAX_BODY_TEXT_LEN));
        if is_base64 {
            STANDARD.decode(body).map_err(UnreadableEvent::Body)?;
        }
    }
    Ok(())
}

/// The headers that `lambda_http` makes the URL of a request of.
const OF_URLS: [&str; 2] = ["host", "x-forwarded-proto"];

/// API Gateway takes 10,240 octets for the first line and all headers.
const MAX_TARGET_LEN: usize = 10_240;

/// More base64 than the longest body has, in whole groups of four.
const MAX_BODY_TEXT_LEN: usize = (api::MAX_BODY_LEN / 3 + 2) * 4;

#[cfg(test)]
mod tests {
    use std::panic;

    use proptest::{prelude::*, sample::select};
    use serde_json::json;

    use super::{super::request::Arrival, *};

    fn http_api(member: &str, value: Value) -> Value {
        let mut event = json!({
            "version": "2.0", "rawPath": "/api", "rawQueryString": "", "headers": {"host": "a.test"},
            "requestContext": {"http": {"method": "POST"}, "domainName": "a.test", "stage": "$default"},
        });
        event[member] = value;
        event
    }

    fn request(event: &Value) -> Result<lambda_http::Request, UnreadableEvent> {
        read(&event.to_string()).map(Into::into)
    }

    /// What `lambda_http` makes of an event by itself; `None` when it panics.
    fn unguarded(event: &Value) -> Option<Result<lambda_http::Request, serde_json::Error>> {
        let text = event.to_string();
        panic::catch_unwind(|| lambda_http::request::from_str(&text)).ok()
    }

    #[test]
    fn what_lambda_http_panics_on_becomes_a_request_without_a_resource_or_an_error() {
        let mut encoded = http_api("isBase64Encoded", true.into());
        encoded["body"] = "{}".into();
        assert!(unguarded(&encoded).is_none());
        assert!(matches!(request(&encoded), Err(UnreadableEvent::Body(_))));

        let long = format!("/{}", "é".repeat(20_000));
        for (member, value, path) in [
            ("headers", json!({"host": "a b"}), "/api"),
            ("headers", json!({"x-forwarded-proto": ":"}), "/api"),
            ("rawQueryString", "<".into(), "/"),
            ("rawPath", "@:x".into(), "/"),
            ("rawPath", long.into(), "/"),
        ] {
            let event = http_api(member, value);
            assert!(unguarded(&event).is_none(), "{member}");
            assert_eq!(request(&event).unwrap().uri().path(), path, "{member}");
        }
    }

    #[test]
    fn a_header_that_lambda_http_refuses_the_event_for_is_left_out() {
        let headers = json!({"user-agent": "a\n", "a b": "c", "accept": "ü", "content-type": "application/jose+json"});
        assert!(unguarded(&http_api("headers", headers.clone())).unwrap().is_err());
        let request = request(&http_api("headers", headers)).unwrap();
        let mut names: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "content-type", "host"]);
    }

    #[test]
    fn the_host_header_decides_nothing() {
        let event = http_api("headers", json!({"Host": "evil.test", "X-Forwarded-Proto": "http"}));
        assert_eq!(unguarded(&event).unwrap().unwrap().uri().host(), Some("evil.test"));
        assert_eq!(request(&event).unwrap().uri().to_string(), "https://api.invalid/api");
    }

    #[test]
    fn repeated_headers_keep_all_their_values() {
        let event = json!({
            "path": "/api", "httpMethod": "GET",
            "headers": {"accept": "b"}, "multiValueHeaders": {"accept": ["a", "b", "\u{7}"]},
            "requestContext": {"httpMethod": "GET", "stage": "v1", "domainName": "a.test"},
        });
        let values = |request: lambda_http::Request| request.headers().get_all("accept").iter().count();
        assert_eq!(values(request(&event).unwrap()), 2);
        let mut readable = event;
        readable["multiValueHeaders"]["accept"] = json!(["a", "b"]);
        assert_eq!(values(unguarded(&readable).unwrap().unwrap()), 1);
    }

    #[test]
    fn a_body_that_is_too_long_is_cut_and_still_too_long() {
        let octets = vec![b'a'; 3 * api::MAX_BODY_LEN];
        let mut event = http_api("body", STANDARD.encode(&octets).into());
        event["isBase64Encoded"] = true.into();
        for event in [event, http_api("body", String::from_utf8(octets).unwrap().into())] {
            let length = request(&event).unwrap().body().len();
            assert!((api::MAX_BODY_LEN + 1..2 * api::MAX_BODY_LEN).contains(&length), "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn whatever_an_event_holds_there_is_a_request_or_an_error(
            rest in any::<bool>(),
            changes in prop::collection::vec((select(MEMBERS), "\\PC{0,20}|[ -~]{0,20}|[/<>?#%:@\\\\\\[\\]]{0,8}"), 1..4),
            is_base64 in any::<bool>(),
        ) {
            let mut event = http_api("isBase64Encoded", is_base64.into());
            if rest {
                event["httpMethod"] = "GET".into();
                event["requestContext"]["httpMethod"] = "GET".into();
            }
            for (member, text) in changes {
                let (place, name) = member.rsplit_once('/').unwrap();
                if event.pointer(place).is_none() {
                    event[place.trim_start_matches('/')] = json!({});
                }
                event.pointer_mut(place).unwrap()[name] = text.into();
            }
            if let Ok(request) = request(&event) {
                let request = Arrival::from(request).below("https://ca.test/api");
                prop_assert!(request.uri().path().starts_with('/'));
            }
        }
    }

    const MEMBERS: &[&str] = &[
        "/body",
        "/headers/host",
        "/headers/x-forwarded-proto",
        "/multiValueQueryStringParameters/a",
        "/path",
        "/pathParameters/proxy",
        "/queryStringParameters/a",
        "/rawPath",
        "/rawQueryString",
        "/requestContext/domainName",
        "/requestContext/path",
        "/requestContext/resourcePath",
        "/requestContext/routeKey",
        "/requestContext/stage",
    ];

    #[test]
    fn what_is_no_event_of_api_gateway_is_refused() {
        let balancer = json!({
            "httpMethod": "GET", "path": "/api", "headers": {}, "body": "", "isBase64Encoded": false,
            "requestContext": {"elb": {"targetGroupArn": "arn"}},
        });
        let mut headers = http_api("headers", 1.into());
        headers["multiValueHeaders"] = json!([]);
        for event in [json!({}), json!([]), json!(1), balancer, headers, http_api("requestContext", json!({}))] {
            assert!(matches!(request(&event), Err(UnreadableEvent::Kind(_))), "{event}");
        }
        assert!(matches!(read("{"), Err(UnreadableEvent::Kind(_))));
    }
}
