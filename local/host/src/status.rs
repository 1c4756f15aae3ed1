//! The status listener: CRLs, issuer certificates and the root, over plain HTTP, as relying parties
//! fetch them.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use authority::{PublishError, PublishedObject, Publisher};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

/// The files, in memory. They are created from the store at every start.
#[derive(Clone, Default)]
pub(crate) struct StatusFiles(Arc<RwLock<BTreeMap<String, StatusFile>>>);

#[derive(Clone)]
struct StatusFile {
    media_type: &'static str,
    max_age: u32,
    bytes: Bytes,
}

#[async_trait]
impl Publisher for StatusFiles {
    async fn publish(&self, object: PublishedObject) -> Result<(), PublishError> {
        let PublishedObject { path, media_type, max_age, bytes } = object;
        self.put(path, StatusFile { media_type, max_age, bytes: bytes.into() });
        Ok(())
    }
}

impl StatusFiles {
    /// Stores the root certificate at its usual path.
    pub(crate) fn put_root(&self, pem: String) {
        let file = StatusFile { media_type: "application/x-pem-file", max_age: 300, bytes: pem.into() };
        self.put("root.pem".to_owned(), file);
    }

    fn put(&self, path: String, file: StatusFile) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(path, file);
    }

    /// Answers whether the host can do its work: 200, or 503 with a line for each fault.
    pub(crate) fn answer_ready(&self, method: &Method, faults: &[String]) -> Response<Bytes> {
        match with_body(method) {
            Some(with_body) if faults.is_empty() => text(StatusCode::OK, "ready\n", with_body),
            Some(with_body) => text(StatusCode::SERVICE_UNAVAILABLE, &(faults.join("\n") + "\n"), with_body),
            None => method_refusal(),
        }
    }

    /// Answers a request. `/` lists the files; `/health` says that the process lives, which
    /// ends when one of its parts does.
    pub(crate) fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let Some(with_body) = with_body(request.method()) else { return method_refusal() };
        let files = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match request.uri().path().strip_prefix('/').unwrap_or_default() {
            "" => text(StatusCode::OK, &index(&files), with_body),
            "health" => text(StatusCode::OK, "ok\n", with_body),
            path => match files.get(path) {
                Some(file) => {
                    let mut response = response(file.media_type, &file.bytes, with_body);
                    if let Ok(value) = format!("max-age={}", file.max_age).parse() {
                        response.headers_mut().insert(header::CACHE_CONTROL, value);
                    }
                    response
                }
                None => text(StatusCode::NOT_FOUND, "There is no such file. / lists what there is.\n", with_body),
            },
        }
    }
}

/// Whether the answer to this method has a body; `None` for methods that are refused.
fn with_body(method: &Method) -> Option<bool> {
    match *method {
        Method::GET => Some(true),
        Method::HEAD => Some(false),
        _ => None,
    }
}

fn method_refusal() -> Response<Bytes> {
    let mut refusal = text(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.\n", true);
    refusal.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    refusal
}

/// The path of the answer whether the host can do its work.
pub(crate) const READY: &str = "/ready";

fn index(files: &BTreeMap<String, StatusFile>) -> String {
    let lines = files.iter().map(|(path, file)| format!("/{path}  {}, {} bytes\n", file.media_type, file.bytes.len()));
    lines.collect()
}

fn text(status: StatusCode, text: &str, with_body: bool) -> Response<Bytes> {
    let mut response = response("text/plain; charset=utf-8", &Bytes::from(text.to_owned()), with_body);
    *response.status_mut() = status;
    response
}

/// HEAD is answered with the length of the answer to GET (RFC 9110 §9.3.2).
fn response(media_type: &'static str, bytes: &Bytes, with_body: bool) -> Response<Bytes> {
    let mut response = Response::new(if with_body { bytes.clone() } else { Bytes::new() });
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(header::CONTENT_LENGTH, bytes.len().into());
    response
}
