//! One log line for each request, including refused ones.

use std::{net::IpAddr, time::Instant};

use http::StatusCode;
use jose::Printable;
use tracing::field::display;

use crate::{Error, Request};

/// The host's id for a request, passed in as an extension of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The address of the client, passed in as an extension of the request by a host that keeps no
/// other record of it. On AWS it is in the access log of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// A request that is being handled.
pub(crate) struct RequestLog {
    began: Instant,
    id: String,
    client: Option<IpAddr>,
    method: Printable,
    path: Printable,
}

impl RequestLog {
    pub(crate) fn begin(request: &Request) -> Self {
        Self {
            began: Instant::now(),
            id: request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
            client: request.extensions().get::<ClientAddress>().map(|client| client.0),
            method: Printable::new(request.method()),
            path: Printable::new(request.uri().path()),
        }
    }

    pub(crate) fn succeeded(&self, status: StatusCode) {
        let Self { id, method, path, .. } = self;
        let client = self.client.map(display);
        tracing::info!(request = id, client, status = status.as_u16(), ms = self.milliseconds(), "{method} {path}");
    }

    /// Logs the cause of a refusal; the problem document says only what the client can do about it.
    pub(crate) fn refused(&self, status: StatusCode, error: &Error) {
        let Self { id, method, path, .. } = self;
        let (client, status, ms) = (self.client.map(display), status.as_u16(), self.milliseconds());
        let error = error as &dyn std::error::Error;
        if status < 500 {
            tracing::info!(request = id, client, status, ms, error, "{method} {path}");
        } else {
            tracing::error!(request = id, client, status, ms, error, "{method} {path}");
        }
    }

    fn milliseconds(&self) -> f64 {
        (self.began.elapsed().as_secs_f64() * 1e5).round() / 100.0
    }
}
