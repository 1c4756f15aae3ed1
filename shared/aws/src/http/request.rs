//! From what `lambda_http` read to the request that `api` handles.

use api::{Request, RequestId};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri};
use lambda_http::{Body, RequestExt, request::RequestContext};

use super::target::Target;

/// A request to API Gateway, with where it arrived.
pub(crate) struct Arrival {
    /// The domain that API Gateway says it was sent to; empty when it says none.
    pub(crate) domain: String,
    /// Its path: what is in front of the API's own part, and that part.
    pub(crate) target: Target,
    request: Request,
}

impl From<lambda_http::Request> for Arrival {
    fn from(request: lambda_http::Request) -> Self {
        let target = Target::of(&request);
        let (domain, id) = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV1(context)) => (&context.domain_name, &context.request_id),
            Some(RequestContext::ApiGatewayV2(context)) => (&context.domain_name, &context.request_id),
            _ => (&None, &None),
        };
        let (domain, id) = (domain.clone().unwrap_or_default(), RequestId(id.clone().unwrap_or_default()));
        let (parts, body) = request.into_parts();
        let mut request = Request::new(octets(body));
        *request.method_mut() = parts.method;
        *request.uri_mut() = parts.uri;
        *request.headers_mut() = listed(&parts.headers);
        request.extensions_mut().insert(id);
        Self { domain, target, request }
    }
}

impl Arrival {
    /// The request, with the path that it has below the path of the base of all URLs.
    pub(crate) fn below(self, base: &str) -> Request {
        let mut target = self.target.below(base);
        let mut request = self.request;
        if let Some(query) = request.uri().query() {
            target.push('?');
            target.push_str(query);
        }
        // What no URL can have becomes `/`, which matches no operation.
        *request.uri_mut() = target.parse::<Uri>().unwrap_or_default();
        request
    }
}

fn octets(body: Body) -> Bytes {
    match body {
        Body::Text(text) => text.into(),
        Body::Binary(octets) => octets.into(),
        _ => Bytes::new(),
    }
}

/// The headers with one value each. The HTTP API hands them on like that, and keeps only one of
/// several in an answer; a list with commas has the same meaning (RFC 9110 §5.3).
pub(crate) fn listed(headers: &HeaderMap) -> HeaderMap {
    let mut listed = HeaderMap::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let values: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(value) = HeaderValue::from_bytes(&values.join(&b", "[..])) {
            listed.insert(name, value);
        }
    }
    listed
}
