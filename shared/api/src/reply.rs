//! Replies: a status, a body, and the headers that belong to them.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::Response;

/// The reply of a handler. `Reply::seal` adds the headers that every answer carries.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    body: Bytes,
    headers: Vec<(HeaderName, HeaderValue)>,
    links: Vec<String>,
}

impl Reply {
    /// A reply without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, body: Bytes::new(), headers: Vec::new(), links: Vec::new() }
    }

    /// A reply with a JSON object.
    pub fn json(status: StatusCode, object: &impl Serialize) -> Self {
        Self::typed_json(status, "application/json", object)
    }

    /// A reply with a JSON object of another media type.
    pub(crate) fn typed_json(status: StatusCode, media_type: &'static str, object: &impl Serialize) -> Self {
        // The objects are plain data, so serializing them cannot fail.
        let body = serde_json::to_vec(object).unwrap_or_default();
        Self::bytes(status, media_type, body)
    }

    /// A reply with a body that is not JSON.
    pub fn bytes(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let reply = Self { body: body.into(), ..Self::empty(status) };
        reply.with(header::CONTENT_TYPE, media_type)
    }

    /// Adds the header `Location`.
    #[must_use]
    pub fn with_location(self, url: &str) -> Self {
        self.with(header::LOCATION, url)
    }

    /// Adds the header `Retry-After`, in seconds and never as a date, because some clients do not
    /// read dates.
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        self.with(header::RETRY_AFTER, &seconds.to_string())
    }

    /// Adds a link (RFC 8288).
    #[must_use]
    pub fn with_link(mut self, url: &str, relation: &str) -> Self {
        self.links.push(format!("<{url}>;rel=\"{relation}\""));
        self
    }

    /// Adds a header; a value that is not valid in a header is left out.
    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Makes the response. All links go into one header, because API Gateway keeps only the first
    /// of several headers with the same name. `with_body` is false for HEAD.
    pub(crate) fn seal(self, with_body: bool) -> Response {
        let links = self.links.join(", ");
        let sealed = if links.is_empty() { self } else { self.with(header::LINK, &links) };
        // HEAD says how long the answer to GET is (RFC 9110 §9.3.2). Without that, a client waits
        // for the end of the connection.
        let sealed = if with_body {
            sealed
        } else {
            let length = sealed.body.len().to_string();
            Self { body: Bytes::new(), ..sealed.with(header::CONTENT_LENGTH, &length) }
        };
        let mut response = Response::new(sealed.body);
        *response.status_mut() = sealed.status;
        response.headers_mut().extend(sealed.headers);
        for (name, value) in EVERY_ANSWER {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

const EVERY_ANSWER: [(HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_links_share_one_header() {
        let reply =
            Reply::empty(StatusCode::OK).with_link("https://a.test/1", "index").with_link("https://a.test/2", "up");
        let response = reply.seal(true);
        let links: Vec<&HeaderValue> = response.headers().get_all(header::LINK).iter().collect();
        assert_eq!(links, [r#"<https://a.test/1>;rel="index", <https://a.test/2>;rel="up""#]);
    }

    #[test]
    fn an_answer_to_head_has_headers_and_no_body() {
        let reply = Reply::json(StatusCode::OK, &serde_json::json!({"a": 1}));
        let response = reply.seal(false);
        assert!(response.body().is_empty());
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()[header::CONTENT_LENGTH], "7");
    }

    #[test]
    fn no_answer_is_stored_by_a_cache() {
        let response = Reply::empty(StatusCode::NOT_FOUND).seal(true);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    }
}
