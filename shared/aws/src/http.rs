//! Functions behind an API Gateway HTTP API (payload 2.0): events become the requests of `api`, and
//! its responses become answers.
//!
//! The event is parsed here and not by `lambda_http`, which takes the URL of a request from the
//! `Host` header, and any caller can set that. Path and query are those that API Gateway received;
//! the base of all URLs comes from the configuration or from API Gateway itself. The URL in a
//! signed request is compared with them byte by byte.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use acme::{UrlBase, UrlScheme};
use api::{Admission, Context, ContextOptions, Request, RequestId, Response};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri, header, uri::PathAndQuery};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::RwLock;

use crate::{
    Clients, Function, InvocationError, StartError,
    function::{read, write},
    part::Handle,
};

/// A function behind API Gateway.
pub struct HttpFunction {
    admission: Admission,
    /// The base of all URLs, if it is configured.
    base_url: Option<String>,
    handler: Box<dyn Handle>,
    /// The context for each base URL: an API answers at its own domain and at custom ones.
    contexts: RwLock<HashMap<String, Arc<Context>>>,
}

impl HttpFunction {
    /// A function that handles requests with `handler`.
    ///
    /// # Errors
    /// A required environment variable is missing or invalid.
    pub fn new(clients: &Clients, handler: Box<dyn Handle>) -> Result<Self, StartError> {
        let allowed = "an https:// URL that ends with /api, or empty for the domain of the API";
        let base_url = clients.environment().base_url("PUBLIC_BASE_URL", UrlScheme::Https, allowed)?;
        Ok(Self { admission: clients.admission(), base_url, handler, contexts: RwLock::default() })
    }

    /// The context for the domain of the request.
    async fn context(&self, domain: &str) -> Result<Arc<Context>, InvocationError> {
        let base = match &self.base_url {
            Some(base) => base.clone(),
            None if domain.is_empty() => return Err(InvocationError::NoDomain),
            None => UrlBase::parse(&format!("https://{domain}{API}"), UrlScheme::Https)
                .map_err(|_| InvocationError::NoDomain)?
                .to_string(),
        };
        if let Some(context) = self.contexts.read().await.get(&base) {
            return Ok(context.clone());
        }
        let context = Arc::new(Context::new(self.admission.clone(), &base, ContextOptions::default()));
        let mut contexts = self.contexts.write().await;
        Ok(contexts.entry(base).or_insert(context).clone())
    }
}

#[async_trait]
impl Function for HttpFunction {
    async fn invoke(&self, event: &RawValue) -> Result<Box<RawValue>, InvocationError> {
        let event: Event = read(event, "a request of an HTTP API (payload 2.0)")?;
        let context = self.context(&event.request_context.domain_name).await?;
        let response = self.handler.handle(&context, event.into_request()?).await;
        write(&GatewayResponse::from(response))
    }
}

/// The members of a payload 2.0 event that are used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    request_context: RequestContext,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    http: Http,
    #[serde(default)]
    domain_name: String,
    #[serde(default)]
    request_id: String,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: String,
}

impl Event {
    fn into_request(self) -> Result<Request, InvocationError> {
        let body = match (self.body, self.is_base64_encoded) {
            (None, _) => Bytes::new(),
            (Some(text), false) => text.into(),
            (Some(text), true) => STANDARD.decode(text).map_err(|_| InvocationError::Body)?.into(),
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

/// An answer in payload 2.0.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GatewayResponse {
    status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

impl From<Response> for GatewayResponse {
    fn from(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        // API Gateway says itself how long the answer is.
        for (name, value) in parts.headers.iter().filter(|(name, _)| **name != header::CONTENT_LENGTH) {
            let value = String::from_utf8_lossy(value.as_bytes());
            // API Gateway keeps only one of several headers with the same name; a comma-separated
            // list has the same meaning (RFC 9110 §5.3).
            headers
                .entry(name.to_string())
                .and_modify(|values| {
                    values.push_str(", ");
                    values.push_str(&value);
                })
                .or_insert_with(|| value.into_owned());
        }
        let (body, is_base64_encoded) = match String::from_utf8(body.into()) {
            Ok(text) => (text, false),
            Err(bytes) => (STANDARD.encode(bytes.as_bytes()), true),
        };
        Self { status_code: parts.status.as_u16(), headers, body, is_base64_encoded }
    }
}

/// The common prefix of the paths of all operations.
const API: &str = "/api";

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    fn request(event: serde_json::Value) -> Result<Request, InvocationError> {
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
        assert!(matches!(with_body("{}", true), Err(InvocationError::Body)));
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

    #[test]
    fn repeated_headers_of_an_answer_become_a_list() {
        let mut response = Response::new(Bytes::from_static(b"text"));
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().append(header::LINK, HeaderValue::from_static("<a>"));
        response.headers_mut().append(header::LINK, HeaderValue::from_static("<b>"));
        let answer = serde_json::to_value(GatewayResponse::from(response)).unwrap();
        let expected =
            json!({"statusCode": 201, "headers": {"link": "<a>, <b>"}, "body": "text", "isBase64Encoded": false});
        assert_eq!(answer, expected);
    }

    #[test]
    fn an_answer_that_is_not_text_is_base64() {
        let answer = GatewayResponse::from(Response::new(Bytes::from_static(b"\xff")));
        assert_eq!((answer.body.as_str(), answer.is_base64_encoded), ("/w==", true));
    }
}
