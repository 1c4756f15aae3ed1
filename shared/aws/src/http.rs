//! Functions behind API Gateway: an HTTP API (payload 2.0) or a REST API (payload 1.0).
//!
//! `lambda_http` reads events and writes answers; `event` keeps from it what it panics on, and
//! `request` and `answer` are the whole way between its types and those of `api`. The base of all
//! URLs comes from the configuration or from API Gateway itself, never from a header.

mod answer;
mod event;
mod request;
mod target;

use std::{collections::HashMap, sync::Arc};

use acme::{UrlBase, UrlScheme};
use api::{Admission, Context, ContextOptions};
use async_trait::async_trait;
use lambda_http::{Adapter, LambdaEvent, Service, service_fn};
use serde_json::value::RawValue;
use tokio::sync::RwLock;

use crate::{Clients, Function, InvocationError, StartError, function::write, part::Handle};

use answer::Answer;
use event::UnreadableEvent;
use request::Arrival;

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

    /// Answers a request.
    async fn answer(&self, request: lambda_http::Request) -> Result<Answer, InvocationError> {
        let arrival = Arrival::from(request);
        let context = self.context(&arrival).await?;
        let request = arrival.below(context.urls().base());
        Ok(Answer(self.handler.handle(&context, request).await))
    }

    /// The context for where the request arrived.
    async fn context(&self, arrival: &Arrival) -> Result<Arc<Context>, InvocationError> {
        let (domain, prefix) = (&arrival.domain, arrival.target.prefix());
        let base = match &self.base_url {
            Some(base) => base.clone(),
            None if domain.is_empty() => return Err(InvocationError::NoDomain),
            None => UrlBase::parse(&format!("https://{domain}{prefix}{API}"), UrlScheme::Https)
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
        let request = event::read(event.get()).map_err(InvocationError::from)?;
        let mut service = Adapter::from(service_fn(|request| self.answer(request)));
        let answer = service.call(LambdaEvent::new(request, lambda_http::Context::default())).await?;
        write(&answer)
    }
}

impl From<UnreadableEvent> for InvocationError {
    fn from(error: UnreadableEvent) -> Self {
        match error {
            UnreadableEvent::Body(_) => Self::Body,
            UnreadableEvent::Kind(source) => {
                Self::Event { expected: "a request to API Gateway (payload 1.0 or 2.0)", source }
            }
        }
    }
}

/// The common prefix of the paths of all operations.
const API: &str = "/api";
