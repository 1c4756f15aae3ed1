//! Lambda: functions behind URLs that IAM guards, and functions that are invoked by their ARNs. A
//! test says what a function answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::call::Access;
use crate::description::Description;
use crate::lock::locked;
use crate::request::{Request, Service, invoked_function};
use crate::response::{Refusal, Reply, answer};

/// What a function does with a request of this principal, with these headers, to its URL. It
/// returns status and body as Lambda expects them: `{"statusCode": …, "body": …}`.
pub type UrlHandler = Arc<dyn Fn(&str, &HeaderMap) -> Value + Send + Sync>;

/// What a function answers to an event, or the error with which it fails, given the headers of the
/// request that invokes it.
pub type FunctionHandler = Arc<dyn Fn(&HeaderMap, &[u8]) -> Result<Value, String> + Send + Sync>;

#[derive(Default)]
pub(crate) struct Lambda {
    /// By their ARNs.
    functions: Mutex<BTreeMap<String, FunctionHandler>>,
    /// The ARN of the function and what it does, for each host.
    urls: Mutex<BTreeMap<String, (String, UrlHandler)>>,
}

impl Lambda {
    pub(crate) fn create_url(&self, host: &str, function: &str, handler: UrlHandler) {
        locked(&self.urls).insert(host.to_owned(), (function.to_owned(), handler));
    }

    pub(crate) fn create_function(&self, arn: &str, handler: FunctionHandler) {
        locked(&self.functions).insert(arn.to_owned(), handler);
    }

    /// IAM is asked for both rights, as of all URLs that were made since October 2025.
    pub(crate) fn describe(&self, request: &Request) -> Description {
        if let Some(function) = invoked_function(&request.http) {
            let access = Access::new("lambda:InvokeFunction", function);
            return Description { accesses: vec![access], consistent: true, conditional: false };
        }
        let function = self.named(request).map_or_else(|| "*".to_owned(), |(function, _)| function);
        let by_url =
            Access::new("lambda:InvokeFunction", &function).with("lambda:InvokedViaFunctionUrl", ["true".to_owned()]);
        let url = Access::new("lambda:InvokeFunctionUrl", function)
            .with("lambda:FunctionUrlAuthType", ["AWS_IAM".to_owned()]);
        Description { accesses: vec![url, by_url], consistent: true, conditional: false }
    }

    pub(crate) fn handle(&self, request: &Request) -> Reply {
        if let Some(function) = invoked_function(&request.http) {
            return self.invoke(&function, request);
        }
        let Some((_, handler)) = self.named(request).filter(|_| request.signed) else {
            return Refusal::new(403, "AccessDeniedException", "Forbidden").reply(Service::Lambda);
        };
        let answered = handler(&request.principal, request.http.headers());
        let status = answered["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(502);
        let body = answered["body"].as_str().unwrap_or_default().to_owned();
        Reply::raw(answer(status, "application/json", body.into()))
    }

    /// Answers as Lambda does for the invocation type `RequestResponse`. The endpoint of a region
    /// knows the functions of that region alone.
    fn invoke(&self, arn: &str, request: &Request) -> Reply {
        let function = locked(&self.functions).get(arn).cloned();
        let is_of_region = arn.split(':').nth(3) == Some(request.region());
        let Some(handler) = function.filter(|_| request.signed && is_of_region) else {
            let reason = format!("Function not found: {arn}");
            return Refusal::new(404, "ResourceNotFoundException", reason).reply(Service::Lambda);
        };
        match handler(request.http.headers(), request.http.body()) {
            Ok(answered) => Reply::raw(answer(200, "application/json", answered.to_string().into())),
            Err(reason) => {
                let error = json!({"errorType": "Failed", "errorMessage": reason});
                let mut response = answer(200, "application/json", error.to_string().into());
                response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
                Reply::raw(response)
            }
        }
    }

    fn named(&self, request: &Request) -> Option<(String, UrlHandler)> {
        locked(&self.urls).get(request.http.uri().host()?).cloned()
    }
}
