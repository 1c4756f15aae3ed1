//! S3: buckets in memory, addressed by path or by host.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HOST};

use crate::call::Access;
use crate::description::Description;
use crate::lock::locked;
use crate::request::{Request, Service};
use crate::response::{Refusal, Reply, answer};

/// An object as it was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The contents of the object.
    pub body: Bytes,
    /// The `Content-Type`; empty if none was given.
    pub content_type: String,
    /// The `Cache-Control`; empty if none was given.
    pub cache_control: String,
}

#[derive(Default)]
pub(crate) struct S3 {
    buckets: Mutex<BTreeMap<String, BTreeMap<String, Object>>>,
}

impl S3 {
    pub(crate) fn create_bucket(&self, name: &str) {
        locked(&self.buckets).entry(name.to_owned()).or_default();
    }

    pub(crate) fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        locked(&self.buckets).get(bucket)?.get(key).cloned()
    }

    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        locked(&self.buckets).get(bucket).into_iter().flat_map(BTreeMap::keys).cloned().collect()
    }

    pub(crate) fn describe(&self, request: &Request) -> Description {
        let (bucket, key) = address(&request.http);
        let action = match request.operation.as_str() {
            "HeadObject" => "GetObject",
            other => other,
        };
        Description::of(Access::new(format!("s3:{action}"), format!("arn:aws:s3:::{bucket}/{key}")))
    }

    pub(crate) fn handle(&self, request: &Request) -> Reply {
        self.try_handle(request).map_or_else(|refusal| refusal.reply(Service::S3), Reply::raw)
    }

    fn try_handle(&self, request: &Request) -> Result<http::Response<Bytes>, Refusal> {
        let (bucket, key) = address(&request.http);
        let mut buckets = locked(&self.buckets);
        let missing = || Refusal::new(404, "NoSuchBucket", "The specified bucket does not exist");
        let objects = buckets.get_mut(&bucket).ok_or_else(missing)?;
        match request.operation.as_str() {
            "PutObject" => {
                let object = Object {
                    body: payload(&request.http)?,
                    content_type: header(&request.http, CONTENT_TYPE.as_str()).to_owned(),
                    cache_control: header(&request.http, CACHE_CONTROL.as_str()).to_owned(),
                };
                let mut response = answer(200, "application/xml", Bytes::new());
                set(&mut response, ETAG, &entity_tag(&object));
                objects.insert(key, object);
                Ok(response)
            }
            "DeleteObject" => {
                objects.remove(&key);
                Ok(answer(204, "application/xml", Bytes::new()))
            }
            _ => {
                let object = objects.get(&key);
                let object =
                    object.ok_or_else(|| Refusal::new(404, "NoSuchKey", "The specified key does not exist."))?;
                let mut response = answer(200, &object.content_type, object.body.clone());
                set(&mut response, CACHE_CONTROL, &object.cache_control);
                set(&mut response, ETAG, &entity_tag(object));
                Ok(response)
            }
        }
    }
}

/// The bucket and the key of a request: `bucket.s3.region.amazonaws.com/key`,
/// `bucket.localhost/key`, or `host/bucket/key`.
fn address(request: &http::Request<Bytes>) -> (String, String) {
    let host = request.uri().host().unwrap_or_else(|| header(request, HOST.as_str()));
    let host = host.split(':').next().unwrap_or_default();
    let path = request.uri().path().trim_start_matches('/');
    let bucket = host.split_once(".s3.").map(|(bucket, _)| bucket).or_else(|| host.strip_suffix(".localhost"));
    let (bucket, key) = match bucket {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    (bucket.to_owned(), decoded(key))
}

/// Decodes a key, which is percent-encoded in a request.
fn decoded(key: &str) -> String {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = if first == b'%' { tail.get(..2) } else { None };
        let byte = escape.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The body, decoded from the `aws-chunked` coding in which the SDK streams: each chunk follows a
/// line with its length in hexadecimal, the last one is empty, and trailers come after it.
fn payload(request: &http::Request<Bytes>) -> Result<Bytes, Refusal> {
    let coded = header(request, "x-amz-content-sha256").starts_with("STREAMING-");
    if !coded {
        return Ok(request.body().clone());
    }
    chunks(request.body()).ok_or_else(|| Refusal::new(400, "IncompleteBody", "The chunks of the body do not fit."))
}

fn chunks(mut rest: &[u8]) -> Option<Bytes> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        let length = usize::from_str_radix(line.split(';').next()?, 16).ok()?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Some(body.into());
        }
        body.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length..)?.strip_prefix(b"\r\n")?;
    }
}

fn header<'a>(request: &'a http::Request<Bytes>, name: &str) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn set(response: &mut http::Response<Bytes>, name: http::HeaderName, value: &str) {
    if let Some(value) = value.parse().ok().filter(|_| !value.is_empty()) {
        response.headers_mut().insert(name, value);
    }
}

fn entity_tag(object: &Object) -> String {
    let digest = digest(&SHA256, &object.body);
    let digits: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digits}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_body_is_put_together_and_its_trailers_are_left_out() {
        let coded = b"5\r\nhello\r\n6;chunk-signature=00\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
        assert_eq!(chunks(coded).unwrap().as_ref(), b"hello world");
        for broken in [&b"5\r\nhell"[..], b"5\r\nhello!\r\n0\r\n\r\n", b"x\r\n\r\n", b"", b"5\r\nhello\r\n"] {
            assert!(chunks(broken).is_none(), "{}", broken.escape_ascii());
        }
    }

    #[test]
    fn a_bucket_is_in_the_host_or_first_in_the_path() {
        let cases = [
            ("https://status.s3.eu-central-1.amazonaws.com/crl/0.crl", "crl/0.crl"),
            ("https://s3.eu-central-1.amazonaws.com/status/crl/0.crl", "crl/0.crl"),
            ("http://127.0.0.1:9000/status/a%20b%2Bc%", "a b+c%"),
            ("http://status.localhost:9000/x", "x"),
            ("http://localhost:9000/status", ""),
        ];
        for (url, key) in cases {
            let request = http::Request::get(url).body(Bytes::new()).unwrap();
            assert_eq!(address(&request), ("status".to_owned(), key.to_owned()), "{url}");
        }
    }

    #[test]
    fn the_host_header_names_the_bucket_when_the_target_is_a_path() {
        let request = http::Request::get("/x").header(HOST, "status.localhost:9000").body(Bytes::new()).unwrap();
        assert_eq!(address(&request), ("status".to_owned(), "x".to_owned()));
    }
}
