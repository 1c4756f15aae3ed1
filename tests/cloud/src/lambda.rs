//! Lambda: functions behind URLs that IAM guards. A test says what a function answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use serde_json::Value;

use crate::call::Access;
use crate::description::Description;
use crate::lock::locked;
use crate::request::{Request, Service};
use crate::response::{Refusal, Reply, answer};

/// What a function does with a request of this principal, with these headers, to its URL. It
/// returns status and body as Lambda expects them: `{"statusCode": …, "body": …}`.
pub type UrlHandler = Arc<dyn Fn(&str, &HeaderMap) -> Value + Send + Sync>;

#[derive(Default)]
pub(crate) struct Lambda {
    /// The ARN of the function and what it does, for each host.
    urls: Mutex<BTreeMap<String, (String, UrlHandler)>>,
}

impl Lambda {
    pub(crate) fn create_url(&self, host: &str, function: &str, handler: UrlHandler) {
        locked(&self.urls).insert(host.to_owned(), (function.to_owned(), handler));
    }

    /// IAM is asked for both rights, as of all URLs that were made since October 2025.
    pub(crate) fn describe(&self, request: &Request) -> Description {
        let function = self.named(request).map_or_else(|| "*".to_owned(), |(function, _)| function);
        let by_url =
            Access::new("lambda:InvokeFunction", &function).with("lambda:InvokedViaFunctionUrl", ["true".to_owned()]);
        let url = Access::new("lambda:InvokeFunctionUrl", function)
            .with("lambda:FunctionUrlAuthType", ["AWS_IAM".to_owned()]);
        Description { accesses: vec![url, by_url], consistent: true, conditional: false }
    }

    pub(crate) fn handle(&self, request: &Request) -> Reply {
        let Some((_, handler)) = self.named(request).filter(|_| request.signed) else {
            return Refusal::new(403, "AccessDeniedException", "Forbidden").reply(Service::Lambda);
        };
        let answered = handler(&request.principal, request.http.headers());
        let status = answered["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(502);
        let body = answered["body"].as_str().unwrap_or_default().to_owned();
        Reply::raw(answer(status, "application/json", body.into()))
    }

    fn named(&self, request: &Request) -> Option<(String, UrlHandler)> {
        locked(&self.urls).get(request.http.uri().host()?).cloned()
    }
}
