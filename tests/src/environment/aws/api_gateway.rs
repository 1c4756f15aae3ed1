//! API Gateway: an HTTP API, whose requests become events with payload format 2.0 and whose answers
//! become responses; and below the name of a stage a REST API with the same routes.
//!
//! It treats them as AWS does: the path is decoded, and the query stays as it was sent; repeated
//! headers are joined; a body is base64 unless its media type is one of a few that are text; in a
//! response, each header has one value. When a function fails, the gateway answers with 500 and a
//! body of its own.

use std::sync::atomic::{AtomicU64, Ordering};

use api::GatewayRoute;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{functions, lambda::Functions, rest_api};

/// The gateway of the stage `$default`.
pub(super) struct ApiGateway {
    routes: Vec<GatewayRoute>,
    functions: Functions,
    domain: String,
    requests: AtomicU64,
}

impl ApiGateway {
    /// A gateway with the routes of the code, at this domain.
    pub(super) fn new(functions: Functions, domain: String) -> Self {
        Self { routes: api::routes(), functions, domain, requests: AtomicU64::default() }
    }

    /// Handles a request from start to end.
    pub(super) async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let path = decoded(request.uri().path());
        if let Some(own) = rest_api::own_path(&path) {
            return self.answer_of_rest_api(&request, own).await;
        }
        let (route_key, function) = match self.route(&request, &path) {
            Some(route) => (format!("{} {}", route.method, route.path), functions::of_operation(route.operation)),
            None => ("$default".to_owned(), "FallbackFunction"),
        };
        let event = self.event(&request, &path, &route_key);
        let answer = self.functions.named(function).invoke(event).await;
        answer.ok().as_ref().and_then(response).unwrap_or_else(own_failure)
    }

    async fn answer_of_rest_api(&self, request: &Request<Bytes>, own: &str) -> Response<Bytes> {
        let route = self.route(request, own);
        let template = route.map_or("/{proxy+}", |route| &route.path);
        let function = route.map_or("FallbackFunction", |route| functions::of_operation(route.operation));
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let event = rest_api::event(request, own, template, &self.domain, number);
        let answer = self.functions.named(function).invoke(event).await;
        answer.ok().as_ref().and_then(rest_api::response).unwrap_or_else(own_failure)
    }

    /// The most specific route: the one with the fewest names in braces.
    fn route(&self, request: &Request<Bytes>, path: &str) -> Option<&GatewayRoute> {
        let fitting = self.routes.iter().filter(|route| route.method == request.method() && matches(&route.path, path));
        fitting.min_by_key(|route| route.path.matches('{').count())
    }

    fn event(&self, request: &Request<Bytes>, path: &str, route_key: &str) -> Value {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let (body, is_base64) = match request.body() {
            body if body.is_empty() => (Value::Null, false),
            body => match std::str::from_utf8(body).ok().filter(|_| is_text(request.headers())) {
                Some(text) => (text.into(), false),
                None => (STANDARD.encode(body).into(), true),
            },
        };
        json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": path,
            "rawQueryString": request.uri().query().unwrap_or_default(),
            "headers": joined(request.headers()),
            "requestContext": {
                "accountId": cloud::ACCOUNT,
                "apiId": "api",
                "domainName": self.domain,
                "domainPrefix": "api",
                "http": {
                    "method": request.method().as_str(),
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "test",
                },
                "requestId": format!("request-{number}="),
                "routeKey": route_key,
                "stage": "$default",
                "time": "23/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1_795_435_200_000_u64,
            },
            "body": body,
            "isBase64Encoded": is_base64,
        })
    }
}

/// Whether a path matches a route: a name in braces stands for any one segment that is not empty.
fn matches(route: &str, path: &str) -> bool {
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len()
        && route.iter().zip(&path).all(|(route, path)| route == path || (route.starts_with('{') && !path.is_empty()))
}

/// The path with its escapes decoded. A decoded question mark ends it.
fn decoded(path: &str) -> String {
    let mut octets = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    let path = String::from_utf8_lossy(&octets).into_owned();
    path.split('?').next().unwrap_or_default().to_owned()
}

/// Whether the body has one of the few media types that are passed on as text.
fn is_text(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"].contains(&essence.as_str())
}

/// The headers with lower-case names and one value each.
fn joined(headers: &HeaderMap) -> Map<String, Value> {
    let values = |name: &HeaderName| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        values.collect::<Vec<_>>().join(",")
    };
    headers.keys().map(|name| (name.as_str().to_owned(), values(name).into())).collect()
}

/// The response that a function's answer describes.
fn response(answer: &Value) -> Option<Response<Bytes>> {
    let body = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body).ok()?.into(),
        _ => Bytes::from(body.to_owned()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer["statusCode"].as_u64()?.try_into().ok()?).ok()?;
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let value: HeaderValue = value.as_str()?.parse().ok()?;
        response.headers_mut().insert(name.parse::<HeaderName>().ok()?, value);
    }
    Some(response)
}

/// The gateway's answer when a function has failed.
fn own_failure() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(br#"{"message":"Internal Server Error"}"#));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_decoded_and_ends_at_a_decoded_question_mark() {
        for (path, seen) in
            [("/api/v1", "/api/v1"), ("/%61pi/%zz%", "/api/%zz%"), ("/a%3Fb=c/d", "/a"), ("/%00%20/%2F", "/\0 //")]
        {
            assert_eq!(decoded(path), seen, "{path}");
        }
    }

    #[test]
    fn a_name_in_braces_is_one_segment() {
        for (path, fits) in
            [("/a/x/c", true), ("/a//c", false), ("/a/x/y/c", false), ("/a/x", false), ("/b/x/c", false)]
        {
            assert_eq!(matches("/a/{b}/c", path), fits, "{path}");
        }
    }

    #[test]
    fn a_header_that_is_repeated_arrives_as_a_list() {
        let mut headers = HeaderMap::new();
        headers.append("Accept", "a".parse().unwrap());
        headers.append("accept", "b".parse().unwrap());
        assert_eq!(Value::from(joined(&headers)), json!({"accept": "a,b"}));
    }
}
