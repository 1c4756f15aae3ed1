//! Functions behind an API Gateway HTTP API (payload 2.0): events become the requests of `api`, and
//! its responses become answers. The base of all URLs comes from the configuration or from API
//! Gateway itself, never from a header.

mod event;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use acme::{UrlBase, UrlScheme};
use api::{Admission, Context, ContextOptions, Response};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::header;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::RwLock;

use crate::{
    Clients, Function, InvocationError, StartError,
    function::{read, write},
    part::Handle,
};

use event::Event;

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
        let response = self.handler.handle(&context, event.into_request().map_err(|_| InvocationError::Body)?).await;
        write(&GatewayResponse::from(response))
    }
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
    use bytes::Bytes;
    use http::{HeaderValue, StatusCode};
    use serde_json::json;

    use super::*;

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
