//! The event of a request to an HTTP API, in payload 2.0.
//!
//! It is parsed here and not by `lambda_http`, which takes the URL of a request from the `Host`
//! header, and any caller can set that. Path and query are those that API Gateway received; the URL
//! in a signed request is compared with them byte by byte.

use std::collections::BTreeMap;

use api::{Request, RequestId};
use base64::{DecodeError, Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri, uri::PathAndQuery};
use serde::Deserialize;

/// The members of a payload 2.0 event that are used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    pub(crate) request_context: RequestContext,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestContext {
    http: Http,
    #[serde(default)]
    pub(crate) domain_name: String,
    #[serde(default)]
    request_id: String,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: String,
}

impl Event {
    /// The request that API Gateway received, unless its body is not what the event says.
    pub(crate) fn into_request(self) -> Result<Request, DecodeError> {
        let body = match (self.body, self.is_base64_encoded) {
            (None, _) => Bytes::new(),
            (Some(text), false) => text.into(),
            (Some(text), true) => STANDARD.decode(text)?.into(),
        };
        let mut request = Request::new(body);
        *request.uri_mut() = target(&self.raw_path, &self.raw_query_string);
        // Methods and headers that `http` cannot represent are not used by any operation.
        *request.method_mut() = self.request_context.http.method.parse().unwrap_or(Method::TRACE);
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                request.headers_mut().insert(name, value);
            }
        }
        request.extensions_mut().insert(RequestId(self.request_context.request_id));
        Ok(request)
    }
}

/// The path and the query. API Gateway passes on the path with percent-encoding decoded. Characters
/// that are not allowed in a URL are encoded again, so that the directory in front of them is still
/// found. An invalid path becomes `/`, which matches no operation.
fn target(path: &str, query: &str) -> Uri {
    let mut text = String::with_capacity(path.len() + 1 + query.len());
    for octet in path.bytes() {
        match octet {
            b'?' | b'#' | ..=b' ' | 0x7f.. => text.push_str(&format!("%{octet:02X}")),
            _ => text.push(char::from(octet)),
        }
    }
    if !query.is_empty() {
        text.push('?');
        text.push_str(query);
    }
    let target = text.parse::<PathAndQuery>().ok().filter(|_| text.starts_with('/'));
    target.map(Uri::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::header;
    use serde_json::json;

    use super::*;

    fn request(event: serde_json::Value) -> Result<Request, DecodeError> {
        serde_json::from_value::<Event>(event).unwrap().into_request()
    }

    fn event(path: &str, query: &str) -> serde_json::Value {
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": {},
            "requestContext": {"http": {"method": "POST", "path": "/other"}, "requestId": "id=", "domainName": "a.test"},
        })
    }

    #[test]
    fn path_and_query_are_those_that_api_gateway_received() {
        for (path, query, uri) in [
            ("/api/v1/x", "", "/api/v1/x"),
            ("/api//v1/./%41", "cursor=%2b&b=%41", "/api//v1/./%41?cursor=%2b&b=%41"),
            ("/", "?", "/??"),
            ("/api/\0 é?#", "", "/api/%00%20%C3%A9%3F%23"),
            ("no path", "", "/"),
            ("", "", "/"),
        ] {
            assert_eq!(request(event(path, query)).unwrap().uri().to_string(), uri, "{path:?} {query:?}");
        }
    }

    #[test]
    fn the_request_has_the_method_and_the_number_that_api_gateway_gave_it() {
        let request = request(event("/", "")).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.extensions().get(), Some(&RequestId("id=".to_owned())));
    }

    #[test]
    fn a_body_may_be_base64() {
        let with_body = |body: &str, is_base64: bool| {
            let mut event = event("/", "");
            event["body"] = body.into();
            event["isBase64Encoded"] = is_base64.into();
            request(event)
        };
        assert_eq!(with_body("{}", false).unwrap().body().as_ref(), b"{}");
        assert_eq!(with_body("e30=", true).unwrap().body().as_ref(), b"{}");
        assert!(with_body("{}", true).is_err());
        assert!(request(event("/", "")).unwrap().body().is_empty());
    }

    #[test]
    fn an_invalid_header_is_left_out() {
        let mut event = event("/", "");
        event["headers"] = json!({"content-type": "application/jose+json", "a b": "c", "d": "e\n"});
        let request = request(event).unwrap();
        assert_eq!(request.headers().len(), 1);
        assert_eq!(request.headers()[header::CONTENT_TYPE], "application/jose+json");
    }
}
